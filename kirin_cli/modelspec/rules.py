"""Cross-field rules: conditions on a request as data, each with its JSON Schema. Knows no model."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from kirin_cli.modelspec.fields import (
    NO_ITEMS,
    NULL,
    PLAIN_TEXT,
    ZERO,
    Field,
    Schema,
    any_of,
    member_schema,
    members_schema,
    nested_members,
    none_of,
)
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.request import RequestView, field_at
from kirin_cli.modelspec.text import join_or
from kirin_cli.modelspec.types import Problem, Severity

FieldTuple = tuple[Field, ...]


class Condition:
    """Something that holds for a request or not; `reads` are the paths whose values decide it."""

    __slots__ = ()

    @property
    def paths_read(self) -> tuple[str, ...]:
        """Paths that must not be broken for `holds` to mean anything."""
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


class Always(Record, Condition):
    """Holds for every request."""

    def holds(self, request: RequestView) -> bool:
        return True

    def schema(self, fields: FieldTuple, *, sure: bool) -> Schema:
        return {}


class Has(Record, Condition):
    """The parameter is given (not null, not an empty list)."""

    path: str

    def holds(self, request: RequestView) -> bool:
        return request.has(self.path)

    def schema(self, fields: FieldTuple, *, sure: bool) -> Schema:
        *outer, name = self.path.split(".")
        return nested_members(outer, member_schema(name, none_of(NULL, NO_ITEMS, sure=sure)), sure=sure)


class Is(Record, Condition):
    """The value at `path` (or its default) is one of `wanted`."""

    path: str
    wanted: tuple[str, ...]

    def __init__(self, path: str, *wanted: str) -> None:
        Record.__init__(self, path=path, wanted=wanted)

    @property
    def paths_read(self) -> tuple[str, ...]:
        return (self.path,)

    def holds(self, request: RequestView) -> bool:
        return request.value(self.path) in self.wanted

    def schema(self, fields: FieldTuple, *, sure: bool) -> Schema:
        by_default = field_at(fields, self.path).default in self.wanted
        *outer, name = self.path.split(".")
        words = _written(self.wanted, or_null=by_default)
        return nested_members(outer, member_schema(name, any_of(words, sure=sure), required=not by_default), sure=sure)

    def describe_now(self, request: RequestView) -> tuple[str, ...]:
        value = request.value(self.path)
        return () if value in self.wanted else (f"{self.path} is {'not given' if value is None else value}",)


class AnyItem(Record, Condition):
    """An item of the list `name` has `value` (or its default) at `key`."""

    name: str
    key: str
    value: str

    @property
    def paths_read(self) -> tuple[str, ...]:
        return (f"{self.name}[].{self.key}",)

    def holds(self, request: RequestView) -> bool:
        default = field_at(request.fields, self.paths_read[0]).default
        return any(
            isinstance(item, dict) and item.get(self.key, default) == self.value for item in request.items(self.name)
        )

    def schema(self, fields: FieldTuple, *, sure: bool) -> Schema:
        by_default = field_at(fields, self.paths_read[0]).default == self.value
        words = any_of(_written((self.value,), or_null=by_default), sure=sure)
        item: Schema = {"type": "object", **member_schema(self.key, words, required=not by_default)}
        bare = [PLAIN_TEXT] if by_default else []
        held: Schema = {"type": "array", "contains": any_of(item, *bare, sure=sure)}
        return member_schema(self.name, any_of(held, sure=sure))


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
        upto = [any_of(NULL, {"type": "array", "maxItems": most}, sure=sure) for most in range(self.max_items + 1)]
        return {"anyOf": [members_schema(self.names, pair) for pair in zip(upto, reversed(upto), strict=True)]}

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
        moves, still = none_of(NULL, ZERO, sure=sure), any_of(NULL, ZERO, sure=sure)
        ways: list[Schema] = [
            {
                "required": [mover],
                **members_schema(self.names, [moves if name == mover else still for name in self.names]),
            }
            for mover in self.names
        ]
        return nested_members(self.group.split("."), {"anyOf": ways}, sure=sure)

    def describe_now(self, request: RequestView) -> tuple[str, ...]:
        return tuple(f"{at} is {value}" for path in self.paths_read for at, value in request.find_all(path) if value)


class _Joined(Condition):
    __slots__ = ("parts",)

    def __init__(self, *parts: Condition) -> None:
        self.parts = parts

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.parts!r}"

    @property
    def paths_read(self) -> tuple[str, ...]:
        return tuple(path for part in self.parts for path in part.paths_read)

    def describe_now(self, request: RequestView) -> tuple[str, ...]:
        return tuple(words for part in self.parts if not part.holds(request) for words in part.describe_now(request))


class All(_Joined):
    """Every part holds."""

    __slots__ = ()

    def holds(self, request: RequestView) -> bool:
        for part in self.parts:  # noqa: SIM110  (a generator costs more than most parts)
            if not part.holds(request):
                return False
        return True

    def schema(self, fields: FieldTuple, *, sure: bool) -> Schema:
        return {"allOf": [part.schema(fields, sure=sure) for part in self.parts]}


class Any(_Joined):
    """At least one part holds."""

    __slots__ = ()

    def holds(self, request: RequestView) -> bool:
        for part in self.parts:  # noqa: SIM110  (the same)
            if part.holds(request):
                return True
        return False

    def schema(self, fields: FieldTuple, *, sure: bool) -> Schema:
        return {"anyOf": [part.schema(fields, sure=sure) for part in self.parts]}


class Not(Record, Condition):
    """The part does not hold."""

    part: Condition

    @property
    def paths_read(self) -> tuple[str, ...]:
        return self.part.paths_read

    def holds(self, request: RequestView) -> bool:
        return not self.part.holds(request)

    def schema(self, fields: FieldTuple, *, sure: bool) -> Schema:
        return {"not": self.part.schema(fields, sure=not sure)}


def _written(words: tuple[str, ...], *, or_null: bool) -> Schema:
    """These words as they may be written: digits as numbers too (rule A7), null where the default is one of them."""
    return {"enum": [*words, *(int(word) for word in words if word.isdigit()), *([None] if or_null else [])]}


ALWAYS_TRUE: Final = Always()
FindBreaches = Callable[[RequestView], Iterable[tuple[str, str]]]


class Rule(Record):
    """Where `when` holds, `requirement` must hold too.

    The problem stands at the first path of `path` that is given, or at the first. `message` continues a sentence whose
    subject is the first path, and may go on with the others ("and element_list take at most …"). With `drop_field` a
    breach is a warning and the field is left out of the request.
    """

    rule: str
    path: str | tuple[str, ...]
    message: str
    requirement: Condition
    when: Condition = ALWAYS_TRUE
    drop_field: bool = False

    @property
    def reads(self) -> tuple[str, ...]:
        """The paths whose values decide."""
        return (*self.when.paths_read, *self.requirement.paths_read)

    @property
    def severity(self) -> Severity:
        """A dropped field is worth a warning, anything else an error."""
        return "warning" if self.drop_field else "error"

    def problems(self, request: RequestView) -> list[Problem]:
        """The breach, if there is one and its values can be read."""
        if (
            (not request.whole and request.has_invalid(self.reads))
            or not self.when.holds(request)
            or self.requirement.holds(request)
        ):
            return []
        at = next(filter(request.has, self.paths), self.paths[0])
        says = self.message.replace(at, self.paths[0])  # the two change places where the subject is another one
        now = ", ".join(self.requirement.describe_now(request))
        return [Problem(at, self.rule, f"{at} {says}" + (f" ({now})" if now else ""), self.severity)]

    @property
    def paths(self) -> tuple[str, ...]:
        """Where its problem can stand."""
        return (self.path,) if isinstance(self.path, str) else self.path

    def schema(self, fields: FieldTuple) -> Schema | None:
        """JSON Schema that refuses sure breaches; None for a warning."""
        if self.drop_field:
            return None
        need = self.requirement.schema(fields, sure=False)
        return need if isinstance(self.when, Always) else {"if": self.when.schema(fields, sure=True), "then": need}


class CustomRule(Record):
    """A rule that only code can find: `finds` yields (path, rest of the sentence) of every breach."""

    rule: str
    path: str
    message: str
    reads: tuple[str, ...]
    find_breaches: FindBreaches
    severity: Severity = "error"
    drop_field: bool = False

    def problems(self, request: RequestView) -> list[Problem]:
        """Every breach, if its values can be read."""
        if not request.whole and request.has_invalid(self.reads):
            return []
        return [Problem(at, self.rule, f"{at} {words}", self.severity) for at, words in self.find_breaches(request)]

    def schema(self, _: FieldTuple) -> Schema | None:
        """JSON Schema has no words for it."""
        return None


AnyRule = Rule | CustomRule


def requires(rule: str, at: str | tuple[str, ...], says: str, **wanted: str) -> Rule:
    """The fields at `at` may only be given where the parameters named in `wanted` have these values."""
    places = (at,) if isinstance(at, str) else at
    given = Any(*(Has(name) for name in places))
    return Rule(rule, at, says, requirement=All(*(Is(name, value) for name, value in wanted.items())), when=given)


def at_least_one(rule: str, names: tuple[str, ...], says: str) -> Rule:
    """One of `names` must be given; a missing alternative stands at the first."""
    return Rule(rule, names, says, requirement=Any(*(Has(name) for name in names)))


def at_most_one(rule: str, groups: tuple[tuple[str, ...], ...]) -> tuple[Rule, ...]:
    """The groups of parameters exclude one another; the problem stands at the later one."""
    laws = []
    for index, group in enumerate(groups[1:], start=1):
        earlier = tuple(name for names in groups[:index] for name in names)
        given, excluded = (Any(*(Has(name) for name in names)) for names in (group, earlier))
        laws.append(
            Rule(rule, group, f"cannot be combined with {join_or(earlier)}", requirement=Not(excluded), when=given)
        )
    return tuple(laws)


def same_aspect_ratio(rule: str, image: str, masks: tuple[str, ...], percent: int) -> CustomRule:
    """The media at `masks` have the aspect ratio of `image`, to so many percent, where both are known."""

    def finds(request: RequestView) -> Iterator[tuple[str, str]]:
        for _, width, height in request.media_sizes(image):
            for at, wide, high in request.media_sizes(*masks):
                if abs(wide * height - width * high) * 100 > percent * width * high:
                    sizes = f"{wide} × {high} px, {image} is {width} × {height} px"
                    yield at, f"is {sizes}; a mask must have the aspect ratio of the image"

    return CustomRule(rule, " and ".join(masks), f"must have the aspect ratio of {image}", (), finds)


def same_size(rule: str, paths: tuple[str, ...]) -> CustomRule:
    """All media at `paths` have one resolution, where known; the problem stands at those unlike the first."""

    def finds(request: RequestView) -> Iterator[tuple[str, str]]:
        masks = request.media_sizes(*paths)
        for at, wide, high in masks[1:]:
            first, width, height = masks[0]
            if (wide, high) != (width, height):
                sizes = f"{wide} × {high} px, {first} is {width} × {height} px"
                yield at, f"is {sizes}; all masks must have one resolution"

    return CustomRule(rule, " and ".join(paths), "must have one and the same resolution", (), finds)
