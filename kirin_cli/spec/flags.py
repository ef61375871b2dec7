"""The flags of a model, derived from its fields: how each is spelled and where its value goes. Knows no flag parser.

Groups flatten into flags (`--camera-zoom`), lists repeat (`--image a --image b`), and the members of a list that holds
one item at most have flags of their own (`--video-refer-type`).
"""

from collections.abc import Iterator, Mapping
from typing import Final

from kirin_cli.spec.compounds import Group, Many
from kirin_cli.spec.fields import Boolean, Choice, Field, YesNo
from kirin_cli.spec.model import Model
from kirin_cli.spec.record import Record

NOTHING: Final[Mapping[str, str]] = {}


class Flag(Record):
    """One flag. `path` leads to its value in `params`, through the first item of the list `inside` where there is one.

    `adds` holds what an item that this flag appends has besides.
    """

    name: str
    path: tuple[str, ...]
    field: Field
    help: str
    short: str = ""
    adds: Mapping[str, str] = NOTHING
    inside: Many | None = None

    @property
    def spelled(self) -> str:
        """The long spelling, e.g. `--cfg-scale`."""
        return f"--{self.name}"

    @property
    def switch(self) -> bool:
        """Whether it takes no value: `--name` or `--no-name`."""
        return isinstance(self.field, Boolean | YesNo)

    @property
    def repeats(self) -> bool:
        """Whether it may be given several times."""
        return isinstance(self.field, Many)

    @property
    def choices(self) -> tuple[str, ...]:
        """The words it takes; none where it takes more than words."""
        return self.field.of if isinstance(self.field, Choice) and not self.switch else ()

    @property
    def takes_file(self) -> bool:
        """Whether a local file may stand for its value: a video is only taken by URL."""
        leaf = self.field.of.fields[0] if isinstance(self.field, Many) else self.field
        return leaf.kind == "image"


def flags_of(model: Model) -> tuple[Flag, ...]:
    """Every flag of the model's parameters, in the order of its fields."""
    return tuple(flag for part in model.fields for flag in _flags(part, "", ()))


def _flags(part: Field, prefix: str, path: tuple[str, ...], inside: Many | None = None) -> Iterator[Flag]:
    name = _name(part, prefix)
    here = (*path, part.name)
    if isinstance(part, Group):
        inner = [flag for member in part.fields for flag in _flags(member, name, here, inside)]
        if not path and name not in {flag.name for flag in inner}:
            yield Flag(name, here, part, part.help, part.short)
        yield from inner
    elif isinstance(part, Many):
        yield from _list_flags(part, name, here)
    else:
        yield Flag(name, here, part, part.help, part.short, inside=inside)


def _list_flags(part: Many, name: str, here: tuple[str, ...]) -> Iterator[Flag]:
    for variant, (says, adds) in part.variants.items():
        yield Flag(variant, here, part, says, adds=adds)
    yield Flag(name, here, part, part.help, part.short)
    if part.most == 1:
        for member in part.of.fields:
            if member.name != part.of.bare:
                yield from _flags(member, name, here, part)


def _name(part: Field, prefix: str) -> str:
    if part.flag is not None:
        return part.flag or prefix
    return f"{prefix}-{part.name}".lstrip("-").replace("_", "-")


def put(params: dict[str, object], flag: Flag, value: object) -> str:
    """Write into `params` what the flag says: text as the field reads it, or a boolean from a switch.

    A flag that repeats appends to its list; the caller clears a list that the flags replace. Returns the path written.
    """
    read = flag.field.read(value) if isinstance(value, str) else value
    if isinstance(flag.field, Many):
        return _append(params, flag, flag.field, read)
    name = flag.path[-1]
    if flag.inside is not None:
        _first_item(params, flag.path[0], flag.inside)[name] = read
        return f"{flag.path[0]}[0].{name}"
    target = params
    for step in flag.path[:-1]:
        inner = target.get(step)
        fresh = dict(inner) if isinstance(inner, Mapping) else {}
        target[step] = fresh
        target = fresh
    target[name] = read
    return ".".join(flag.path)


def _append(params: dict[str, object], flag: Flag, many: Many, read: object) -> str:
    """Append an item, or all items of a list, which only JSON can be."""
    items = _list_at(params, many.name)
    for one in read if isinstance(read, list) else [read]:
        whole = many.of.whole(one)
        items.append({**whole, **flag.adds} if isinstance(whole, dict) else whole)
    return many.name if isinstance(read, list) else f"{many.name}[{len(items) - 1}]"


def _list_at(params: dict[str, object], name: str) -> list[object]:
    held = params.get(name)
    params[name] = items = list(held) if isinstance(held, list | tuple) else []
    return items


def _first_item(params: dict[str, object], name: str, within: Many) -> dict[str, object]:
    items = _list_at(params, name)
    whole = within.of.whole(items[0]) if items else {}
    first = dict(whole) if isinstance(whole, Mapping) else {}
    items[:1] = [first]
    return first


def flag_for(flags: tuple[Flag, ...], path: str) -> Flag | None:
    """The flag that sets the value at a problem's `path` (`camera_control.config.pan`), or what holds it."""
    steps = tuple(step.partition("[")[0] for step in path.split("."))
    for length in range(len(steps), 0, -1):
        for flag in flags:
            if flag.path == steps[:length]:
                return flag
    return next((flag for flag in flags if flag.path[0] == steps[0]), None)
