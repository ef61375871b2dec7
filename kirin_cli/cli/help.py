"""Help as it is printed, from the commands as data, without the parser: in panels on a terminal, plain elsewhere."""

import re
import sys
from collections.abc import Iterator, Sequence
from typing import Final

from kirin_cli.cli.commands import COMMANDS, MODEL_ACTIONS, CommandEntry, all_command_rows, find_command
from kirin_cli.cli.help_texts import HELP_TOPICS
from kirin_cli.cli.parameters import REQUIRED, ArgumentSpec, OptionSpec, Parameter
from kirin_cli.cli.settings_schema import SETTINGS
from kirin_cli.docgen.commands import ArgumentInfo, CommandInfo, CommandInfos, OptionInfo, Takes, option_for_flag
from kirin_cli.docgen.help_screens import HelpScreen, command_screen, program_screen
from kirin_cli.models import MODEL_ENTRIES, MODELS, added_entries
from kirin_cli.ui.tables import MAX_WIDTH, MIN_WIDTH, Paint, boxed_panel, left_width, plain_panel, plain_style
from kirin_cli.ui.terminal_text import wrap

TAKES: Final[dict[str, Takes]] = {
    "FILE": "file", "DIR": "folder", "DIR|FILE": "file", "FILE…": "job file", "IMAGE": "image", "[RESULT…]": "file",
    "ID": "task", "ID…": "task", "[ID]…": "task",
}  # fmt: skip
MODEL_NAMES: Final = (*(entry.command for entry in MODEL_ENTRIES.values()), *MODEL_ENTRIES)
SETTING_NAMES: Final = tuple(setting.name for setting in SETTINGS.values() if setting.place != "environment")
SUBJECTS: Final = tuple(dict.fromkeys((*HELP_TOPICS, *(row.name for row in COMMANDS if not row.hidden))))
HELP: Final = OptionInfo(long="--help", short="-h", help="Show help.", is_switch=True)


def describe_command(row: CommandEntry) -> CommandInfo:
    """One command as data. Its own name and the model's id say the same."""
    command, name, model_options = row.load(), row.name, {}
    rules: list[tuple[str, str]] = []
    notes: list[tuple[str, str]] = []
    if row.model:
        from kirin_cli.docgen.model_reference import model_notes, model_rules
        from kirin_cli.modelspec.flags import model_flags

        model = MODELS[row.model]
        name = model.command
        model_options = {flag.option: option_for_flag(flag) for flag in model_flags(model)}
        rules = [(rule.rule, rule.says) for rule in model_rules(model)]
        notes = model_notes(model)
    shown = [parameter for parameter in command.parameters if not parameter.spec.hidden]
    options = [_option(parameter, parameter.spec) for parameter in shown if isinstance(parameter.spec, OptionSpec)]
    options.append(HELP.replace(panel=options[-1].panel if options else ""))
    return CommandInfo(
        name=name, help=row.help, about=command.about or row.help, panel=row.panel, examples=command.examples,
        aliases=(row.model,) if row.model else (),
        options=tuple(model_options.get(option.long, option) for option in options),
        arguments=tuple(_argument(item, item.spec) for item in shown if isinstance(item.spec, ArgumentSpec)),
        rules=tuple(rules), notes=tuple(notes),
    )  # fmt: skip


def _option(parameter: Parameter, spec: OptionSpec) -> OptionInfo:
    is_shown = parameter.default not in {REQUIRED, None, False, "", ()}  # of what is off or empty help says nothing
    bounds = "" if spec.min is None else f"at least {spec.min}" if spec.max is None else f"{spec.min} to {spec.max}"
    return OptionInfo(
        long=spec.long, short=spec.short, help=spec.help, is_switch=parameter.item_kind is bool,
        negative=spec.negative, choices=_choices(spec.metavar), takes=TAKES.get(spec.metavar, ""),
        repeats=parameter.repeats, metavar=spec.metavar, panel=spec.panel, bounds=bounds, env=spec.env,
        default=spec.long if parameter.default is True else f"{parameter.default}" * is_shown,
        required=parameter.default is REQUIRED,
    )  # fmt: skip


def _argument(parameter: Parameter, spec: ArgumentSpec) -> ArgumentInfo:
    choices = {
        "[MODEL]": MODEL_NAMES,
        "[MODEL|ACTION]": (*MODEL_ACTIONS, *MODEL_NAMES),
        "[MODEL|quickstart]": (*MODEL_NAMES, "quickstart"),
        "[SUBJECT]": SUBJECTS,
        "[set]": ("set",),
        "[NAME]": SETTING_NAMES,
    }.get(spec.metavar) or _choices(spec.metavar.strip("[]…"))
    return ArgumentInfo(
        name=spec.metavar.strip("[]…"), help=spec.help, choices=choices, takes=TAKES.get(spec.metavar, ""),
        required=parameter.default is REQUIRED, repeats=parameter.repeats,
    )  # fmt: skip


def _choices(metavar: str) -> tuple[str, ...]:
    """The choices in a metavar such as `auto|always|never`."""
    return tuple(metavar.split("|")) if "|" in metavar and metavar.islower() else ()


