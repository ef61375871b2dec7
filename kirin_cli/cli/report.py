"""`kirin report`: make reports afterwards, from results on the disk."""

from pathlib import Path
from typing import Annotated

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.console import talk
from kirin_cli.cli.publish import reports
from kirin_cli.errors import StillRunning, UsageError
from kirin_cli.report.collect import collect
from kirin_cli.report.harmless import as_text
from kirin_cli.report.merge import INCOMPLETE, joined, missing, shard_count


def report(
    results: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[RESULT…]",
            show_default=False,
            help="JSON of `run --json`, notes beside videos, or folders with either; - reads standard input.",
        ),
    ] = None,
    report: o.Report = None,
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
    voice = talk(color=color, quiet=quiet)
    wanted = reports(report or (None if json else ["markdown=-"]), json=json)
    paths = [*(results or []), *([merge] if merge else [])]
    if not paths:
        raise UsageError("kirin report needs results", hint="kirin report FOLDER, or --merge DIR")
    data = joined(collect(paths))
    gone = missing(data)
    if gone:
        numbers = ", ".join(map(str, gone))
        voice.error(StillRunning(f"of {shard_count(data)} shards there is no result of: {numbers}"))
    elif merge and not shard_count(data):
        voice.note("these results do not say which shards they are; whether any is missing cannot be told")
    if json:
        voice.data(as_text(data))
    return wanted.publish(lambda: data, INCOMPLETE if gone else 0, voice)
