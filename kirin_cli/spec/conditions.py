"""What a cross-field law asks of a request, as data: each condition can be tried and writes itself as JSON Schema.

Its schema is either `sure` or of what may hold (see `interpolated`), so that a law refuses nothing on mere suspicion.
"""

from kirin_cli.spec.fields import Field, Schema
from kirin_cli.spec.interpolated import NO_ITEMS, NULL, PLAIN_TEXT, ZERO, any_of, member, members, none_of, within
from kirin_cli.spec.record import Record
from kirin_cli.spec.view import View, field_at

Fields = tuple[Field, ...]


class Condition:
    """Something that holds for a request or not; `reads` are the paths whose values decide it."""

    __slots__ = ()

    @property
    def reads(self) -> tuple[str, ...]:
        """Paths that must not be broken for `holds` to mean anything."""
        return ()

    def holds(self, view: View) -> bool:
        """Whether it holds for the request."""
        raise NotImplementedError

    def schema(self, fields: Fields, *, sure: bool) -> Schema:
        """JSON Schema of the `params` for which it surely, or possibly, holds."""
        raise NotImplementedError

    def now(self, view: View) -> tuple[str, ...]:
        """How things stand where it does not hold, e.g. `mode is std`."""
        return ()


class Always(Record, Condition):
    """Holds for every request."""

    def holds(self, view: View) -> bool:
        return True

    def schema(self, fields: Fields, *, sure: bool) -> Schema:
        return {}


class Has(Record, Condition):
    """The parameter is given (not null, not an empty list)."""

    path: str

    def holds(self, view: View) -> bool:
        return view.has(self.path)

    def schema(self, fields: Fields, *, sure: bool) -> Schema:
        *outer, name = self.path.split(".")
        return within(outer, member(name, none_of(NULL, NO_ITEMS, sure=sure)), sure=sure)


class Is(Record, Condition):
    """The value at `path` (or its default) is one of `wanted`."""

    path: str
    wanted: tuple[str, ...]

    def __init__(self, path: str, *wanted: str) -> None:
        Record.__init__(self, path=path, wanted=wanted)

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.path,)

    def holds(self, view: View) -> bool:
        return view.value(self.path) in self.wanted

    def schema(self, fields: Fields, *, sure: bool) -> Schema:
        by_default = field_at(fields, self.path).default in self.wanted
        *outer, name = self.path.split(".")
        words = _written(self.wanted, or_null=by_default)
        return within(outer, member(name, any_of(words, sure=sure), required=not by_default), sure=sure)

    def now(self, view: View) -> tuple[str, ...]:
        value = view.value(self.path)
        return () if value in self.wanted else (f"{self.path} is {'not given' if value is None else value}",)


class AnyItem(Record, Condition):
    """An item of the list `name` has `value` (or its default) at `key`."""

    name: str
    key: str
    value: str

    @property
    def reads(self) -> tuple[str, ...]:
        return (f"{self.name}[].{self.key}",)

    def holds(self, view: View) -> bool:
        usual = field_at(view.fields, self.reads[0]).default
        return any(isinstance(item, dict) and item.get(self.key, usual) == self.value for item in view.items(self.name))

    def schema(self, fields: Fields, *, sure: bool) -> Schema:
        by_default = field_at(fields, self.reads[0]).default == self.value
        words = any_of(_written((self.value,), or_null=by_default), sure=sure)
        item: Schema = {"type": "object", **member(self.key, words, required=not by_default)}
        bare = [PLAIN_TEXT] if by_default else []
        held: Schema = {"type": "array", "contains": any_of(item, *bare, sure=sure)}
        return member(self.name, any_of(held, sure=sure))


class AtLeast(Record, Condition):
    """The list has at least `least` items."""

    name: str
    least: int

    def holds(self, view: View) -> bool:
        return len(view.items(self.name)) >= self.least

    def schema(self, fields: Fields, *, sure: bool) -> Schema:
        return member(self.name, any_of({"type": "array", "minItems": self.least}, sure=sure))


class TogetherAtMost(Record, Condition):
    """Two lists have at most `most` items together."""

    names: tuple[str, str]
    most: int

    def holds(self, view: View) -> bool:
        return sum(len(view.items(name)) for name in self.names) <= self.most

    def schema(self, fields: Fields, *, sure: bool) -> Schema:
        upto = [any_of(NULL, {"type": "array", "maxItems": most}, sure=sure) for most in range(self.most + 1)]
        return {"anyOf": [members(self.names, pair) for pair in zip(upto, reversed(upto), strict=True)]}

    def now(self, view: View) -> tuple[str, ...]:
        return tuple(f"{name} has {len(view.items(name))}" for name in self.names)


class OneNonZero(Record, Condition):
    """The object at `group` has exactly one member that is not zero, of `names`."""

    group: str
    names: tuple[str, ...]

    @property
    def reads(self) -> tuple[str, ...]:
        return tuple(f"{self.group}.{name}" for name in self.names)

    def holds(self, view: View) -> bool:
        return len(self.now(view)) == 1

    def schema(self, fields: Fields, *, sure: bool) -> Schema:
        moves, still = none_of(NULL, ZERO, sure=sure), any_of(NULL, ZERO, sure=sure)
        ways: list[Schema] = [
            {"required": [mover], **members(self.names, [moves if name == mover else still for name in self.names])}
            for mover in self.names
        ]
        return within(self.group.split("."), {"anyOf": ways}, sure=sure)

    def now(self, view: View) -> tuple[str, ...]:
        return tuple(f"{at} is {value}" for path in self.reads for at, value in view.reach(path) if value)


class _Joined(Condition):
    __slots__ = ("parts",)

    def __init__(self, *parts: Condition) -> None:
        self.parts = parts

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.parts!r}"

    @property
    def reads(self) -> tuple[str, ...]:
        return tuple(path for part in self.parts for path in part.reads)

    def now(self, view: View) -> tuple[str, ...]:
        return tuple(words for part in self.parts if not part.holds(view) for words in part.now(view))


class All(_Joined):
    """Every part holds."""

    __slots__ = ()

    def holds(self, view: View) -> bool:
        for part in self.parts:  # noqa: SIM110  (a generator costs more than most parts)
            if not part.holds(view):
                return False
        return True

    def schema(self, fields: Fields, *, sure: bool) -> Schema:
        return {"allOf": [part.schema(fields, sure=sure) for part in self.parts]}


class Any(_Joined):
    """At least one part holds."""

    __slots__ = ()

    def holds(self, view: View) -> bool:
        for part in self.parts:  # noqa: SIM110  (the same)
            if part.holds(view):
                return True
        return False

    def schema(self, fields: Fields, *, sure: bool) -> Schema:
        return {"anyOf": [part.schema(fields, sure=sure) for part in self.parts]}


class Not(Record, Condition):
    """The part does not hold."""

    part: Condition

    @property
    def reads(self) -> tuple[str, ...]:
        return self.part.reads

    def holds(self, view: View) -> bool:
        return not self.part.holds(view)

    def schema(self, fields: Fields, *, sure: bool) -> Schema:
        return {"not": self.part.schema(fields, sure=not sure)}


def _written(words: tuple[str, ...], *, or_null: bool) -> Schema:
    """These words as they may be written: digits as numbers too (rule A7), null where the default is one of them."""
    return {"enum": [*words, *(int(word) for word in words if word.isdigit()), *([None] if or_null else [])]}
