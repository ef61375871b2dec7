"""Help as it is printed, from the commands as the parser has them: in panels on a terminal, plain elsewhere."""

import sys
from collections.abc import Iterator
from functools import partial
from textwrap import fill
from typing import Any, Final

from kirin_cli.cli.commands import COMMANDS, CommandEntry
from kirin_cli.cli.help_texts import EXAMPLES
from kirin_cli.docgen.commands import (
    ArgumentInfo,
    CommandInfo,
    HelpScreen,
    OptionInfo,
    Takes,
    command_screen,
    option_for_flag,
    program_screen,
)
from kirin_cli.models import MODEL_ENTRIES, MODELS
from kirin_cli.ui.tables import MAX_WIDTH, MIN_WIDTH, Paint, boxed_panel, left_width, plain_panel, plain_style

TAKES: Final[dict[str, Takes]] = {
    "FILE": "file", "DIR": "folder", "DIR|FILE": "file", "FILE…": "job file", "IMAGE": "image", "[RESULT…]": "file",
}  # fmt: skip
MODEL_WORDS: Final = (*(row.command for row in MODEL_ENTRIES.values()), *MODEL_ENTRIES)
TOPICS: Final = ("exit-codes", "environment", "job-files", "sandbox")
SUBJECTS: Final = tuple(dict.fromkeys((*TOPICS, *(row.name for row in COMMANDS if not row.hidden))))
HELP: Final = OptionInfo(long="--help", short="-h", help="Show help.", is_switch=True)


def describe_command(row: CommandEntry, command: Any) -> CommandInfo:  # noqa: ANN401  (Typer's command has no public base)
    """One command as data. Its own name and the model's id say the same."""
    model = MODELS[row.model] if row.model else None
    own = {option.long: option for option in _model_options(row)}
    options = [
        _option(param)
        for param in command.params
        if param.param_type_name == "option" and not getattr(param, "hidden", False)
    ]
    return CommandInfo(
        name=model.command if model else row.name, help=row.help, about=command.help or row.help, panel=row.panel,
        examples=EXAMPLES.get(model.command if model else row.name, ()), aliases=(model.id,) if model else (),
        options=(
            *(own.get(option.long, option) for option in options),
            HELP.replace(panel=options[-1].panel if options else ""),
        ),
        arguments=tuple(
            _argument(one) for one in command.params if one.param_type_name == "argument" and not one.hidden
        ),
    )  # fmt: skip


def _model_options(row: CommandEntry) -> tuple[OptionInfo, ...]:
    if not row.model:
        return ()
    from kirin_cli.modelspec.flags import model_flags

    return tuple(option_for_flag(flag) for flag in model_flags(MODELS[row.model]))


def _option(one: Any) -> OptionInfo:  # noqa: ANN401  (Typer's parameters have no public base)
    longs = [name for name in one.opts if name.startswith("--")]
    shorts = [name for name in one.opts if not name.startswith("--")]
    metavar = one.metavar or ""
    return OptionInfo(
        long=longs[0], short=next(iter(shorts), ""), help=one.help or "", is_switch=bool(one.is_flag),
        negative=next(iter(one.secondary_opts), ""), choices=_choices(metavar), takes=TAKES.get(metavar, ""),
        repeats=bool(one.multiple), metavar=metavar, panel=getattr(one, "rich_help_panel", None) or "",
        bounds=_range(getattr(one, "type", one)), default=_usual(one),
        env=one.envvar if isinstance(one.envvar, str) else "", required=bool(one.required),
    )  # fmt: skip


def _argument(one: Any) -> ArgumentInfo:  # noqa: ANN401
    metavar = one.metavar or one.name
    choices = {"[MODEL]": MODEL_WORDS, "[SUBJECT]": SUBJECTS}.get(metavar) or _choices(metavar.strip("[]…"))
    return ArgumentInfo(
        name=metavar.strip("[]…"), help=one.help or "", choices=choices, takes=TAKES.get(metavar, ""),
        required=bool(one.required), repeats=one.nargs == -1,
    )  # fmt: skip


