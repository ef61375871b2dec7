"""Substitution of `${…}` in parameters, headings and variables. A parameter that takes text keeps it as it is."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from kirin_cli.jobs.job import format_cycle, topological_order
from kirin_cli.jobs.placeholders import (
    IDENTIFIER,
    JobReference,
    Placeholder,
    TemplatePieces,
    needs_interpolation,
    parse_template,
    referenced_names,
    to_text,
)
from kirin_cli.jobs.problems import ExpansionLimits, ProblemCollector
from kirin_cli.jobs.scope import MISSING, ExternalInputs, InterpolationError, VariableScope
from kirin_cli.jobs.yaml_nodes import (
    YamlMapping,
    YamlSequence,
    count_nodes,
    find_position,
    line_column,
    parse_scalar,
    split_path,
)
from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.fields import INVALID, Field, Integer, Text, Url
from kirin_cli.modelspec.media_fields import MediaField
from kirin_cli.modelspec.text import quote
from kirin_cli.modelspec.types import Problem

TEXT = Text(name="text")
"""A parameter for what is not one, but takes text."""

NUMBER = Integer(name="number")
"""The same for what takes no text."""


@dataclass(slots=True)
class Interpolator:
    """Fills in what one job, or what stands around jobs, asks of `scope`; `place` is where it stands.

    `problems` are those found, `broken` the paths of all values that could not be filled in and are BROKEN now;
    `refers` is whether some value is a Reference.
    Raises JobFileError where a file makes too much of itself.
    """

    scope: VariableScope
    growth: ExpansionLimits
    place: int
    refers: bool = False
    problems: list[Problem] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def tree(self, value: object, part: Field | None, at: str) -> object:
        """The value, filled in as the parameter `part` takes it (None: as text); the very same if it asks for none."""
        if isinstance(value, str):
            return self._leaf(value, part, at) if "$" in value else value
        if isinstance(value, YamlMapping):
            members = YamlMapping(
                (name, self.tree(inner, _member(part, name), f"{at}.{name}")) for name, inner in value.items()
            )
            return _placed(members, value) if any(members[name] is not value[name] for name in value) else value
        if isinstance(value, YamlSequence):
            items = YamlSequence(self.tree(inner, _item(part), f"{at}[{index}]") for index, inner in enumerate(value))
            changed = any(item is not inner for item, inner in zip(items, value, strict=True))
            return _placed(items, value) if changed else value
        return value

    def _leaf(self, text: str, part: Field | None, at: str) -> object:
        try:
            return self.value(text, part)
        except InterpolationError as error:
            self.broken.append(at)
            if not error.already_reported:
                self.problems.append(Problem(at, "", f"{at}: {error}"))
            return INVALID

    def value(self, text: str, part: Field | None) -> object:
        """What a text becomes: text, or the very value of the one placeholder that it is. Raises InterpolationError."""
        pieces = _pieces(text)
        if len(pieces) != 1 or not isinstance(pieces[0], Placeholder):
            return _fitting(self.text(text), part)
        found = self.scope.value(pieces[0], whole=True)
        self.growth.characters(len(text), self.place)
        if isinstance(found, dict | list):
            self.growth.nodes(count_nodes(found, {})[0], self.place)
        self.refers |= isinstance(found, JobReference)
        return _fitting(found, part)

    def text(self, text: str) -> str:
        """What a text becomes where text is all that is taken. Raises InterpolationError."""
        joined = "".join(piece if isinstance(piece, str) else self._word(piece) for piece in _pieces(text))
        self.growth.characters(len(text) + len(joined), self.place)
        return joined

    def _word(self, piece: Placeholder) -> str:
        found = self.scope.value(piece, whole=False)
        if isinstance(found, JobReference):
            raise InterpolationError(f"{found} must be all of the value of a parameter for an image or a video")
        if isinstance(found, dict | list):
            raise InterpolationError(
                f"{piece.name} is a {'mapping' if isinstance(found, dict) else 'list'}, which is no text"
            )
        return to_text(found)


def _pieces(text: str) -> TemplatePieces:
    try:
        return parse_template(text)
    except ValueError as error:
        raise InterpolationError(str(error)) from error


def _placed(made: YamlMapping | YamlSequence, written: YamlMapping | YamlSequence) -> YamlMapping | YamlSequence:
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
    if isinstance(found, JobReference) and not isinstance(whole, MediaField):
        raise InterpolationError(f"{found} can only stand where an image or a video is taken")
    textual = whole is None or isinstance(whole, Text | Url | MediaField)
    return found if textual or not isinstance(found, str) else parse_scalar(found)


def _leaf_of(part: Field | None) -> Field | None:
    """The parameter itself, or the member that stands for the whole of it where it is written bare."""
    if isinstance(part, ObjectField) and part.shorthand_field:
        return _member(part, part.shorthand_field)
    return part


def _member(part: Field | None, name: str) -> Field | None:
    if not isinstance(part, ObjectField):
        return None
    spelled = part.aliases.get(name, name)
    return next((member for member in part.fields if member.name == spelled), None)


def _item(part: Field | None) -> Field | None:
    return part.item if isinstance(part, ListField) else None


HEADING = frozenset({"name", "model", "output", "tags", "take"})


def fill_heading(node: YamlMapping, interpolator: Interpolator, problems: ProblemCollector) -> YamlMapping:
    """The mapping with its heading filled in, the same one where there is nothing to fill.

    What cannot be filled in goes to `shape` and is left out, as is an empty cell; a model is BROKEN then.
    """
    if not any(key in HEADING and needs_interpolation(value) for key, value in node.items()):
        return node
    filled = YamlMapping()
    filled.places = array("Q")
    for (key, value), place in zip(node.items(), node.places, strict=True):
        made = _filled(key, value, place, interpolator, problems) if key in HEADING else value
        if made is not INVALID or key == "model":
            filled[key] = made
            filled.places.append(place)
    return filled


def _filled(key: str, value: object, place: int, interpolator: Interpolator, problems: ProblemCollector) -> object:
    if isinstance(value, str):
        try:
            made = interpolator.value(value, NUMBER) if key == "take" else interpolator.text(value)
        except InterpolationError as error:
            if not error.already_reported:
                problems.add_error(place, f"{key}: {error}")
            return INVALID
        return INVALID if made is None else made
    if isinstance(value, YamlMapping):
        members = YamlMapping()
        members.places = array("Q")
        for (name, inner), here in zip(value.items(), value.places, strict=True):
            if (made := _filled(name, inner, here, interpolator, problems)) is not INVALID:
                members[name] = made
                members.places.append(here)
        return members
    if isinstance(value, YamlSequence):
        items = (
            _filled(key, inner, here, interpolator, problems) for inner, here in zip(value, value.places, strict=True)
        )
        return [item for item in items if item is not INVALID]
    return value


class Variables:
    """What `node` declares; everything wrong with it is said once, to `shape`, whether it is used or not."""

    def __init__(
        self, node: YamlMapping, inputs: ExternalInputs, limits: ExpansionLimits, problems: ProblemCollector
    ) -> None:
        self._node = node
        self._scope = VariableScope(self, inputs)
        self._growth = limits
        self._shape = problems
        self._known: dict[str, object] = dict(inputs.sets)
        self._wrong: dict[str, str] = {}
        inputs.known.update(node, referenced_names(node))
        for name in node:
            if not IDENTIFIER.fullmatch(name):
                words = f"{quote(name)} is no name for a variable: it may have letters, digits and _"
                self._shape.add_error(self._node.place(name), words)
        for name, circle in topological_order(node, self._made_of):
            if circle:
                self._refuse(name, name, f"{name}: refers to itself: {format_cycle(circle)}")
            elif name not in self._known and name not in self._wrong:
                self._make(name)

    @property
    def names(self) -> list[str]:
        """Those that are set."""
        return list(self._known)

    def get(self, name: str) -> object:
        """The value, or MISSING. Raises InterpolationError for one that is wrong itself."""
        if name in self._wrong:
            raise InterpolationError(self._wrong[name], told=True)
        return self._known.get(name, MISSING)

    def _made_of(self, name: str) -> Iterator[str]:
        """The variables of the document that a value asks for; --set replaces it whole."""
        asked = () if name in self._known else referenced_names(self._node[name])
        return (other for other in asked if other in self._node)

    def _make(self, name: str) -> None:
        value = self._node[name]
        if needs_interpolation(value):
            filler = Interpolator(self._scope, self._growth, self._node.place(name))
            value = filler.tree(value, None, name)
            for problem in filler.problems:
                self._refuse(name, problem.path, problem.message)
            if filler.broken:
                self._mark(name)
                return
        self._known[name] = value

    def _refuse(self, name: str, path: str, message: str) -> None:
        place, _ = find_position(self._node, split_path(path), self._node.place(name))
        self._shape.add_error(place, f"variable {message}")
        self._mark(name)

    def _mark(self, name: str) -> None:
        line, _ = line_column(self._node.place(name))
        self._wrong[name] = f"the variable {name} is wrong itself (line {line})"
