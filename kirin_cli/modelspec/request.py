"""A checked request as the cross-field rules read it: presence, values with their defaults, what is invalid."""

from dataclasses import dataclass, field
from functools import cache

from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.fields import INVALID, Field
from kirin_cli.modelspec.types import MediaFile

Pairs = list[tuple[str, object]]
"""Concrete paths with the values there."""


@dataclass(slots=True)
class RequestView:
    """`values` as the fields left them (INVALID where refused), with the `fields` that they belong to.

    Paths are written `mode`, `camera_control.type`, `dynamic_masks[].mask`. `whole` says that no value is invalid;
    `sized` is false where the size of no picture and no video is known.
    """

    fields: tuple[Field, ...]
    values: dict[str, object]
    whole: bool = field(default=False, kw_only=True)
    sized: bool = field(default=True, kw_only=True)
    _sizes: dict[tuple[str, ...], list[tuple[str, int, int]]] = field(default_factory=dict, init=False)

    def has(self, path: str) -> bool:
        """Whether something was given at `path`; an empty list counts as nothing, an invalid value as something."""
        if path in self.values:  # most paths are one name
            value = self.values[path]
            return not isinstance(value, list) or bool(value)
        return any(value != [] for _, value in self.find_all(path))

    def value(self, path: str) -> object:
        """The value at `path`, or the default that holds where none was given."""
        if path in self.values:
            return self.values[path]
        pairs = self.find_all(path)
        return pairs[0][1] if pairs else field_at(self.fields, path).default

    def items(self, name: str) -> list[object]:
        """The items of a list; none where it was not given or is no list."""
        pairs = self.find_all(name)
        return pairs[0][1] if pairs and isinstance(pairs[0][1], list) else []

    def find_all(self, path: str) -> Pairs:
        """Every (concrete path, value) that `path` leads to; an invalid value on the way stands for all below it."""
        if path in self.values:  # the same
            return [(path, self.values[path])]
        name, *inner = _steps(path)
        if name not in self.values:
            return []
        pairs = [(name, self.values[name])]
        for step in inner:
            below: Pairs = []
            for parent, value in pairs:
                if step == "[]" and isinstance(value, list):
                    below += [(f"{parent}[{index}]", item) for index, item in enumerate(value)]
                elif isinstance(value, dict) and step in value:
                    below.append((f"{parent}.{step}", value[step]))
                elif value is INVALID:
                    below.append((parent, value))
            pairs = below
        return pairs

    def media_sizes(self, *paths: str) -> list[tuple[str, int, int]]:
        """(concrete path, width, height) of the media at `paths`, in px, where they are known."""
        if not self.sized:
            return []
        if paths not in self._sizes:
            self._sizes[paths] = [
                (concrete, *sides)
                for path in paths
                for concrete, value in self.find_all(path)
                if isinstance(value, MediaFile) and (sides := value.sides)
            ]
        return self._sizes[paths]

    def has_invalid(self, paths: tuple[str, ...]) -> bool:
        """Whether a rule that reads `paths` must wait, because one of them is invalid."""
        return any(value is INVALID for path in paths for _, value in self.find_all(path))


class Undecidable(Exception):
    """Only the values can tell."""


class PresenceView(RequestView):
    """A request of which only the names of what is given are known: all values are None, and none is invalid.

    A rule that keeps to what is known can be decided once for all requests of this kind; else Undecidable is raised.
    """

    __slots__ = ()

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


@cache
def field_at(fields: tuple[Field, ...], path: str) -> Field:
    """The field at `path`; KeyError where the model has none."""
    name, _, rest = path.replace("[]", "").partition(".")
    parameter = {parameter.name: parameter for parameter in fields}[name]
    group = parameter.item if isinstance(parameter, ListField) else parameter
    return field_at(group.fields, rest) if rest and isinstance(group, ObjectField) else parameter
