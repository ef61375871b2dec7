"""`kirin init`: a commented job file to start from."""

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

    It can be run as it is. What is there is never overwritten without --force.
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
    from kirin_cli.atomic_file import write_atomically
    from kirin_cli.cli.commands.models import find_model
    from kirin_cli.cli.console import make_console
    from kirin_cli.docgen.starter import starter_job_file
    from kirin_cli.regular_file import obstacle_at

    console = make_console(color=flags.color)
    text, path = starter_job_file(find_model(flags.model)), flags.output
    if path is None:
        console.data(text)
        return 0
    if flags.force and (kind := obstacle_at(path)):
        raise UsageError(f"{path} is {kind}, and kirin writes through none", hint="name the file itself")
    try:
        write_atomically(path, text + "\n", replace=flags.force)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already", hint="--force replaces it") from error
    except OSError as error:
        raise LocalError(f"{path} cannot be written: {error.strerror or error}") from error
    console.data(str(path))
    console.info(f"next: kirin validate {path}, kirin run {path} --sandbox")
    return 0


init = command_from(InitFlags, run_init, examples=("kirin init v1-5-i2v > jobs.yaml", "kirin init v1-t2v -o jobs.yaml"))
