"""Substitution of `${…}` in parameters, headings and variables. A parameter that takes text keeps it as it is."""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kirin_cli.jobs.cells import is_shortened
from kirin_cli.jobs.job import format_cycle, topological_order
from kirin_cli.jobs.placeholders import (
    IDENTIFIER,
    InterpolationError,
    JobReference,
    Placeholder,
    needs_interpolation,
    parse_template,
    referenced_names,
    to_text,
)
from kirin_cli.jobs.problems import LimitCounter, ProblemCollector
from kirin_cli.jobs.scope import ExternalInputs, Variables, VariableScope
from kirin_cli.jobs.text_files import TextFiles
from kirin_cli.jobs.yaml_nodes import (
    POSITION_CODE,
    YamlMapping,
    YamlSequence,
    count_nodes,
    find_position,
    parse_scalar,
    split_path,
)
from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.fields import INVALID, Field, Integer, Text, Url
from kirin_cli.modelspec.media_fields import MediaField
from kirin_cli.modelspec.text import quote
from kirin_cli.modelspec.types import Problem

NUMBER = Integer(name="number")
"""A parameter for what is not one, and takes no text."""


@dataclass(slots=True)
class Interpolator:
    """Fills in what one job, or what stands around jobs, asks of `scope`; `position` is where it stands.

    `problems` are those found, `invalid_paths` the paths of all values that could not be filled in and are INVALID
    now; `refers` is whether some value is a JobReference. Raises JobFileError where a file makes too much of itself.
    """

    scope: VariableScope
    counter: LimitCounter
    position: int
    refers: bool = False
    problems: list[Problem] = field(default_factory=list)
    invalid_paths: list[str] = field(default_factory=list)

    def tree(self, value: object, parameter: Field | None, path: str) -> object:
        """The value, filled in as the parameter takes it (None: as text); the very same if it asks for nothing."""
        if isinstance(value, str):
            return self._leaf(value, parameter, path) if "$" in value else value
        if isinstance(value, YamlMapping):
            members = YamlMapping(
                (name, self.tree(inner, _member(parameter, name), f"{path}.{name}")) for name, inner in value.items()
            )
            if all(members[name] is value[name] for name in value):
                return value
            members.positions = value.positions
            return members
        if isinstance(value, YamlSequence):
            items = YamlSequence(
                self.tree(inner, _item(parameter), f"{path}[{index}]") for index, inner in enumerate(value)
            )
            if all(item is inner for item, inner in zip(items, value, strict=True)):
                return value
            items.positions = value.positions
            return items
        return value

    def _leaf(self, text: str, parameter: Field | None, path: str) -> object:
        try:
            return self.value(text, parameter)
        except InterpolationError as error:
            return self._refuse(path, error)

    def holds(self, condition: object) -> bool:
        """Whether the condition of an `if` holds. Raises InterpolationError where that cannot be told."""
        from kirin_cli.jobs.conditions import holds  # noqa: PLC0415  (few jobs have a condition)

        def value_of(placeholder: Placeholder) -> str:
            value = self.scope.value(placeholder, whole=True, may_be_empty=True)
            if isinstance(value, JobReference | dict | list):
                raise InterpolationError(f"{placeholder.name} is no text to compare")
            return to_text(value)

        return holds(condition, value_of)

    def _refuse(self, path: str, error: InterpolationError) -> object:
        self.invalid_paths.append(path)
        self.problems += [Problem(path, "", f"{path}: {message}") for message in error.messages]
        return INVALID

    def set_cell(self, params: dict[str, object], fields: Mapping[str, Field], path: str, column: str) -> None:
        """Set the parameter at a path (`camera_control.type`) to the cell of a column, as the parameter takes it."""
        *groups, name = path.split(".")
        parameter = fields.get(groups[0] if groups else name)
        for depth, group in enumerate(groups, start=1):
            below = params.get(group)
            params[group] = inner = dict(below) if isinstance(below, dict) else {}
            params, parameter = inner, _member(parameter, groups[depth] if depth < len(groups) else name)
        try:
            params[name] = _fit(self.scope.value(Placeholder(f"row.{column}"), whole=True), parameter)
        except InterpolationError as error:
            params[name] = self._refuse(path, error)

    def value(self, text: str, parameter: Field | None) -> object:
        """What a text becomes: text, or the very value of the one placeholder that it is. Raises InterpolationError."""
        pieces = parse_template(text)
        if len(pieces) != 1 or not isinstance(pieces[0], Placeholder):
            return _fit(self.text(text), parameter)
        value = self.scope.value(pieces[0], whole=True)
        self.counter.add("characters", len(text), self.position)
        if isinstance(value, dict | list):
            self.counter.add("expanded", count_nodes(value, {})[0], self.position)
        self.refers |= isinstance(value, JobReference)
        return _fit(value, parameter)

    def text(self, text: str) -> str:
        """What a text becomes where text is all that is taken. Raises InterpolationError."""
        texts = []
        errors = []
        for piece in parse_template(text):
            try:
                texts.append(piece if isinstance(piece, str) else self._piece(piece))
            except InterpolationError as error:
                errors.append(error)
        if errors:
            messages = dict.fromkeys(message for error in errors for message in error.messages)
            raise InterpolationError(*messages)
        joined = "".join(texts)
        self.counter.add("characters", len(text) + len(joined), self.position)
        return joined

    def refuse_secrets(self, value: object) -> None:
        """Raise InterpolationError where a secret of the environment stands in a heading, which is shown (fault X2)."""
        if secrets := self.scope.inputs.secret_values:
            from kirin_cli.jobs.environment import secrets_in_text  # noqa: PLC0415  (few files ask for any)

            for name in secrets_in_text(value if isinstance(value, list) else [str(value)], secrets):
                raise InterpolationError(f"env.{name} would stand in a name, a path or a tag, which everybody sees")

    def _piece(self, piece: Placeholder) -> str:
        """What a placeholder becomes inside other text."""
        value = self.scope.value(piece, whole=False)
        if isinstance(value, JobReference):
            raise InterpolationError(f"{value} must be all of the value of a parameter for a video")
        if isinstance(value, dict | list):
            kind = "mapping" if isinstance(value, dict) else "list"
            raise InterpolationError(f"{piece.name} is a {kind}, which is no text")
        return to_text(value)


