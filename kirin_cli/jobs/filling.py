"""Fills `${…}` in values. A parameter that takes text keeps it as it is; for any other it is read as YAML reads it.

Knows what kinds of parameter there are, but no model, and not what the names stand for.
"""

from dataclasses import dataclass, field

from kirin_cli.jobs.growth import Growth
from kirin_cli.jobs.nodes import Mapping, Sequence, measure
from kirin_cli.jobs.readable import written
from kirin_cli.jobs.reference import Reference
from kirin_cli.jobs.scalars import resolve
from kirin_cli.jobs.scope import Scope, Unfilled
from kirin_cli.jobs.templates import Placeholder, Template, template
from kirin_cli.spec.compounds import Group, Many
from kirin_cli.spec.fields import BROKEN, Field, Integer, Text, Url
from kirin_cli.spec.media import MediumField
from kirin_cli.spec.problem import Problem

TEXT = Text(name="text")
"""A parameter for what is not one, but takes text."""

NUMBER = Integer(name="number")
"""The same for what takes no text."""


@dataclass(slots=True)
class Filler:
    """Fills in what one job, or what stands around jobs, asks of `scope`; `place` is where it stands (see `nodes`).

    `problems` are those found, `broken` the paths of all values that could not be filled in and are BROKEN now;
    `refers` is whether some value is a Reference.
    Raises Unreadable where a file makes too much of itself.
    """

    scope: Scope
    growth: Growth
    place: int
    refers: bool = False
    problems: list[Problem] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def tree(self, value: object, part: Field | None, at: str) -> object:
        """The value, filled in as the parameter `part` takes it (None: as text); the very same if it asks for none."""
        if isinstance(value, str):
            return self._leaf(value, part, at) if "$" in value else value
        if isinstance(value, Mapping):
            members = Mapping(
                (name, self.tree(inner, _member(part, name), f"{at}.{name}")) for name, inner in value.items()
            )
            return _placed(members, value) if any(members[name] is not value[name] for name in value) else value
        if isinstance(value, Sequence):
            items = Sequence(self.tree(inner, _item(part), f"{at}[{index}]") for index, inner in enumerate(value))
            changed = any(item is not inner for item, inner in zip(items, value, strict=True))
            return _placed(items, value) if changed else value
        return value

    def _leaf(self, text: str, part: Field | None, at: str) -> object:
        try:
            return self.value(text, part)
        except Unfilled as error:
            self.broken.append(at)
            if not error.told:
                self.problems.append(Problem(at, "", f"{at}: {error}"))
            return BROKEN

    def value(self, text: str, part: Field | None) -> object:
        """What a text becomes: text, or the very value of the one placeholder that it is. Raises Unfilled."""
        pieces = _pieces(text)
        if len(pieces) != 1 or not isinstance(pieces[0], Placeholder):
            return _fitting(self.words(text), part)
        found = self.scope.value(pieces[0], whole=True)
        self.growth.characters(len(text), self.place)
        if isinstance(found, dict | list):
            self.growth.nodes(measure(found, {})[0], self.place)
        self.refers |= isinstance(found, Reference)
        return _fitting(found, part)

    def words(self, text: str) -> str:
        """What a text becomes where text is all that is taken. Raises Unfilled."""
        joined = "".join(piece if isinstance(piece, str) else self._word(piece) for piece in _pieces(text))
        self.growth.characters(len(text) + len(joined), self.place)
        return joined

    def _word(self, piece: Placeholder) -> str:
        found = self.scope.value(piece, whole=False)
        if isinstance(found, Reference):
            raise Unfilled(f"{found} must be all of the value of a parameter for an image or a video")
        if isinstance(found, dict | list):
            raise Unfilled(f"{piece.name} is a {'mapping' if isinstance(found, dict) else 'list'}, which is no text")
        return written(found)


def _pieces(text: str) -> Template:
    try:
        return template(text)
    except ValueError as error:
        raise Unfilled(str(error)) from error


def _placed(made: Mapping | Sequence, written: Mapping | Sequence) -> Mapping | Sequence:
    made.places = written.places
    return made


def _fitting(found: object, part: Field | None) -> object:
    """What was filled in, as the parameter takes it."""
    if part is None and isinstance(found, dict | list):
        return found
    if isinstance(found, dict):
        return {name: _fitting(inner, _member(part, name)) for name, inner in found.items()}
    if isinstance(found, list):
        return [_fitting(inner, _item(part)) for inner in found]
    whole = _leaf_of(part)
    if isinstance(found, Reference) and not isinstance(whole, MediumField):
        raise Unfilled(f"{found} can only stand where an image or a video is taken")
    textual = whole is None or isinstance(whole, Text | Url | MediumField)
    return found if textual or not isinstance(found, str) else resolve(found)


def _leaf_of(part: Field | None) -> Field | None:
    """The parameter itself, or the member that stands for the whole of it where it is written bare."""
    if isinstance(part, Group) and part.bare:
        return _member(part, part.bare)
    return part


def _member(part: Field | None, name: str) -> Field | None:
    if not isinstance(part, Group):
        return None
    spelled = part.aliases.get(name, name)
    return next((member for member in part.fields if member.name == spelled), None)


def _item(part: Field | None) -> Field | None:
    return part.of if isinstance(part, Many) else None
