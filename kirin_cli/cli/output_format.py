"""The formats of rows for programs: JSON, JSON lines, templates of fields, and which one the flags ask for."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from string import Formatter
from typing import TYPE_CHECKING, Final

from kirin_cli.errors import UsageError
from kirin_cli.json_text import escape_ci_commands
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.text import did_you_mean
from kirin_cli.ui.terminal_text import escape_untrusted

if TYPE_CHECKING:
    from kirin_cli.cli.flags import PrintingFlags

FieldTree = Mapping[str, object]
"""Names with what lies below each: None nothing, a mapping names, a list more of its one item, `...` anything."""

MAX_TEMPLATE_LENGTH: Final = 100_000
_OF_A_FILE: Final = ("path", "url", "sha256", "bytes", "duration", "type")
_INDEX: Final = re.compile("[0-9]{1,9}")
_ESCAPES: Final = {r"\t": "\t", r"\n": "\n", r"\\": "\\"}


class OutputFormat(Record):
    """How a result is printed; where nothing is set, for people."""

    json: bool = False
    jsonl: bool = False
    template: "RowTemplate | None" = None

    @property
    def rows(self) -> bool:
        """Whether each row is printed as lines of its own, for programs."""
        return self.jsonl or self.template is not None

    @property
    def for_programs(self) -> bool:
        """Whether standard output has nothing for people."""
        return self.json or self.rows

    def lines(self, rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
        """The rows as text; as JSON they are in ASCII, so that nothing in them can do anything to a terminal."""
        return map(self.template.render if self.template else _json_text, rows)


FOR_PEOPLE: Final = OutputFormat()


def output_format(fields: FieldTree, flags: "PrintingFlags", *, csv: bool = False) -> OutputFormat:
    """How to print. Raises UsageError where the flags contradict one another or the template names no field."""
    wants = {"--json": flags.json, "--jsonl": flags.jsonl, "--format": bool(flags.template), "--csv": csv}
    spellings = [spelling for spelling, is_wanted in wants.items() if is_wanted]
    if len(spellings) > 1:
        raise UsageError(f"{spellings[0]} and {spellings[1]} cannot both say how to print; give one of them")
    return OutputFormat(flags.json, flags.jsonl, RowTemplate(flags.template, fields) if flags.template else None)


class RowTemplate:
    r"""Text with names of fields in braces: `{name}`, `{outputs.0.sha256}`; `{path}` alone is that of the first file.

    `\t`, `\n` and `\\` are a tab, a new line and a backslash, `{{` and `}}` braces. What a row does not have is empty.
    Raises UsageError for a name that no row can have.
    """

    def __init__(self, text: str, fields: FieldTree) -> None:
        try:
            parsed = list(Formatter().parse(text))
        except ValueError as error:
            raise UsageError(f"--format is {text!r}: {error}", hint="{{ and }} stand for braces") from error
        if any(spec or conversion for *_, spec, conversion in parsed):
            raise UsageError(f"--format is {text!r}; only the name of a field may stand between braces")
        self._pieces = [
            (
                re.sub(r"\\[tn\\]", lambda escape: _ESCAPES[escape[0]], literal),
                () if name is None else _value_path(name, fields),
            )
            for literal, name, *_ in parsed
        ]

    def render(self, row: Mapping[str, object]) -> str:
        """The text for a row, each value made harmless; paths are as they are on the disk."""
        return "".join(literal + (_value_text(row, path) if path else "") for literal, path in self._pieces)


def _value_path(name: str, fields: FieldTree) -> Sequence[str]:
    """The keys that lead to a value. Raises UsageError where nothing of that name can be there."""
    is_short = name in _OF_A_FILE and name not in fields and "outputs" in fields
    path = ["outputs", "0", name] if is_short else name.split(".")
    below: object = fields
    for key in path:
        if isinstance(below, list) and _INDEX.fullmatch(key):
            below = below[0]
        elif isinstance(below, Mapping) and key in below:
            below = below[key]
        elif below is not ...:
            raise UsageError(f"--format: there is no field {name!r}{_hint_for_key(below, key)}")
    return path


def _hint_for_key(below: object, key: str) -> str:
    if isinstance(below, Mapping):
        return did_you_mean(key, [*below, *(_OF_A_FILE if "outputs" in below else ())])
    return f"; {key!r} stands where 0 means the first, 1 the second" if isinstance(below, list) else ""


def _value_text(row: Mapping[str, object], path: Sequence[str]) -> str:
    """The value at a path as text; "" for none."""
    value: object = row
    for key in path:
        if isinstance(value, Mapping):
            value = value.get(key)
        else:
            items = value[int(key) :] if isinstance(value, list) and _INDEX.fullmatch(key) else ()
            value = items[0] if items else None
    if value is None:
        return ""
    if not isinstance(value, str):
        return _json_text(value)
    is_path = path[0] == "outputs" and path[-1] == "path"
    return value if is_path else escape_untrusted(value, limit=MAX_TEMPLATE_LENGTH)


def _json_text(value: object) -> str:
    return escape_ci_commands(json.dumps(value))
