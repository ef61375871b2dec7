"""Cross-field rules: conditions on a request as data, each with its JSON Schema. Knows no model."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ClassVar, Final

from kirin_cli.modelspec.fields import (
    NO_ITEMS,
    NULL,
    PLAIN_TEXT,
    ZERO,
    Field,
    Schema,
    any_of,
    member_schema,
    nested_members,
    none_of,
)
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.request import RequestView, field_at
from kirin_cli.modelspec.text import join_or
from kirin_cli.modelspec.types import MediaFile, Problem, Severity

FieldTuple = tuple[Field, ...]


class Condition:
    """Something that holds for a request or not; `paths_read` are the paths whose values decide it."""

    __slots__ = ()

    @property
    def paths_read(self) -> tuple[str, ...]:
        """Paths that must not be invalid for `holds` to mean anything."""
        return ()

    def holds(self, request: RequestView) -> bool:
        """Whether it holds for the request."""
        raise NotImplementedError

    def schema(self, fields: FieldTuple, *, sure: bool) -> Schema:
        """JSON Schema of the `params` for which it surely, or possibly, holds."""
        raise NotImplementedError

    def describe_now(self, request: RequestView) -> tuple[str, ...]:
        """How things stand where it does not hold, e.g. `mode is std`."""
        return ()


class Has(Record, Condition):
    """The parameter is given (not null, not an empty list)."""

    path: str

    def holds(self, request: RequestView) -> bool:
        return request.has(self.path)

    def schema(self, fields: FieldTuple, *, sure: bool) -> Schema:
        *outer, name = self.path.split(".")
        return nested_members(outer, member_schema(name, none_of(NULL, NO_ITEMS, sure=sure)), sure=sure)


class Is(Record, Condition):
    """The value at `path` (or its default) is one of `values`."""

    path: str
    values: tuple[str, ...]

    def __init__(self, path: str, *values: str) -> None:
        Record.__init__(self, path=path, values=values)

    @property
    def paths_read(self) -> tuple[str, ...]:
        return (self.path,)

    def holds(self, request: RequestView) -> bool:
        return request.value(self.path) in self.values

    def schema(self, fields: FieldTuple, *, sure: bool) -> Schema:
        by_default = field_at(fields, self.path).default in self.values
        *outer, name = self.path.split(".")
        values = _spellings(self.values, or_null=by_default)
        return nested_members(outer, member_schema(name, any_of(values, sure=sure), required=not by_default), sure=sure)

    def describe_now(self, request: RequestView) -> tuple[str, ...]:
        value = request.value(self.path)
        return () if value in self.values else (f"{self.path} is {'not given' if value is None else value}",)


class AnyItem(Record, Condition):
    """An item of the list `name` has `value` (or its default) at `key`."""

    name: str
    key: str
    value: str

    @property
    def paths_read(self) -> tuple[str, ...]:
        return (f"{self.name}[].{self.key}",)

    def holds(self, request: RequestView) -> bool:
        return bool(self.paths_found(request))

    def paths_found(self, request: RequestView) -> list[str]:
        """The path of every such item."""
        default = field_at(request.fields, self.paths_read[0]).default
        return [
            f"{self.name}[{index}]"
            for index, item in enumerate(request.items(self.name))
            if isinstance(item, dict) and item.get(self.key, default) == self.value
        ]

    def schema(self, fields: FieldTuple, *, sure: bool) -> Schema:
        by_default = field_at(fields, self.paths_read[0]).default == self.value
        values = any_of(_spellings((self.value,), or_null=by_default), sure=sure)
        item: Schema = {"type": "object", **member_schema(self.key, values, required=not by_default)}
        shorthand = [PLAIN_TEXT] if by_default else []
        items: Schema = {"type": "array", "contains": any_of(item, *shorthand, sure=sure)}
        return member_schema(self.name, any_of(items, sure=sure))


class AtLeast(Record, Condition):
    """The list has at least `min_items` items."""

    name: str
    min_items: int

    def holds(self, request: RequestView) -> bool:
        return len(request.items(self.name)) >= self.min_items

    def schema(self, fields: FieldTuple, *, sure: bool) -> Schema:
        return member_schema(self.name, any_of({"type": "array", "minItems": self.min_items}, sure=sure))


class TogetherAtMost(Record, Condition):
    """Two lists have at most `max_items` items together."""

    names: tuple[str, str]
    max_items: int

    def holds(self, request: RequestView) -> bool:
        return sum(len(request.items(name)) for name in self.names) <= self.max_items

    def schema(self, fields: FieldTuple, *, sure: bool) -> Schema:
        counts = range(self.max_items + 1)
        at_most = [any_of(NULL, {"type": "array", "maxItems": count}, sure=sure) for count in counts]
        pairs = zip(at_most, reversed(at_most), strict=True)
        return {"anyOf": [{"properties": dict(zip(self.names, pair, strict=True))} for pair in pairs]}

    def describe_now(self, request: RequestView) -> tuple[str, ...]:
        return tuple(f"{name} has {len(request.items(name))}" for name in self.names)


class OneNonZero(Record, Condition):
    """The object at `group` has exactly one member that is not zero, of `names`."""

    group: str
    names: tuple[str, ...]

    @property
    def paths_read(self) -> tuple[str, ...]:
        return tuple(f"{self.group}.{name}" for name in self.names)

    def holds(self, request: RequestView) -> bool:
        return len(self.describe_now(request)) == 1

    def schema(self, fields: FieldTuple, *, sure: bool) -> Schema:
        nonzero, zero = none_of(NULL, ZERO, sure=sure), any_of(NULL, ZERO, sure=sure)
        alternatives = [
            {"required": [only], "properties": {name: nonzero if name == only else zero for name in self.names}}
            for only in self.names
        ]
        return nested_members(self.group.split("."), {"anyOf": alternatives}, sure=sure)

    def describe_now(self, request: RequestView) -> tuple[str, ...]:
        pairs = (pair for path in self.paths_read for pair in request.find_all(path))
        return tuple(f"{path} is {value}" for path, value in pairs if value)


class _Compound(Condition):
    """A condition made of `conditions`; `keyword` is what JSON Schema calls it."""

    __slots__ = ("conditions",)
    keyword: ClassVar[str]

    def __init__(self, *conditions: Condition) -> None:
        self.conditions = conditions

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.conditions!r}"

    @property
    def paths_read(self) -> tuple[str, ...]:
        return tuple(path for condition in self.conditions for path in condition.paths_read)

    def schema(self, fields: FieldTuple, *, sure: bool) -> Schema:
        return {self.keyword: [condition.schema(fields, sure=sure) for condition in self.conditions]}

    def describe_now(self, request: RequestView) -> tuple[str, ...]:
        failing = (condition for condition in self.conditions if not condition.holds(request))
        return tuple(text for condition in failing for text in condition.describe_now(request))


class All(_Compound):
    """Every condition holds."""

    __slots__ = ()
    keyword: ClassVar[str] = "allOf"

    def holds(self, request: RequestView) -> bool:
        for condition in self.conditions:  # noqa: SIM110  (a generator costs more than most conditions)
            if not condition.holds(request):
                return False
        return True


class Any(_Compound):
    """At least one condition holds."""

    __slots__ = ()
    keyword: ClassVar[str] = "anyOf"

    def holds(self, request: RequestView) -> bool:
        for condition in self.conditions:  # noqa: SIM110  (the same)
            if condition.holds(request):
                return True
        return False


class Not(_Compound):
    """The one condition does not hold."""

    __slots__ = ()

    def holds(self, request: RequestView) -> bool:
        return not self.conditions[0].holds(request)

    def schema(self, fields: FieldTuple, *, sure: bool) -> Schema:
        return {"not": self.conditions[0].schema(fields, sure=not sure)}


def _spellings(words: tuple[str, ...], *, or_null: bool) -> Schema:
    """The words as a file may have them: digits as numbers too (rule A7), null where the default is one of them."""
    return {"enum": [*words, *(int(word) for word in words if word.isdigit()), *([None] if or_null else [])]}


ALWAYS: Final = All()
FindBreaches = Callable[[RequestView], Iterable[tuple[str, str]]]


class Rule(Record):
    """Where `when` holds, `requirement` must hold too.

    The problem stands at the first of `path` that is given, or at the first. `message` continues a sentence whose
    subject is the first of `path`, and may go on with the others ("and element_list take at most …"). With
    `drop_field` a breach is a warning and the field is left out of the request. `items` tell which item of a list is
    meant.
    """

    rule: str
    path: str | tuple[str, ...]
    message: str
    requirement: Condition
    when: Condition = ALWAYS
    drop_field: bool = False
    items: tuple[AnyItem, ...] = ()

    @property
    def severity(self) -> Severity:
        """A dropped field is worth a warning, anything else an error."""
        return "warning" if self.drop_field else "error"

    @property
    def paths(self) -> tuple[str, ...]:
        """Where its problem can stand."""
        return (self.path,) if isinstance(self.path, str) else self.path

    def problems(self, request: RequestView) -> list[Problem]:
        """The breach, if there is one and its values can be read."""
        if not request.whole and request.has_invalid((*self.when.paths_read, *self.requirement.paths_read)):
            return []
        if not self.when.holds(request) or self.requirement.holds(request):
            return []
        path = next(filter(request.has, self.paths), self.paths[0])
        message = self.message.replace(path, self.paths[0])  # the two change places where the subject is another one
        now = ", ".join(self.requirement.describe_now(request))
        item = next((path for condition in self.items for path in condition.paths_found(request)), "")
        return [Problem(path, self.rule, f"{path} {message}" + (f" ({now})" if now else ""), self.severity, item)]

    def schema(self, fields: FieldTuple) -> Schema | None:
        """JSON Schema that refuses sure breaches; None for a warning."""
        if self.drop_field:
            return None
        schema = self.requirement.schema(fields, sure=False)
        return schema if self.when is ALWAYS else {"if": self.when.schema(fields, sure=True), "then": schema}


class CustomRule(Record):
    """A rule that only code can tell: `find_breaches` yields (path, rest of the sentence) of every breach."""

    rule: str
    path: str
    message: str
    paths_read: tuple[str, ...]
    find_breaches: FindBreaches
    severity: Severity = "error"
    drop_field: bool = False

    def problems(self, request: RequestView) -> list[Problem]:
        """Every breach, if its values can be read."""
        if not request.whole and request.has_invalid(self.paths_read):
            return []
        breaches = self.find_breaches(request)
        return [Problem(path, self.rule, f"{path} {message}", self.severity) for path, message in breaches]

    def schema(self, _: FieldTuple) -> Schema | None:
        """JSON Schema has no words for it."""
        return None


AnyRule = Rule | CustomRule


def requires(rule: str, path: str | tuple[str, ...], message: str, **values: str) -> Rule:
    """The fields at `path` may only be given where the parameters named in `values` have these values."""
    when = Any(*map(Has, (path,) if isinstance(path, str) else path))
    return Rule(rule, path, message, requirement=All(*(Is(name, value) for name, value in values.items())), when=when)


def at_least_one(rule: str, names: tuple[str, ...], message: str) -> Rule:
    """One of `names` must be given; a missing alternative stands at the first."""
    return Rule(rule, names, message, requirement=Any(*map(Has, names)))


def at_most_one(rule: str, groups: tuple[tuple[str, ...], ...]) -> tuple[Rule, ...]:
    """The groups of parameters exclude one another; the problem stands at the later one."""
    rules = []
    for index, group in enumerate(groups[1:], start=1):
        earlier = tuple(name for names in groups[:index] for name in names)
        message = f"cannot be combined with {join_or(earlier)}"
        rules.append(Rule(rule, group, message, requirement=Not(Any(*map(Has, earlier))), when=Any(*map(Has, group))))
    return tuple(rules)


def same_aspect_ratio(rule: str, image: str, masks: tuple[str, ...], percent: int) -> CustomRule:
    """The media at `masks` have the aspect ratio of `image`, to so many percent, where both are known."""

    def find_breaches(request: RequestView) -> Iterator[tuple[str, str]]:
        for _, width, height in request.media_sizes(image):
            shapes = [(width, height), *([(height, width)] if _is_turned(request, image) else [])]
            for path, *sides in request.media_sizes(*masks):
                if not any(_same_ratio(sides, shape, percent) for shape in shapes):
                    sizes = f"{sides[0]} × {sides[1]} px, {image} is {width} × {height} px"
                    yield path, f"is {sizes}; a mask must have the aspect ratio of the image"

    return CustomRule(rule, " and ".join(masks), f"must have the aspect ratio of {image}", (), find_breaches)


def no_mask_on_turned(rule: str, image: str, masks: tuple[str, ...]) -> CustomRule:
    """Warn of a mask where viewers turn `image`: whether the service turns it too, nobody says."""

    def find_breaches(request: RequestView) -> Iterator[tuple[str, str]]:
        for _, width, height in request.media_sizes(image):
            if not _is_turned(request, image):
                continue
            stored, shown = f"{width} × {height} px", f"{height} × {width} px"
            for path, mask_width, mask_height in request.media_sizes(*masks):
                like = "stored" if (mask_width > mask_height) == (width > height) else "shown"
                rotation = f"that carries a rotation (EXIF): stored {stored}, shown {shown}"
                advice = "Save the image without the rotation, so that there is one way to read both"
                yield path, f"lies like the {image} as it is {like}, and {rotation}. {advice}"

    return CustomRule(rule, " and ".join(masks), f"should not meet a rotation of {image}", (), find_breaches, "warning")


def _is_turned(request: RequestView, image: str) -> bool:
    return any(isinstance(value, MediaFile) and value.turned for _, value in request.find_all(image))


def _same_ratio(sides: Sequence[int], others: Sequence[int], percent: int) -> bool:
    """Whether two rectangles, each width and height, have one aspect ratio, to so many percent."""
    return abs(sides[0] * others[1] - sides[1] * others[0]) * 100 <= percent * others[0] * sides[1]


def same_size(rule: str, paths: tuple[str, ...]) -> CustomRule:
    """All media at `paths` have one resolution, where known; the problem stands at those unlike the first."""

    def find_breaches(request: RequestView) -> Iterator[tuple[str, str]]:
        media = request.media_sizes(*paths)
        for path, width, height in media[1:]:
            first, first_width, first_height = media[0]
            if (width, height) != (first_width, first_height):
                sizes = f"{width} × {height} px, {first} is {first_width} × {first_height} px"
                yield path, f"is {sizes}; all masks must have one resolution"

    return CustomRule(rule, " and ".join(paths), "must have one and the same resolution", (), find_breaches)