AGAIN: Final = "again"
MODEL_HELP_FILE: Final = "kirin_cli/cli/model_help.py"
MODEL_HELP_HEAD: Final = '''\
"""The commands of our models as data, by id, and `again`. Made by `python -m kirin_cli.cli.generated`."""

from typing import Final

from kirin_cli.docgen.commands import ArgumentInfo, CommandInfo, OptionInfo

MODEL_HELP: Final = {'''
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
    visible = (row for row in all_command_rows() if not row.hidden)
    rows = [CommandInfo(name=row.name, help=row.help, panel=row.panel) for row in visible]
    return program_screen((ROOT, *rows), (ABOUT,), STARTS, PROGRAM_MORE)


def find_command_info(row: CommandEntry) -> CommandInfo:
    """The command as data. That of our models stands in a generated file: to load their fields takes twice as long."""
    if row.model or row.name == AGAIN:
        from kirin_cli.cli.model_help import MODEL_HELP

        if row.model in MODEL_HELP or (row.name == AGAIN and not added_entries()):
            return MODEL_HELP[row.model or AGAIN]
    return describe_command(row)


def model_help_source(commands: CommandInfos) -> str:
    """The text of kirin_cli/cli/model_help.py: the commands of our models, and `again`, which has the flags of all."""
    infos = {name: info for info in commands for name in info.aliases or (AGAIN,) * (info.name == AGAIN)}
    rows = (f"    {name!r}: {info!r},".replace(" OptionInfo(", "\n        OptionInfo(") for name, info in infos.items())
    return "\n".join((MODEL_HELP_HEAD, *rows, "}", ""))


def command_help(row: CommandEntry) -> HelpScreen:
    """The help of one command."""
    command = find_command_info(row)
    about_model = f"Everything about the model: kirin models {command.name}. " if row.model else ""
    return command_screen(command, about_model + COMMAND_MORE)


def requested_help(arguments: Sequence[str]) -> HelpScreen | None:
    """The help that a command line asks for, and nothing else; None where the parser has to say what it asks for."""
    words: list[str] = []
    match arguments:
        case [] | ["--help" | "-h"] | ["help"]:
            return program_help()
        case ["help", name] if name not in HELP_TOPICS and not name.startswith("-"):
            row = find_command(name)
        case [name, *words, "--help" | "-h"] if not any(word.startswith("-") for word in words):
            row = find_command(name)
        case _:
            return None
    if row is None:
        return None
    taken = find_command_info(row).arguments
    return command_help(row) if len(words) <= len(taken) or any(argument.repeats for argument in taken) else None


def render_help(screen: HelpScreen) -> str:
    """The screen for standard output as it is, in characters that its encoding has."""
    piped = sys.stdout is None or not sys.stdout.isatty()
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if piped and encoding.lower().startswith("utf"):
        return "\n".join(_lines(screen, PIPED_WIDTH, plain_style, framed=False))
    import os

    from kirin_cli.ui.console import encodable, terminal_info

    out = terminal_info(sys.stdout, os.environ)
    width = PIPED_WIDTH if piped else max(MIN_WIDTH, min(out.width, MAX_WIDTH))
    return encodable("\n".join(_lines(screen, width, out.paint, framed=out.unicode and out.can_draw)), encoding)


def _lines(screen: HelpScreen, width: int, paint: Paint, *, framed: bool) -> Iterator[str]:
    panels = [(panel, [(row.term, row.text, row.note) for row in panel.rows]) for panel in screen.panels]
    shared_left = left_width(row for panel, rows in panels if not panel.prose for row in rows)
    yield f" {paint('Usage:', 'strong')} {screen.usage}"
    for text in screen.about:
        yield from ("", *(f" {line}" for line in wrap(text, width - 2)))
    if screen.examples:
        yield ""
        for example in screen.examples:
            first, *rest = _shell_lines(example, width - len(_EXAMPLE_INDENT))
            yield f"   {paint('$', 'faint')} {first}"
            yield from (f"{_EXAMPLE_INDENT}{line}" for line in rest)
    yield ""
    for panel, rows in panels:
        left = left_width(rows) if panel.prose else shared_left
        if framed:
            yield from boxed_panel(panel.title, rows, left, width, paint)
        else:
            yield from (*plain_panel(panel.title, rows, left, width, paint), "")
    if screen.more:
        yield from (f" {line}" for line in wrap(screen.more, width - 2))


_EXAMPLE_INDENT: Final = " " * 5


def _shell_lines(command: str, width: int) -> list[str]:
    """A command line in lines that can be pasted together; one too wide is broken before a flag or a redirection."""
    command, *comments = re.split(" {3,}", command) if len(command) > width else [command]
    lines = [""]
    for piece in re.split(" (?=-{1,2}[A-Za-z]|[<>|] )", command):
        joined = f"{lines[-1]} {piece}" if lines[-1] else piece
        if lines[-1] and len(joined) > width - len(" \\"):
            lines[-1] += " \\"
            lines.append(f"  {piece}")
        else:
            lines[-1] = joined
    return [*lines, *(f"  # {comment}" for comment in comments)]
