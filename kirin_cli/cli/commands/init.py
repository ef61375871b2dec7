"""`kirin init`: a commented job file to start from, or the three jobs of the quickstart with their pictures."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import command_from
from kirin_cli.cli.parameters import ArgumentSpec, OptionSpec
from kirin_cli.errors import LocalError, UsageError
from kirin_cli.models import MODEL_ENTRIES
from kirin_cli.modelspec.record import Record
from kirin_cli.shell_words import quote_word

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole

QUICKSTART: Final = "quickstart"


class InitFlags(Record):
    """Write a commented job file with all parameters of a model.

    It can be run as it is. With -o the schema stands beside it, so that an editor checks and completes it at once. What
    is there is never overwritten without --force.

    quickstart writes jobs.yaml, three jobs for three models, with their pictures and the schema.
    """

    model: Annotated[
        str, ArgumentSpec(metavar=f"[MODEL|{QUICKSTART}]", help=f"Id or command of a model, or {QUICKSTART}.")
    ] = next(iter(MODEL_ENTRIES.values())).command
    output: Annotated[
        Path | None,
        OptionSpec("--output", "-o", metavar="FILE", panel=o.OUTPUT, help="Write it here, not to stdout."),
    ] = None
    force: o.Force = False
    color: o.Color = "auto"


def run_init(flags: InitFlags) -> int:
    """Print the file or write it; returns the exit code.

    Raises UsageError where something is there and not to be replaced, LocalError where it cannot be written.
    """
    from kirin_cli.cli.commands.models import find_model
    from kirin_cli.cli.console import make_console
    from kirin_cli.docgen.starter import QUICKSTART_FILE, SCHEMA_FILE, starter_job_file

    console = make_console(color=flags.color)
    if flags.model == QUICKSTART:
        _write_quickstart(flags.output or Path(QUICKSTART_FILE), console, replace=flags.force)
        return 0
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


def _write_quickstart(path: Path, console: CommandConsole, *, replace: bool) -> None:
    """Write the job file, its pictures and the schema, or nothing where one of them is in the way. Raises as below."""
    from kirin_cli.docgen.starter import SCHEMA_FILE, quickstart_job_file, quickstart_media
    from kirin_cli.regular_file import obstacle_at

    pictures = {path.parent / name: content for name, content in quickstart_media().items()}
    missing = {target: content for target, content in pictures.items() if not _holds(target, content)}
    for target in (path, *missing):
        if target.exists() and not replace:
            raise UsageError(f"{target} is there already", hint="--force replaces it; -o names another file")
    for target, content in missing.items():
        if target.parent != path.parent and target.parent.is_symlink():
            message = f"{target.parent} is {obstacle_at(target.parent)}, and kirin writes through none"
            raise UsageError(message, hint="-o names another folder")
        try:
            target.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise LocalError(f"{target.parent} cannot be made: {error.strerror or error}") from error
        _write(target, content, replace=replace)
    _write(path, quickstart_job_file(), replace=replace)
    console.data(str(path), *map(str, pictures))
    console.info(_write_schema(path.with_name(SCHEMA_FILE), replace=replace))
    console.info(f"next: kirin run {quote_word(str(path))} --sandbox (no key, no cost)")


def _holds(path: Path, content: bytes) -> bool:
    """Whether there is a file with this very content."""
    from kirin_cli.regular_file import open_regular_file

    with suppress(OSError), open_regular_file(path) as file:
        return file.read() == content
    return False


def _write(path: Path, text: str | bytes, *, replace: bool) -> None:
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

    text = job_file_text() + "\n"
    if not _holds(path, text.encode()):
        if path.exists() and not replace:
            return f"{path} is there already, and another one; kirin schema prints that of this version"
        _write(path, text, replace=replace)
    return f"an editor checks and completes it by {path}"


init = command_from(
    InitFlags,
    run_init,
    examples=("kirin init quickstart", "kirin init v1-5-i2v > jobs.yaml", "kirin init v1-t2v -o jobs.yaml"),
)
