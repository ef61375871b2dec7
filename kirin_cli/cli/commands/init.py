"""`kirin init`: a commented job file to start from."""

from pathlib import Path
from typing import Annotated

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.commands.models import find_model
from kirin_cli.cli.console import make_console
from kirin_cli.docgen.starter import starter_job_file
from kirin_cli.errors import LocalFault, UsageError
from kirin_cli.models import MODEL_ENTRIES

DEFAULT_MODEL = next(iter(MODEL_ENTRIES.values())).command


def init(
    model: Annotated[str, typer.Argument(metavar="[MODEL]", help="Id or command of a model.")] = DEFAULT_MODEL,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", rich_help_panel=o.OUTPUT, help="Write it here, not to stdout."),
    ] = None,
    force: o.Force = False,
    color: o.Color = "auto",
) -> int:
    """Write a commented job file with all parameters of a model.

    It can be run as it is. What is there is never overwritten without --force.
    """
    console = make_console(color=color)
    text = starter_job_file(find_model(model))
    if output is None:
        console.data(text)
        return 0
    _write(output, text + "\n", force=force)
    console.data(str(output))
    console.info(f"next: kirin validate {output}, kirin run {output} --sandbox")
    return 0


def _write(path: Path, text: str, *, force: bool) -> None:
    """Raises UsageError where something is there and not to be replaced, LocalFault where it cannot be written."""
    try:
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already", hint="--force replaces it") from error
    except OSError as error:
        raise LocalFault(f"{path} cannot be written: {error.strerror or error}") from error
