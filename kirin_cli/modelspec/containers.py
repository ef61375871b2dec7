"""Parameters made of parameters: objects and lists. Knows no model."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import ClassVar, Final

from kirin_cli.modelspec.fields import NULL, CheckContext, Field, Schema, any_of, whole_number
from kirin_cli.modelspec.text import did_you_mean, pluralize, quote
from kirin_cli.modelspec.types import Problem

Members = tuple[tuple[str, str, Field], ...]
NO_ALIASES: Final[Mapping[str, str]] = {}
NO_VARIANTS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {}


class ObjectField(Field):
    """An object with fields of its own. `shorthand_field` is the one that a value without an object stands for."""

    fields: tuple[Field, ...] = ()
    shorthand_field: str = ""
    aliases: Mapping[str, str] = NO_ALIASES
    text: Callable[[str], object] | None = None
    kind: ClassVar[str] = "object"

    def check(self, value: object, path: str, context: CheckContext) -> object:
        members = value if isinstance(value, dict) else self.expand_shorthand(value)
        if not isinstance(members, dict):
            shape = ", ".join(f"{field.name}: …" for field in self.fields)
            return context.add_problem(path, self.rule, f"is {quote(value)}; it must be an object {{{shape}}}")
        if self.aliases:
            for alias, name in self.aliases.items():
                if members.get(alias) is not None and members.get(name) is not None:
                    message = f"says the same as {name}; give one of them"
                    context.add_problem(f"{path}.{alias}", self.rule, message)
        return check_fields(self.fields, members, path + ".", context, self.aliases)

    def expand_shorthand(self, value: object) -> object:
        """The object that a bare value stands for (rules M1, O2); anything else as it is."""
        value = whole_number(value)
        shorthand = self.shorthand_field and isinstance(value, (str, int)) and not isinstance(value, bool)
        return {self.shorthand_field: value} if shorthand else value

    def read(self, text: str) -> object:
        if text.lstrip().startswith(("{", "[")):
            from kirin_cli.json_text import parse_json  # noqa: PLC0415  (help reads no values)

            try:
                return parse_json(text)
            except ValueError:
                return text
        if self.text:
            return self.text(text)
        return next(
            (self.expand_shorthand(field.read(text)) for field in self.fields if field.name == self.shorthand_field),
            text,
        )

    def schema(self) -> Schema:
        shorthand = [_property(field, optional=False) for field in self.fields if field.name == self.shorthand_field]
        members = object_schema(self.fields, self.aliases)
        return {"anyOf": [members, *shorthand]} if shorthand else members


class ListField(Field):
    """A list of `min_items` to `max_items` items: objects, or plain values.

    `variants` are further flags whose items carry fixed members.
    """

    item: Field
    min_items: int = 0
    max_items: int | None = None
    variants: Mapping[str, tuple[str, Mapping[str, str]]] = NO_VARIANTS
    kind: ClassVar[str] = "list"

    def check(self, value: object, path: str, context: CheckContext) -> object:
        if not isinstance(value, (list, tuple)):
            return context.add_problem(
                path, self.rule, f"is {quote(value)}; it must be a list of {self.describe_bounds()}"
            )
        number = len(value)
        if number < self.min_items or (self.max_items is not None and number > self.max_items):
            context.add_problem(path, self.rule, f"has {pluralize(len(value))}; it takes {self.describe_bounds()}")
        check_item = self.item.check
        return [check_item(item, f"{path}[{index}]", context) for index, item in enumerate(value)]

    def read(self, text: str) -> object:
        return self.item.read(text)

    @property
    def members(self) -> tuple[Field, ...]:
        """What an item is made of; nothing where items are plain values."""
        return self.item.fields if isinstance(self.item, ObjectField) else ()

    @property
    def shorthand_field(self) -> str:
        """The member that an item without an object stands for; "" for none."""
        return self.item.shorthand_field if isinstance(self.item, ObjectField) else ""

    def expand_shorthand(self, value: object) -> object:
        """An item, in full where it is an object for which a bare value stands."""
        return self.item.expand_shorthand(value) if isinstance(self.item, ObjectField) else value

    def describe_bounds(self) -> str:
        is_plain = not isinstance(self.item, ObjectField)
        shape = self.item.kind if is_plain else "{" + ", ".join(field.name for field in self.members) + "}"
        if self.max_items is None:
            return f"items of {shape}"
        if self.min_items:
            return f"{self.min_items}–{self.max_items} items of {shape}"
        return f"at most {pluralize(self.max_items)} of {shape}"

    def schema(self) -> Schema:
        maximum = {} if self.max_items is None else {"maxItems": self.max_items}
        return {"type": "array", "items": any_of(self.item.schema(), sure=False), "minItems": self.min_items, **maximum}


def check_fields(
    fields: tuple[Field, ...],
    values: Mapping[str, object],
    prefix: str,
    context: CheckContext,
    aliases: Mapping[str, str] = NO_ALIASES,
) -> dict[str, object]:
    """Check the members of one object; a null counts as not given. Unknown names are errors (rule A2)."""
    members, names = _members(fields)
    if not values.keys() <= names:
        known = [*(field.name for field in fields), *aliases]
        for name in values:
            if name not in known:
                message = f"unknown parameter {quote(name)}{did_you_mean(str(name), known)}"
                context.problems.append(Problem(f"{prefix}{name}", "A2", message))
        spellings = {aliases.get(name, name): name for name, value in values.items() if value is not None}
        members = tuple((name, spellings.get(name, name), field) for name, _, field in members)
    checked = {}
    for name, spelling, field in members:
        value = values.get(spelling)
        if value is not None:
            checked[name] = field.check(value, prefix + spelling, context)
        elif field.required:
            message = f"is required ({field.describe_bounds() or field.kind})"
            checked[name] = context.add_problem(prefix + name, field.rule, message)
    return checked


@cache
def _members(fields: tuple[Field, ...]) -> tuple[Members, frozenset[str]]:
    """Each field with its name and how it is spelled; and all names."""
    return tuple((field.name, field.name, field) for field in fields), frozenset(field.name for field in fields)


def object_schema(fields: tuple[Field, ...], aliases: Mapping[str, str] = NO_ALIASES) -> Schema:
    """JSON Schema of an object with these members, of which `aliases` gives other names.

    Interpolated text is accepted for any of them, and null where there is another way.
    """
    spellings = [
        (field, (field.name, *(alias for alias, name in aliases.items() if name == field.name))) for field in fields
    ]
    alternatives = [
        {"anyOf": [{"required": [name]} for name in names]}
        for field, names in spellings
        if field.required and len(names) > 1
    ]
    return {
        "type": "object",
        "properties": {
            name: _property(field, optional=not field.required or len(names) > 1)
            for field, names in spellings
            for name in names
        },
        "required": [field.name for field, names in spellings if field.required and len(names) == 1],
        "additionalProperties": False,
        **({"allOf": alternatives} if alternatives else {}),
    }


def _property(field: Field, *, optional: bool) -> Schema:
    accepted = any_of(field.schema(), *([NULL] if optional else []), sure=False)
    return {
        "description": field.describe(),
        **({} if field.default is None else {"default": field.default}),
        **accepted,
    }