def _fit(value: object, parameter: Field | None) -> object:
    """What was filled in, as the parameter takes it."""
    if parameter is None and isinstance(value, dict | list):
        return value
    if isinstance(value, dict):
        return {name: _fit(inner, _member(parameter, name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [_fit(inner, _item(parameter)) for inner in value]
    if isinstance(parameter, ObjectField) and parameter.shorthand_field:
        parameter = _member(parameter, parameter.shorthand_field)  # which a bare value stands for
    if isinstance(value, JobReference) and not isinstance(parameter, MediaField):
        raise InterpolationError(f"{value} can only stand where a video is taken")
    if parameter is None or isinstance(parameter, Text | MediaField) or not isinstance(value, str):
        return value
    word = value.strip()  # blanks around a word are an accident of typing; a no-break space is one too
    if isinstance(parameter, Url) or (isinstance(parameter, Integer) and is_shortened(word)):
        return word
    return parse_scalar(word)


def _member(parameter: Field | None, name: str) -> Field | None:
    if not isinstance(parameter, ObjectField):
        return None
    name = parameter.aliases.get(name, name)
    return next((member for member in parameter.fields if member.name == name), None)


def _item(parameter: Field | None) -> Field | None:
    return parameter.item if isinstance(parameter, ListField) else None


HEADING = frozenset({"name", "model", "output", "tags", "take"})


def fill_heading(node: YamlMapping, interpolator: Interpolator, problems: ProblemCollector) -> YamlMapping:
    """The mapping with its heading filled in, the same one where there is nothing to fill.

    What cannot be filled in goes to `problems` and is left out, as is an empty cell; a model is INVALID then.
    """
    if not any(key in HEADING and needs_interpolation(value) for key, value in node.items()):
        return node
    heading = YamlMapping()
    heading.positions = array(POSITION_CODE)
    for (key, value), position in zip(node.items(), node.positions, strict=True):
        new = _fill(key, value, position, interpolator, problems) if key in HEADING else value
        if new is not INVALID or key == "model":
            heading[key] = new
            heading.positions.append(position)
    return heading


def _fill(key: str, value: object, position: int, interpolator: Interpolator, problems: ProblemCollector) -> object:
    if isinstance(value, str):
        try:
            if key == "tags":
                new = _tags(interpolator.value(value, None), value)
            else:
                new = interpolator.value(value, NUMBER) if key == "take" else interpolator.text(value)
            interpolator.refuse_secrets(new)
        except InterpolationError as error:
            for message in error.messages:
                problems.add_error(position, f"{key}: {message}")
            return INVALID
        return INVALID if new is None else new
    if isinstance(value, YamlMapping):
        members = YamlMapping()
        members.positions = array(POSITION_CODE)
        for (name, inner), inner_position in zip(value.items(), value.positions, strict=True):
            if (new := _fill(name, inner, inner_position, interpolator, problems)) is not INVALID:
                members[name] = new
                members.positions.append(inner_position)
        return members
    if isinstance(value, YamlSequence):
        items = [_fill(key, *item, interpolator, problems) for item in zip(value, value.positions, strict=True)]
        flat = [inner for item in items for inner in (item if isinstance(item, list) else [item])]
        return [item for item in flat if item is not INVALID]
    return value


def _tags(value: object, template: str) -> object:
    """What a text of `tags` became; a cell is a list of words, separated by commas."""
    if isinstance(value, str) and any(name.startswith("row.") for name in referenced_names(template)):
        return [tag.strip() for tag in value.split(",") if tag.strip()]
    return value if value is None or isinstance(value, list) else to_text(value)


def read_variables(
    node: YamlMapping, inputs: ExternalInputs, counter: LimitCounter, problems: ProblemCollector, files: TextFiles
) -> Variables:
    """What `node` declares; everything wrong with it goes to `problems` once, whether it is used or not."""
    variables = Variables(dict(inputs.sets), files=files)
    inputs.known.update(node, referenced_names(node))

    def names_in(name: str) -> Iterator[str]:
        """The variables of the document that a value asks for; --set replaces it whole."""
        names = () if name in inputs.sets else referenced_names(node[name])
        return (other for other in names if other in node)

    for name in node:
        if not IDENTIFIER.fullmatch(name):
            message = f"{quote(name)} is no name for a variable: it may have letters, digits and _"
            problems.add_error(node.position(name), message)
    for name, cycle in topological_order(node, names_in):
        if cycle:
            errors = [(name, f"{name}: refers to itself: {format_cycle(cycle)}")]
        elif name in variables.values or name in variables.errors:
            continue
        else:
            interpolator = Interpolator(VariableScope(variables, inputs), counter, node.position(name))
            value = interpolator.tree(node[name], None, name)
            if not interpolator.invalid_paths:
                variables.values[name] = value
                continue
            errors = [(problem.path, problem.message) for problem in interpolator.problems]
        for path, message in errors:
            problems.add_error(find_position(node, split_path(path), node.position(name))[0], f"variable {message}")
        variables.errors.add(name)
    return variables
