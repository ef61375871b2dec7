"""Parameters made of parameters: objects and lists. Knows no model."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import ClassVar, Final

from kirin_cli.spec.fields import Check, Field, Schema
from kirin_cli.spec.interpolated import NULL, any_of
from kirin_cli.spec.words import counted, nearest, shown

Members = tuple[tuple[str, str, Field], ...]
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
        whole = value if isinstance(value, dict) else self.whole(value)
        if not isinstance(whole, dict):
            return check.refuse(at, self.rule, f"is {shown(value)}; it must be an object {self._shape()}")
        if self.aliases:
            self._refuse_doubles(whole, at, check)
        return check_fields(self.fields, whole, at + ".", check, self.aliases)

    def _refuse_doubles(self, value: Mapping[str, object], at: str, check: Check) -> None:
        for alias, name in self.aliases.items():
            if value.get(alias) is not None and value.get(name) is not None:
                check.refuse(f"{at}.{alias}", self.rule, f"says the same as {name}; give one of them")

    def whole(self, value: object) -> object:
        """The object that a bare value stands for (rules M1, O2); anything else as it is."""
        bare = self.bare and isinstance(value, (str, int)) and not isinstance(value, bool)
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
        if not isinstance(value, (list, tuple)):
            return check.refuse(at, self.rule, f"is {shown(value)}; it must be a list of {self.bounds()}")
        if len(value) < self.least or (self.most is not None and len(value) > self.most):
            check.refuse(at, self.rule, f"has {counted(len(value))}; it takes {self.bounds()}")
        check_item = self.of.check
        return [check_item(item, f"{at}[{index}]", check) for index, item in enumerate(value)]

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
    members, names = _members(fields)
    if not given.keys() <= names:
        _refuse_unknown(given, [*(part.name for part in fields), *aliases], at, check)
        members = _spelled(members, given, aliases)
    values = {}
    for name, spelling, part in members:
        value = given.get(spelling)
        if value is not None:
            values[name] = part.check(value, at + spelling, check)
        elif part.required:
            values[name] = check.refuse(at + name, part.rule, f"is required ({part.bounds() or part.kind})")
    return values


@cache
def _members(fields: tuple[Field, ...]) -> tuple[Members, frozenset[str]]:
    """Each field with its name and how it is spelled; and all names."""
    return tuple((part.name, part.name, part) for part in fields), frozenset(part.name for part in fields)


def _spelled(members: Members, given: Mapping[str, object], aliases: Mapping[str, str]) -> Members:
    """The same as they are spelled here."""
    spelled = {aliases.get(name, name): name for name, value in given.items() if value is not None}
    return tuple((name, spelled.get(name, name), part) for name, _, part in members)


def _refuse_unknown(given: Iterable[str], known: list[str], at: str, check: Check) -> None:
    for name in given:
        if name not in known:
            check.problems.error(f"{at}{name}", "A2", f"unknown parameter {shown(name)}{nearest(str(name), known)}")


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
