"""How a command prints its rows: for people, as one JSON document, as JSON lines, or through a template of the user's.

Knows no command: what a row may hold arrives as `Fields`, so that a mistake in a template is found before anything is
sent.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from string import Formatter
from typing import Final

from kirin_cli.errors import UsageError
from kirin_cli.report.harmless import harmless_json
from kirin_cli.spec.record import Record
from kirin_cli.spec.words import nearest
from kirin_cli.ui.escape import harmless

Fields = Mapping[str, object]
"""Names with what lies below each: None nothing, a mapping names, a list more of its one item, `...` anything."""

LONGEST: Final = 100_000
_OF_A_FILE: Final = ("path", "url", "sha256", "bytes", "duration", "type")
_INDEX: Final = re.compile("[0-9]{1,9}")
_ESCAPES: Final = {r"\t": "\t", r"\n": "\n", r"\\": "\\"}


class Shape(Record):
    """What was asked for; nothing of it is how people get it."""

    json: bool = False
    jsonl: bool = False
    template: "Template | None" = None

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
        return map(self.template.of if self.template else _as_json, rows)


FOR_PEOPLE: Final = Shape()


def shape_of(
    fields: Fields, *, json: bool = False, jsonl: bool = False, template: str = "", csv: bool = False
) -> Shape:
    """What the flags ask for. Raises UsageError where they contradict one another or the template names no field."""
    given = {"--json": json, "--jsonl": jsonl, "--format": bool(template), "--csv": csv}
    asked = [flag for flag, is_given in given.items() if is_given]
    if len(asked) > 1:
        raise UsageError(f"{asked[0]} and {asked[1]} cannot both say how to print; give one of them")
    return Shape(json, jsonl, Template(template, fields) if template else None)


class Template:
    r"""Text with names of fields in braces: `{name}`, `{outputs.0.sha256}`; `{path}` alone is that of the first file.

    `\t`, `\n` and `\\` are a tab, a new line and a backslash, `{{` and `}}` braces. What a row does not have is empty.
    Raises UsageError for a name that no row can have.
    """

    def __init__(self, text: str, fields: Fields) -> None:
        self._pieces = [
            (re.sub(r"\\[tn\\]", lambda match: _ESCAPES[match[0]], literal), _steps(name, fields))
            for literal, name in _parsed(text)
        ]

    def of(self, row: Mapping[str, object]) -> str:
        """The text for a row, each value made harmless; paths are as they are on the disk."""
        return "".join(literal + _shown(row, steps) for literal, steps in self._pieces)


def _parsed(text: str) -> list[tuple[str, str | None]]:
    try:
        parsed = list(Formatter().parse(text))
    except ValueError as error:
        raise UsageError(f"--format is {text!r}: {error}", hint="{{ and }} stand for braces") from error
    if any(spec or conversion for *_, spec, conversion in parsed):
        raise UsageError(f"--format is {text!r}; only the name of a field may stand between braces")
    return [(literal, name) for literal, name, *_ in parsed]


def _steps(name: str | None, fields: Fields) -> Sequence[str]:
    """The way to a value, checked as far as the fields say. No steps for no name."""
    if name is None:
        return ()
    short = name in _OF_A_FILE and name not in fields and "outputs" in fields
    steps = ["outputs", "0", name] if short else name.split(".")
    below: object = fields
    for step in steps:
        below = _inside(below, step, name)
    return steps


def _inside(below: object, step: str, name: str) -> object:
    """What lies below a step. Raises UsageError where nothing of that name can."""
    if below is ...:
        return ...
    if isinstance(below, list) and _INDEX.fullmatch(step):
        return below[0]
    if isinstance(below, Mapping) and step in below:
        return below[step]
    raise UsageError(f"--format: there is no field {name!r}{_instead(below, step)}")


def _instead(below: object, step: str) -> str:
    if isinstance(below, Mapping):
        return nearest(step, [*below, *(_OF_A_FILE if "outputs" in below else ())])
    return f"; {step!r} stands where 0 means the first, 1 the second" if isinstance(below, list) else ""


def _shown(row: Mapping[str, object], steps: Sequence[str]) -> str:
    value: object = row if steps else None
    for step in steps:
        value = _below(value, step)
    if value is None:
        return ""
    if isinstance(value, str):
        return value if steps[0] == "outputs" and steps[-1] == "path" else harmless(value, limit=LONGEST)
    return _as_json(value)


def _below(value: object, step: str) -> object:
    if isinstance(value, Mapping):
        return value.get(step)
    found = isinstance(value, list) and _INDEX.fullmatch(step) and value[int(step) :]
    return found[0] if found else None


def _as_json(value: object) -> str:
    return harmless_json(json.dumps(value))
