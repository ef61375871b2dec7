"""A checked request as the cross-field rules read it: presence, values with their defaults, what is invalid."""

from collections.abc import Iterable
from functools import cache

from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.fields import INVALID, Field
from kirin_cli.modelspec.types import MediaFile

Pairs = list[tuple[str, object]]
"""Concrete paths with the values there."""


class RequestView:
    """`values` as the fields left them (BROKEN where refused), with the `fields` that they belong to.

    Paths are written `mode`, `camera_control.type`, `dynamic_masks[].mask`. `whole` says that no value is broken;
    `sized` is false where the size of no picture and no video is known.
    """

    __slots__ = ("_sizes", "fields", "sized", "values", "whole")

    def __init__(
        self, fields: tuple[Field, ...], values: dict[str, object], *, whole: bool = False, sized: bool = True
    ) -> None:
        self.fields = fields
        self.values = values
        self.whole = whole
        self.sized = sized
        self._sizes: dict[tuple[str, ...], list[tuple[str, int, int]]] = {}

    def has(self, path: str) -> bool:
        """Whether something was given at `path`; an empty list counts as nothing, a broken value as something."""
        if path in self.values:  # most paths are one name
            return self.values[path] != []
        return any(value != [] for _, value in self.find_all(path))

    def value(self, path: str) -> object:
        """The value at `path`, or the default that holds where none was given."""
        if path in self.values:
            return self.values[path]
        found = self.find_all(path)
        return found[0][1] if found else field_at(self.fields, path).default

    def items(self, name: str) -> list[object]:
        """The items of a list; none where it was not given or is no list."""
        found = self.find_all(name)
        return found[0][1] if found and isinstance(found[0][1], list) else []

    def find_all(self, path: str) -> Pairs:
        """Every (concrete path, value) that `path` leads to; a broken value on the way stands for all below it."""
        name, *inner = _steps(path)
        if name not in self.values:
            return []
        found = [(name, self.values[name])]
        for step in inner:
            found = [pair for at, value in found for pair in _below(at, value, step)]
        return found

    def media_sizes(self, *paths: str) -> list[tuple[str, int, int]]:
        """(concrete path, width, height) of the media at `paths`, in px, where they are known."""
        if not self.sized:
            return []
        if paths not in self._sizes:
            reached = [pair for path in paths for pair in self.find_all(path)]
            media = [(at, value.sides) for at, value in reached if isinstance(value, MediaFile)]
            self._sizes[paths] = [(at, *sides) for at, sides in media if sides]
        return self._sizes[paths]

    def has_invalid(self, paths: tuple[str, ...]) -> bool:
        """Whether a rule that reads `paths` must wait, because one of them is broken."""
        return any(value is INVALID for path in paths for _, value in self.find_all(path))


class Undecidable(Exception):
    """Only the values can tell."""


class PresenceView(RequestView):
    """A request of which only the names of what is `given` are known; nothing is broken, or an empty list.

    A rule that keeps to what is known can be decided once for all requests of this kind; else Undecidable is raised.
    """

    __slots__ = ()

    def __init__(self, fields: tuple[Field, ...], given: Iterable[str], *, sized: bool) -> None:
        super().__init__(fields, dict.fromkeys(given), whole=True, sized=sized)

    def has(self, path: str) -> bool:
        return path in self.values or super().has(path)

    def value(self, path: str) -> object:
        if path in self.values:
            raise Undecidable
        return super().value(path)

    def find_all(self, path: str) -> Pairs:
        if _steps(path)[0] in self.values:
            raise Undecidable
        return []


@cache
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.replace("[]", ".[]").split("."))


def _below(at: str, value: object, step: str) -> Pairs:
    if value is INVALID:
        return [(at, value)]
    if step == "[]" and isinstance(value, list):
        return [(f"{at}[{index}]", item) for index, item in enumerate(value)]
    if isinstance(value, dict) and step in value:
        return [(f"{at}.{step}", value[step])]
    return []


@cache
def field_at(fields: tuple[Field, ...], path: str) -> Field:
    """The field at `path`; KeyError where the spec has none."""
    name, _, rest = path.replace("[]", "").partition(".")
    found = {field.name: field for field in fields}[name]
    group = found.item if isinstance(found, ListField) else found
    return field_at(group.fields, rest) if rest and isinstance(group, ObjectField) else found
