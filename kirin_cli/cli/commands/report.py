"""`kirin report`: make reports afterwards, from results on the disk."""

from pathlib import Path
from typing import Annotated

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.console import make_console
from kirin_cli.cli.reports import reports
from kirin_cli.errors import StillRunning, UsageError
from kirin_cli.json_text import dump_json
from kirin_cli.report.load import INCOMPLETE, load_results, merge_results, missing_shards, shard_count


def report(
    results: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[RESULT…]",
            show_default=False,
            help="JSON of `run --json`, sidecars beside videos, or folders with either; - reads standard input.",
        ),
    ] = None,
    report: o.ReportOption = None,
    merge: Annotated[
        Path | None,
        typer.Option("--merge", metavar="DIR", help="Join the results of all shards below a folder; say which miss."),
    ] = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    color: o.Color = "auto",
) -> int:
    """Make reports from results: of a run, of several, or of all videos in a folder.

    Without --report it prints Markdown. Ends with 8 where shards are missing, else with 0.
    """
    console = make_console(color=color, quiet=quiet)
    wanted = reports(report or (None if json else ["markdown=-"]), json=json)
    paths = [*(results or []), *([merge] if merge else [])]
    if not paths:
        raise UsageError("kirin report needs results", hint="kirin report FOLDER, or --merge DIR")
    data = merge_results(load_results(paths))
    gone = missing_shards(data)
    if gone:
        numbers = ", ".join(map(str, gone))
        console.error(StillRunning(f"of {shard_count(data)} shards there is no result of: {numbers}"))
    elif merge and not shard_count(data):
        console.info("these results do not say which shards they are; whether any is missing cannot be told")
    if json:
        console.data(dump_json(data))
    return wanted.publish(lambda: data, INCOMPLETE if gone else 0, console)
