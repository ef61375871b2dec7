"""Generated files: README tables, manual pages, completion scripts, the schema. Which are stale, and how to write them.

Knows no command and no model by name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from kirin_cli.atomic_file import write_atomically
from kirin_cli.docgen.commands import CommandInfo, CommandInfos, EnvVarInfos, exit_code_table, paragraphs, split_root
from kirin_cli.docgen.completions import SHELLS
from kirin_cli.docgen.help_screens import OPTIONS, HelpPanel, command_screen, program_screen
from kirin_cli.docgen.job_schema import job_file_text
from kirin_cli.docgen.model_reference import HEADINGS, model_parameters
from kirin_cli.errors import UsageError
from kirin_cli.ledger.states import CONDITIONS, MAY_BE_CHARGED, TABLE, TERMINAL, LedgerState
from kirin_cli.models import MODELS
from kirin_cli.modelspec.text import did_you_mean

SCHEMA_PATH: Final = "sample_jobs/kirin-jobs.schema.json"
PAGES_WITH_TABLES: Final = ("README.md", "kirin_cli/ledger/README.md")
MAN_FOLDER: Final = "kirin_cli/man/man1"
NO_PAGES: Final[Mapping[str, str]] = {}


def generate_files(
    root: Path, commands: CommandInfos, variables: EnvVarInfos = (), pages: Mapping[str, str] = NO_PAGES
) -> dict[str, str]:
    """The content that each file should have, by its path below `root`; `pages` are further ones.

    Raises UsageError as `update_tables` does.
    """
    tables = readme_tables(commands, variables)
    return {
        **{f"completions/{shell.file}": shell.script(commands) for shell in SHELLS.values()},
        SCHEMA_PATH: job_file_text() + "\n",
        **{path: update_tables(_read(root / path), tables) for path in PAGES_WITH_TABLES},
        **man_pages(commands, variables),
        **pages,
    }


def stale_files(root: Path, texts: Mapping[str, str]) -> list[str]:
    """The paths below `root` whose content is not that of `texts`, and manual pages of commands that are no more."""
    manual = [f"{MAN_FOLDER}/{page.name}" for page in sorted((root / MAN_FOLDER).glob("*"))]
    stale = [path for path, text in texts.items() if _read(root / path) != text]
    return stale + [path for path in manual if path not in texts]


def write_files(root: Path, texts: Mapping[str, str]) -> list[str]:
    """Write what is stale, remove what is no more, return the paths. Raises OSError where a file cannot be written."""
    changed = []
    for path in stale_files(root, texts):
        if path not in texts:
            (root / path).unlink()
            continue
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(root / path, texts[path])
        changed.append(path)
    return changed


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


_BEGIN: Final = "<!-- begin: {} -->"
_END: Final = "<!-- end: {} -->"
_MARKER: Final = re.compile(r"<!-- (begin|end): (.*?) -->")


def readme_tables(commands: CommandInfos, variables: EnvVarInfos) -> dict[str, str]:
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
            ("code", "meaning"), ((str(code), meaning) for code, meaning in exit_code_table().items())
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


def update_tables(text: str, tables: Mapping[str, str]) -> str:
    """The text with the present table between each pair of markers.

    Raises UsageError for a marker without its partner or with a name that no table has.
    """
    parts: list[str] = []
    rest = text
    while begin := _MARKER.search(rest):
        name = begin[2]
        _, end, after = rest[begin.end() :].partition(_END.format(name))
        if begin[0] != _BEGIN.format(name) or not end:
            raise UsageError(f"the marker {begin[0]} has no partner")
        if name not in tables:
            raise UsageError(f"there is no table {name!r} for the marker {begin[0]}{did_you_mean(name, tables)}")
        parts += rest[: begin.end()], f"\n{tables[name]}\n", end
        rest = after
    return "".join((*parts, rest))


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A markdown table without a newline at its end."""
    lines = [headings, ["---"] * len(headings), *rows]
    cells = ([" ".join(text.split()).replace("|", r"\|") for text in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


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


def man_pages(commands: CommandInfos, variables: EnvVarInfos) -> dict[str, str]:
    """Every manual page, in roff, by its path in the repository."""
    _, named = split_root(commands)
    pages = {"kirin": _program_page(commands, variables)}
    pages |= {f"kirin-{command.name}": _command_page(command) for command in named}
    return {f"{MAN_FOLDER}/{name}.1": "\n".join(lines) + "\n" for name, lines in pages.items()}


def _program_page(commands: CommandInfos, variables: EnvVarInfos) -> Iterator[str]:
    screen = program_screen(commands, (), (), "")
    _, named = split_root(commands)
    yield from _head("kirin", "make videos with five AI models, from flags or job files", screen.usage)
    for panel in screen.panels:
        yield from _panel(panel, page="%s" if panel.title == OPTIONS else "kirin-%s(1)")
    yield ".SH EXIT STATUS"
    for code, meaning in exit_code_table().items():
        yield from _entry(str(code), meaning.replace("`", ""))
    yield ".SH ENVIRONMENT"
    for variable in variables:
        yield from _entry(variable.name, variable.help)
    yield from _see_also(f"kirin-{command.name}" for command in named)


def _command_page(command: CommandInfo) -> Iterator[str]:
    screen = command_screen(command, "")
    yield from _head(f"kirin-{command.name}", command.help.rstrip("."), screen.usage)
    yield ".SH DESCRIPTION"
    for text in paragraphs(command.about):
        yield from (".PP", _escape_roff(text))
    for panel in screen.panels:
        yield from _panel(panel)
    if screen.examples:
        yield from (".SH EXAMPLES", ".EX", *map(_escape_roff, screen.examples), ".EE")
    yield from _see_also(("kirin",))


def _head(name: str, text: str, usage: str) -> Iterator[str]:
    yield r".\" Made by `python -m kirin_cli.cli.generated` from the table of commands."
    yield f'.TH {name.upper()} 1 "" kirin "User Commands"'
    yield from (".SH NAME", f"{_escape_roff(name)} \\- {_escape_roff(text)}", ".SH SYNOPSIS", _escape_roff(usage))


def _panel(panel: HelpPanel, page: str = "%s") -> Iterator[str]:
    yield f".SH {_escape_roff(panel.title.upper())}"
    for row in panel.rows:
        yield from _entry(page % row.term.strip(), f"{row.text} [{row.note}]" if row.note else row.text)


def _entry(term: str, text: str) -> Iterator[str]:
    yield from (".TP", f"\\fB{_escape_roff(term)}\\fR", _escape_roff(text))


def _see_also(names: Iterable[str]) -> Iterator[str]:
    yield from (".SH SEE ALSO", ", ".join(f"\\fB{_escape_roff(name)}\\fR(1)" for name in names))


def _escape_roff(text: str) -> str:
    plain = re.sub(r"[\\-]", lambda match: "\\e" if match[0] == "\\" else "\\-", " ".join(text.split()))
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain
