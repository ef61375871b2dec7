"""`kirin report`: make reports afterwards, from results on the disk."""

from pathlib import Path
from typing import Annotated

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import command_from
from kirin_cli.cli.parameters import ArgumentSpec, OptionSpec
from kirin_cli.errors import StillRunning, UsageError
from kirin_cli.modelspec.record import Record


class ReportFlags(Record):
    """Make reports from results: of a run, a plan or a check, of several, or of all videos in a folder.

    Without --report it prints Markdown. Ends with 8 where shards are missing, else with 0.
    """

    results: Annotated[
        list[Path] | None,
        ArgumentSpec(
            metavar="[RESULT…]",
            callback=o.expand_typed_files,
            help="JSON of run, plan or validate, sidecars beside videos, or folders of them; - reads standard input.",
        ),
    ] = None
    report: o.ReportFlag = None
    merge: Annotated[
        Path | None,
        OptionSpec("--merge", metavar="DIR", help="Join the results of all shards below a folder; say which miss."),
    ] = None
    json: o.Json = False
    quiet: o.Quiet = False
    color: o.Color = "auto"


def run_report(flags: ReportFlags) -> int:
    """Read the results and report on them; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.cli.reports import parse_reports
    from kirin_cli.json_text import dump_json
    from kirin_cli.modelspec.text import pluralize
    from kirin_cli.report.destinations import ensure_fitting
    from kirin_cli.report.load import INCOMPLETE, load_results, merge_results, missing_shards, pick_kind, shard_count

    console = make_console(color=flags.color, quiet=flags.quiet)
    reports = parse_reports(flags.report or (None if flags.json else ["markdown=-"]), json=flags.json)
    paths = [*(flags.results or []), *([flags.merge] if flags.merge else [])]
    if not paths:
        raise UsageError("kirin report needs results", hint="kirin report FOLDER, or --merge DIR")
    results, left_out = pick_kind(load_results(paths))
    for kind, number in left_out.items():
        console.info(f"left out: {pluralize(number, 'result')} of kirin {kind}; a report is of one command")
    for destination in reports.destinations:
        ensure_fitting(destination.format, results[0].kind)
    data = merge_results(results)
    missing = missing_shards(data)
    if missing:
        numbers = ", ".join(map(str, missing))
        console.error(StillRunning(f"of {shard_count(data)} shards there is no result of: {numbers}"))
    elif flags.merge and not shard_count(data):
        console.info("these results do not say which shards they are; whether any is missing cannot be told")
    if flags.json:
        console.data(dump_json(data))
    return reports.publish(lambda: data, INCOMPLETE if missing else 0, console)


report = command_from(
    ReportFlags, run_report, examples=("kirin report renders --report html=gallery.html", "kirin report --merge shards")
)
