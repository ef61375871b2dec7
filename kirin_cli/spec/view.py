"""A checked request as the cross-field laws read it: presence, values with their defaults, what is broken."""

from collections.abc import Iterator, Mapping

from kirin_cli.spec.compounds import Group, Many
from kirin_cli.spec.fields import BROKEN, Field
from kirin_cli.spec.medium import Medium


class View:
    """`values` as the fields left them (BROKEN where refused), with the `fields` that they belong to.

    Paths are written `mode`, `camera_control.type`, `dynamic_masks[].mask`.
    """

    __slots__ = ("fields", "values")

    def __init__(self, fields: tuple[Field, ...], values: Mapping[str, object]) -> None:
        self.fields = fields
        self.values = values

    def has(self, path: str) -> bool:
        """Whether something was given at `path`; an empty list counts as nothing, a broken value as something."""
        return any(value != [] for _, value in self.reach(path))

    def value(self, path: str) -> object:
        """The value at `path`, or the default that holds where none was given."""
        found = self.reach(path)
        return found[0][1] if found else field_at(self.fields, path).default

    def items(self, name: str) -> list[object]:
        """The items of a list; none where it was not given or is no list."""
        items = self.values.get(name)
        return items if isinstance(items, list) else []

    def reach(self, path: str) -> list[tuple[str, object]]:
        """Every (concrete path, value) that `path` leads to; a broken value on the way stands for all below it."""
        found: list[tuple[str, object]] = [("", self.values)]
        for step in path.replace("[]", ".[]").split("."):
            found = [pair for at, value in found for pair in _step(at, value, step)]
        return found

    def sizes(self, *paths: str) -> list[tuple[str, int, int]]:
        """(concrete path, width, height) of the media at `paths`, in px, where they are known."""
        media = ((at, value) for path in paths for at, value in self.reach(path) if isinstance(value, Medium))
        return [(at, *medium.sides) for at, medium in media if medium.sides]

    def spoiled(self, paths: tuple[str, ...]) -> bool:
        """Whether a law that reads `paths` must wait, because one of them is broken."""
        return any(value is BROKEN for path in paths for _, value in self.reach(path))


def _step(at: str, value: object, step: str) -> Iterator[tuple[str, object]]:
    if value is BROKEN:
        yield at, value
    elif step == "[]" and isinstance(value, list):
        yield from ((f"{at}[{index}]", item) for index, item in enumerate(value))
    elif isinstance(value, Mapping) and step in value:
        yield f"{at}.{step}".lstrip("."), value[step]


def field_at(fields: tuple[Field, ...], path: str) -> Field:
    """The field at `path`; KeyError where the spec has none."""
    name, _, rest = path.replace("[]", "").partition(".")
    found = {part.name: part for part in fields}[name]
    group = found.of if isinstance(found, Many) else found
    return field_at(group.fields, rest) if rest and isinstance(group, Group) else found
