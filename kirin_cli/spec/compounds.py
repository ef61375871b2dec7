"""Parameters made of parameters: objects and lists. Knows no model."""

from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from kirin_cli.spec.fields import Check, Field, Schema
from kirin_cli.spec.interpolated import NULL, any_of
from kirin_cli.spec.words import counted, nearest, shown

NO_ALIASES: Final[Mapping[str, str]] = {}
NO_VARIANTS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {}


class Group(Field):
    """An object with fields of its own. `bare` is the field that a value without an object stands for."""

    fields: tuple[Field, ...] = ()
    bare: str = ""
    aliases: Mapping[str, str] = NO_ALIASES
    text: Callable[[str], object] | None = None
    kind: ClassVar[str] = "object"

    def check(self, value: object, at: str, check: Check) -> object:
        value = self.whole(value)
        if not isinstance(value, Mapping):
            return check.refuse(at, self.rule, f"is {shown(value)}; it must be an object {self._shape()}")
        for alias, name in self.aliases.items():
            if value.get(alias) is not None and value.get(name) is not None:
                check.refuse(f"{at}.{alias}", self.rule, f"says the same as {name}; give one of them")
        return check_fields(self.fields, value, at + ".", check, self.aliases)

    def whole(self, value: object) -> object:
        """The object that a bare value stands for (rules M1, O2); anything else as it is."""
        bare = self.bare and isinstance(value, str | int) and not isinstance(value, bool)
        return {self.bare: value} if bare else value

    def read(self, text: str) -> object:
        if text.lstrip().startswith(("{", "[")):
            import json  # noqa: PLC0415  (help reads no values)

            try:
                return json.loads(text, object_pairs_hook=_named_once)
            except (ValueError, RecursionError):
                return text
        if self.text:
            return self.text(text)
        return next((self.whole(part.read(text)) for part in self.fields if part.name == self.bare), text)

    def schema(self) -> Schema:
        bare = [_property(part, optional=False) for part in self.fields if part.name == self.bare]
        whole = object_schema(self.fields, self.aliases)
        return {"anyOf": [whole, *bare]} if bare else whole

    def _shape(self) -> str:
        return "{" + ", ".join(f"{part.name}: …" for part in self.fields) + "}"


class Many(Field):
    """A list of `least` to `most` items. `variants` are further flags whose items carry fixed members."""

    of: Group
    least: int = 0
    most: int | None = None
    variants: Mapping[str, tuple[str, Mapping[str, str]]] = NO_VARIANTS
    kind: ClassVar[str] = "list"

    def check(self, value: object, at: str, check: Check) -> object:
        if not isinstance(value, list | tuple):
            return check.refuse(at, self.rule, f"is {shown(value)}; it must be a list of {self.bounds()}")
        if len(value) < self.least or (self.most is not None and len(value) > self.most):
            check.refuse(at, self.rule, f"has {counted(len(value))}; it takes {self.bounds()}")
        return [self.of.check(item, f"{at}[{index}]", check) for index, item in enumerate(value)]

    def read(self, text: str) -> object:
        return self.of.read(text)

    def bounds(self) -> str:
        shape = "{" + ", ".join(part.name for part in self.of.fields) + "}"
        if self.most is None:
            return f"items of {shape}"
        return (
            f"{self.least}–{self.most} items of {shape}" if self.least else f"at most {counted(self.most)} of {shape}"
        )

    def schema(self) -> Schema:
        longest = {} if self.most is None else {"maxItems": self.most}
        return {"type": "array", "items": any_of(self.of.schema(), sure=False), "minItems": self.least, **longest}


def _named_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def check_fields(
    fields: tuple[Field, ...],
    given: Mapping[str, object],
    at: str,
    check: Check,
    aliases: Mapping[str, str] = NO_ALIASES,
) -> dict[str, object]:
    """Check the members of one object; a null counts as not given. Unknown names are errors (rule A2)."""
    known = [*(part.name for part in fields), *aliases]
    for name in given:
        if name not in known:
            check.problems.error(f"{at}{name}", "A2", f"unknown parameter {shown(name)}{nearest(str(name), known)}")
    spelled = {aliases.get(name, name): name for name, value in given.items() if value is not None}
    values = {}
    for part in fields:
        if part.name in spelled:
            spelling = spelled[part.name]
            values[part.name] = part.check(given[spelling], at + spelling, check)
        elif part.required:
            values[part.name] = check.refuse(at + part.name, part.rule, f"is required ({part.bounds() or part.kind})")
    return values


def object_schema(fields: tuple[Field, ...], aliases: Mapping[str, str] = NO_ALIASES) -> Schema:
    """JSON Schema of an object with these members, of which `aliases` gives other names.

    Interpolated text is accepted for any of them, and null where there is another way.
    """
    spelled = [(part, (part.name, *(alias for alias, name in aliases.items() if name == part.name))) for part in fields]
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


def _property(part: Field, *, optional: bool) -> Schema:
    accepted = any_of(part.schema(), *([NULL] if optional else []), sure=False)
    return {"description": part.help, **({} if part.default is None else {"default": part.default}), **accepted}