def _choices(metavar: str) -> tuple[str, ...]:
    """The words of a metavar such as `auto|always|never`."""
    return tuple(metavar.split("|")) if "|" in metavar and metavar.islower() else ()


def _range(kind: Any) -> str:  # noqa: ANN401
    # Of the parameter, or of its type in Typer before 0.29.
    low, high = getattr(kind, "min", None), getattr(kind, "max", None)
    return f"{low} to {high}" if low is not None and high is not None else f"at least {low}" if low is not None else ""


def _usual(one: Any) -> str:  # noqa: ANN401
    """The default as text; "" for none, and where it says nothing: off, empty."""
    default = one.default
    if default in (None, False, "", ()) or callable(default) or isinstance(default, list):
        return ""
    return one.opts[0] if default is True else f"{default}"


PIPED_WIDTH: Final = 80
VERSION: Final = OptionInfo(long="--version", short="-V", help="Print the version.", is_switch=True)
ROOT: Final = CommandInfo(name="", help="", options=(VERSION, HELP))
ABOUT: Final = "Make videos with five AI models, from flags or job files, and never pay twice."
STARTS: Final = (
    'kirin v1-t2v "a paper boat" --sandbox     try it: no key, no cost',
    "kirin run jobs.yaml                       make what a file describes",
)
PROGRAM_MORE: Final = "All flags: kirin COMMAND --help. More: kirin help exit-codes, environment, job-files or sandbox."
COMMAND_MORE: Final = (
    "Exit codes: kirin help exit-codes. Settings in the environment and files: kirin help environment."
)


def program_help() -> HelpScreen:
    """The help of the program itself."""
    rows = [CommandInfo(name=row.name, help=row.help, panel=row.panel) for row in COMMANDS if not row.hidden]
    return program_screen((ROOT, *rows), (ABOUT,), STARTS, PROGRAM_MORE)


def command_help(row: CommandEntry, loaded: object) -> HelpScreen:
    """The help of one command, as the parser has it."""
    return command_screen(describe_command(row, loaded), COMMAND_MORE)


def render_help(screen: HelpScreen) -> str:
    """The screen for standard output as it is."""
    if sys.stdout is None or not sys.stdout.isatty():
        return "\n".join(_lines(screen, PIPED_WIDTH, plain_style, framed=False))
    import os

    from kirin_cli.ui.console import terminal_info

    out = terminal_info(sys.stdout, os.environ)
    width = max(MIN_WIDTH, min(out.width, MAX_WIDTH))
    return "\n".join(_lines(screen, width, out.paint, framed=out.unicode and out.can_draw))


def _lines(screen: HelpScreen, width: int, paint: Paint, *, framed: bool) -> Iterator[str]:
    panels = [(panel.title, [(row.term, row.text, row.note) for row in panel.rows]) for panel in screen.panels]
    left = left_width(row for _, rows in panels for row in rows)
    paragraph = partial(fill, width=width - 1, initial_indent=" ", subsequent_indent=" ", break_on_hyphens=False)
    yield f" {paint('Usage:', 'strong')} {screen.usage}"
    for text in screen.about:
        yield from ("", paragraph(text))
    if screen.examples:
        yield ""
        yield from (f"   {paint('$', 'faint')} {line}" for line in screen.examples)
    yield ""
    for title, rows in panels:
        yield from _panel(title, rows, left, width, paint, framed=framed)
    if screen.more:
        yield paragraph(screen.more)


def _panel(
    title: str, rows: list[tuple[str, str, str]], left: int, width: int, paint: Paint, *, framed: bool
) -> list[str]:
    return (
        boxed_panel(title, rows, left, width, paint) if framed else [*plain_panel(title, rows, left, width, paint), ""]
    )
