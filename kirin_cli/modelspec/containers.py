"""Parameters made of parameters: objects and lists. Knows no model."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import ClassVar, Final

from kirin_cli.modelspec.fields import NULL, CheckContext, Field, Schema, any_of
from kirin_cli.modelspec.text import did_you_mean, pluralize, quote

Members = tuple[tuple[str, str, Field], ...]
NO_ALIASES: Final[Mapping[str, str]] = {}
NO_VARIANTS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {}


class ObjectField(Field):
    """An object with fields of its own. `bare` is the field that a value without an object stands for."""

    fields: tuple[Field, ...] = ()
    shorthand_field: str = ""
    aliases: Mapping[str, str] = NO_ALIASES
    text: Callable[[str], object] | None = None
    kind: ClassVar[str] = "object"

    def check(self, value: object, at: str, context: CheckContext) -> object:
        whole = value if isinstance(value, dict) else self.expand_shorthand(value)
        if not isinstance(whole, dict):
            return context.add_problem(at, self.rule, f"is {quote(value)}; it must be an object {self._shape()}")
        if self.aliases:
            self._refuse_doubles(whole, at, context)
        return check_fields(self.fields, whole, at + ".", context, self.aliases)

    def _refuse_doubles(self, value: Mapping[str, object], at: str, context: CheckContext) -> None:
        for alias, name in self.aliases.items():
            if value.get(alias) is not None and value.get(name) is not None:
                context.add_problem(f"{at}.{alias}", self.rule, f"says the same as {name}; give one of them")

    def expand_shorthand(self, value: object) -> object:
        """The object that a bare value stands for (rules M1, O2); anything else as it is."""
        bare = self.shorthand_field and isinstance(value, (str, int)) and not isinstance(value, bool)
        return {self.shorthand_field: value} if bare else value

    def read(self, text: str) -> object:
        if text.lstrip().startswith(("{", "[")):
            import json  # noqa: PLC0415  (help reads no values)

            try:
                return json.loads(text, object_pairs_hook=_reject_duplicate_keys)
            except (ValueError, RecursionError):
                return text
        if self.text:
            return self.text(text)
        return next(
            (self.expand_shorthand(field.read(text)) for field in self.fields if field.name == self.shorthand_field),
            text,
        )

    def schema(self) -> Schema:
        bare = [_property(field, optional=False) for field in self.fields if field.name == self.shorthand_field]
        whole = object_schema(self.fields, self.aliases)
        return {"anyOf": [whole, *bare]} if bare else whole

    def _shape(self) -> str:
        return "{" + ", ".join(f"{field.name}: …" for field in self.fields) + "}"


class ListField(Field):
    """A list of `min_items` to `max_items` items. `variants` are further flags whose items carry fixed members."""

    item: ObjectField
    min_items: int = 0
    max_items: int | None = None
    variants: Mapping[str, tuple[str, Mapping[str, str]]] = NO_VARIANTS
    kind: ClassVar[str] = "list"

    def check(self, value: object, at: str, context: CheckContext) -> object:
        if not isinstance(value, (list, tuple)):
            return context.add_problem(
                at, self.rule, f"is {quote(value)}; it must be a list of {self.describe_bounds()}"
            )
        if len(value) < self.min_items or (self.max_items is not None and len(value) > self.max_items):
            context.add_problem(at, self.rule, f"has {pluralize(len(value))}; it takes {self.describe_bounds()}")
        check_item = self.item.check
        return [check_item(item, f"{at}[{index}]", context) for index, item in enumerate(value)]

    def read(self, text: str) -> object:
        return self.item.read(text)

    def describe_bounds(self) -> str:
        shape = "{" + ", ".join(field.name for field in self.item.fields) + "}"
        if self.max_items is None:
            return f"items of {shape}"
        return (
            f"{self.min_items}–{self.max_items} items of {shape}"
            if self.min_items
            else f"at most {pluralize(self.max_items)} of {shape}"
        )

    def schema(self) -> Schema:
        longest = {} if self.max_items is None else {"maxItems": self.max_items}
        return {"type": "array", "items": any_of(self.item.schema(), sure=False), "minItems": self.min_items, **longest}


def _reject_duplicate_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def check_fields(
    fields: tuple[Field, ...],
    given: Mapping[str, object],
    at: str,
    context: CheckContext,
    aliases: Mapping[str, str] = NO_ALIASES,
) -> dict[str, object]:
    """Check the members of one object; a null counts as not given. Unknown names are errors (rule A2)."""
    members, names = _members(fields)
    if not given.keys() <= names:
        _refuse_unknown(given, [*(field.name for field in fields), *aliases], at, context)
        members = _spelled(members, given, aliases)
    values = {}
    for name, spelling, part in members:
        value = given.get(spelling)
        if value is not None:
            values[name] = part.check(value, at + spelling, context)
        elif part.required:
            values[name] = context.add_problem(
                at + name, part.rule, f"is required ({part.describe_bounds() or part.kind})"
            )
    return values


@cache
def _members(fields: tuple[Field, ...]) -> tuple[Members, frozenset[str]]:
    """Each field with its name and how it is spelled; and all names."""
    return tuple((field.name, field.name, field) for field in fields), frozenset(part.name for part in fields)


def _spelled(members: Members, values: Mapping[str, object], aliases: Mapping[str, str]) -> Members:
    """The same as they are spelled here."""
    spelled = {aliases.get(name, name): name for name, value in values.items() if value is not None}
    return tuple((name, spelled.get(name, name), part) for name, _, part in members)


def _refuse_unknown(given: Iterable[str], known: list[str], at: str, context: CheckContext) -> None:
    for name in given:
        if name not in known:
            context.problems.error(
                f"{at}{name}", "A2", f"unknown parameter {quote(name)}{did_you_mean(str(name), known)}"
            )


def object_schema(fields: tuple[Field, ...], aliases: Mapping[str, str] = NO_ALIASES) -> Schema:
    """JSON Schema of an object with these members, of which `aliases` gives other names.

    Interpolated text is accepted for any of them, and null where there is another way.
    """
    spelled = [
        (field, (field.name, *(alias for alias, name in aliases.items() if name == field.name))) for field in fields
    ]
    either = [
        {"anyOf": [{"required": [name]} for name in names]}
        for part, names in spelled
        if part.required and len(names) > 1
    ]
    return {
        "type": "object",
        "properties": {
            name: _property(part, optional=not part.required or len(names) > 1)
            for part, names in spelled
            for name in names
        },
        "required": [part.name for part, names in spelled if part.required and len(names) == 1],
        "additionalProperties": False,
        **({"allOf": either} if either else {}),
    }


def _property(field: Field, *, optional: bool) -> Schema:
    accepted = any_of(field.schema(), *([NULL] if optional else []), sure=False)
    return {"description": field.help, **({} if field.default is None else {"default": field.default}), **accepted}
