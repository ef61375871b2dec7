"""Tables of the READMEs as markdown, put between markers that name them. Knows no other part of the text."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from kirin_cli import errors
from kirin_cli.docgen.commands import CommandInfos, EnvVarInfos
from kirin_cli.docgen.model_reference import HEADINGS, model_parameters
from kirin_cli.errors import KirinError, UsageError
from kirin_cli.ledger.states import CONDITIONS, MAY_BE_CHARGED, TABLE, TERMINAL, LedgerState
from kirin_cli.models import MODELS
from kirin_cli.modelspec.text import did_you_mean

# No exception of the tree stands for these two.
_NO_ERROR: Final = {
    0: "All files are on disk, or all jobs are accepted with `--no-wait`.",
    KirinError.exit_code: "A bug in kirin.",
}
_BEGIN: Final = "<!-- begin: {} -->"
_END: Final = "<!-- end: {} -->"
_MARKED: Final = re.compile(r"<!-- (begin|end): (.*?) -->")


def readme_tables(commands: CommandInfos, variables: EnvVarInfos = ()) -> dict[str, str]:
    """Every table by the name in its markers."""
    return {
        "commands": markdown_table(("", "command", "does"), _command_rows(commands)),
        "settings": markdown_table(
            ("variable", "in files", "flag", "what it is"),
            (
                (_code(variable.name), _code(variable.key), _code(variable.flag), variable.help)
                for variable in variables
            ),
        ),
        "exit codes": markdown_table(
            ("code", "meaning"), ((str(code), words) for code, words in exit_code_table().items())
        ),
        "models": markdown_table(
            ("command", "model", "does"), ((_code(m.command), _code(m.id), m.help) for m in MODELS.values())
        ),
        **{
            f"parameters of {model.command}": markdown_table(
                HEADINGS, (parameter.row for parameter in model_parameters(model))
            )
            for model in MODELS.values()
        },
        "states of a submission": markdown_table(
            ("state", "is an end", "may have been charged", "event → next state"), map(_state_row, LedgerState)
        ),
        "conditions of events": markdown_table(
            ("event", "refused where"), ((event, why) for event, (_, why) in CONDITIONS.items())
        ),
    }


def exit_code_table() -> dict[int, str]:
    """What each exit code means, in order; the words are those of the exception classes."""
    classes = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, KirinError)]
    meanings = {each.exit_code: (each.__doc__ or "").partition("\n")[0] for each in reversed(classes)}
    return dict(sorted((meanings | _NO_ERROR).items()))


def update_tables(text: str, tables: Mapping[str, str]) -> str:
    """The text with the present table between each pair of markers.

    Raises UsageError for a marker without its partner or with a name that no table has.
    """
    parts: list[str] = []
    rest = text
    while begin := _MARKED.search(rest):
        name = begin[2]
        _, end, after = rest[begin.end() :].partition(_END.format(name))
        if begin[0] != _BEGIN.format(name) or not end:
            raise UsageError(f"the marker {begin[0]} has no partner")
        if name not in tables:
            raise UsageError(f"there is no table {name!r} for the marker {begin[0]}{did_you_mean(name, list(tables))}")
        parts += rest[: begin.end()], f"\n{tables[name]}\n", end
        rest = after
    return "".join((*parts, rest))


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A markdown table without a newline at its end."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _command_rows(commands: CommandInfos) -> Iterator[tuple[str, str, str]]:
    """A row for every command; the panel stands beside its first one."""
    panel = ""
    for command in commands:
        if command.name:
            yield "" if command.panel == panel else command.panel, _code(command.synopsis), command.help
            panel = command.panel


def _state_row(state: LedgerState) -> tuple[str, str, str, str]:
    moves = ", ".join(f"{event} → {after}" for (before, event), after in TABLE.items() if before is state)
    return state, "yes" if state in TERMINAL else "", "yes" if state in MAY_BE_CHARGED else "", moves


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
