"""`kirin init`: a commented job file to start from."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import command_from
from kirin_cli.errors import LocalError, UsageError
from kirin_cli.models import MODEL_ENTRIES
from kirin_cli.modelspec.record import Record


class InitFlags(Record):
    """Write a commented job file with all parameters of a model.

    It can be run as it is. With -o the schema stands beside it, so that an editor checks and completes it at once. What
    is there is never overwritten without --force.
    """

    model: Annotated[str, typer.Argument(metavar="[MODEL]", help="Id or command of a model.")] = next(
        iter(MODEL_ENTRIES.values())
    ).command
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", rich_help_panel=o.OUTPUT, help="Write it here, not to stdout."),
    ] = None
    force: o.Force = False
    color: o.Color = "auto"


def run_init(flags: InitFlags) -> int:
    """Print the file or write it; returns the exit code.

    Raises UsageError where something is there and not to be replaced, LocalError where it cannot be written.
    """
    from kirin_cli.cli.commands.models import find_model
    from kirin_cli.cli.console import make_console
    from kirin_cli.docgen.starter import SCHEMA_FILE, starter_job_file

    console = make_console(color=flags.color)
    text, path = starter_job_file(find_model(flags.model)), flags.output
    if path is None:
        console.data(text)
        console.info(f"for an editor, beside the file: kirin schema > {SCHEMA_FILE}")
        return 0
    _write(path, text + "\n", replace=flags.force)
    console.data(str(path))
    console.info(_write_schema(path.with_name(SCHEMA_FILE), replace=flags.force))
    console.info(f"next: kirin validate {path}, kirin run {path} --sandbox")
    return 0


def _write(path: Path, text: str, *, replace: bool) -> None:
    """Write a file. Raises UsageError where something is there and not to be replaced, LocalError where it fails."""
    from kirin_cli.atomic_file import write_atomically
    from kirin_cli.regular_file import obstacle_at

    if replace and (kind := obstacle_at(path)):
        raise UsageError(f"{path} is {kind}, and kirin writes through none", hint="name the file itself")
    try:
        write_atomically(path, text, replace=replace)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already", hint="--force replaces it") from error
    except OSError as error:
        raise LocalError(f"{path} cannot be written: {error.strerror or error}") from error


def _write_schema(path: Path, *, replace: bool) -> str:
    """Write the schema that the first line of the job file names, and say what it is for. Raises as `_write` does."""
    from kirin_cli.docgen.job_schema import job_file_text
    from kirin_cli.regular_file import open_regular_file

    text, known = job_file_text() + "\n", None
    with suppress(OSError), open_regular_file(path) as file:
        known = file.read()
    if known != text.encode():
        if path.exists() and not replace:
            return f"{path} is there already, and another one; kirin schema prints that of this version"
        _write(path, text, replace=replace)
    return f"an editor checks and completes it by {path}"


init = command_from(InitFlags, run_init, examples=("kirin init v1-5-i2v > jobs.yaml", "kirin init v1-t2v -o jobs.yaml"))
