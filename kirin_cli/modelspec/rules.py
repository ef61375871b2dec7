"""Cross-field rules: conditions on a request as data, each with its JSON Schema. Knows no model."""

from collections.abc import Callable, Iterable
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
from kirin_cli.modelspec.types import Problem, Severity

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
    """The value at `path` (or its default) is one of `values`, as they are sent."""

    path: str
    values: tuple[str | float, ...]

    def __init__(self, path: str, *values: str | float) -> None:
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


class Within(Record, Condition):
    """The number at `path` (or its default) is from `minimum` to `maximum`, None for no bound; or there is none."""

    path: str
    minimum: float | None
    maximum: float | None

    @property
    def paths_read(self) -> tuple[str, ...]:
        return (self.path,)

    def holds(self, request: RequestView) -> bool:
        value = request.value(self.path)
        number = float(value) if isinstance(value, str | int | float) else 0.0
        at_least = self.minimum is None or number >= self.minimum
        return value is None or (at_least and (self.maximum is None or number <= self.maximum))

    def schema(self, fields: FieldTuple, *, sure: bool) -> Schema:
        bounds = {"minimum": self.minimum, "maximum": self.maximum}
        number: Schema = {"type": "number", **{name: bound for name, bound in bounds.items() if bound is not None}}
        *outer, name = self.path.split(".")
        text: Schema = {"type": "string"}  # of a number; which one, no schema tells
        values = any_of(number, NULL, *([] if sure else [text]), sure=sure)
        return nested_members(outer, member_schema(name, values, required=False), sure=sure)

    def describe_now(self, request: RequestView) -> tuple[str, ...]:
        return (f"{self.path} is {request.value(self.path)}",)


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


def _spellings(values: tuple[str | float, ...], *, or_null: bool) -> Schema:
    """The values as a file may have them: digits as numbers too (rule A7), null where the default is one of them.

    Of what is sent as a number, its text too.
    """
    more = [int(value) if isinstance(value, str) else f"{value}" for value in values if _has_two_spellings(value)]
    return {"enum": [*values, *more, *([None] if or_null else [])]}


def _has_two_spellings(value: str | float) -> bool:
    return value.isdigit() if isinstance(value, str) else not isinstance(value, bool)


ALWAYS: Final = All()
FindBreaches = Callable[[RequestView], Iterable[tuple[str, str]]]


class Rule(Record):
    """Where `when` holds, `requirement` must hold too.

    The problem stands at the first of `path` that is given, or at the first. `message` continues a sentence whose
    subject is the first of `path`, and may go on with the others ("and element_list take at most …"). With
    `drop_field` a breach is a warning and the field is left out of the request. `items` tell which item of a list is
    meant; `advice` stands behind a breach in brackets, and not in the rule itself.
    """

    rule: str
    path: str | tuple[str, ...]
    message: str
    requirement: Condition
    when: Condition = ALWAYS
    drop_field: bool = False
    items: tuple[AnyItem, ...] = ()
    advice: str = ""

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
        now = ", ".join((*self.requirement.describe_now(request), *filter(None, [self.advice])))
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


def requires(rule: str, path: str | tuple[str, ...], message: str, **values: str | float) -> Rule:
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
