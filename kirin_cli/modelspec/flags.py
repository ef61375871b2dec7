"""The flags of a model, derived from its fields: how each is spelled and where its value goes. Knows no flag parser."""

from collections.abc import Iterator, Mapping
from typing import Final

from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.fields import Boolean, Choice, Field, YesNo
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.record import Record

NO_MEMBERS: Final[Mapping[str, str]] = {}


class Flag(Record):
    """One flag. `path` leads to its value in `params`, through the first item of the list `inside` where there is one.

    `adds` holds what an item that this flag appends has besides.
    """

    name: str
    path: tuple[str, ...]
    field: Field
    help: str
    short: str = ""
    fixed_members: Mapping[str, str] = NO_MEMBERS
    parent_list: ListField | None = None

    @property
    def option(self) -> str:
        """The long spelling, e.g. `--cfg-scale`."""
        return f"--{self.name}"

    @property
    def is_switch(self) -> bool:
        """Whether it takes no value: `--name` or `--no-name`."""
        return isinstance(self.field, Boolean | YesNo)

    @property
    def repeats(self) -> bool:
        """Whether it may be given several times."""
        return isinstance(self.field, ListField)

    @property
    def choices(self) -> tuple[str, ...]:
        """The words it takes; none where it takes more than words."""
        return self.field.options if isinstance(self.field, Choice) and not self.is_switch else ()

    @property
    def takes_file(self) -> bool:
        """Whether a local file may stand for its value: a video is only taken by URL."""
        leaf = self.field.item.fields[0] if isinstance(self.field, ListField) else self.field
        return leaf.kind == "image"


def model_flags(model: Model) -> tuple[Flag, ...]:
    """Every flag of the model's parameters, in the order of its fields."""
    return tuple(flag for field in model.fields for flag in _flags(field, "", ()))


def _flags(field: Field, prefix: str, path: tuple[str, ...], inside: ListField | None = None) -> Iterator[Flag]:
    name = _name(field, prefix)
    here = (*path, field.name)
    if isinstance(field, ObjectField):
        inner = [flag for member in field.fields for flag in _flags(member, name, here, inside)]
        if not path and name not in {flag.name for flag in inner}:
            yield Flag(name, here, field, field.help, field.short)
        yield from inner
    elif isinstance(field, ListField):
        yield from _list_flags(field, name, here)
    else:
        yield Flag(name, here, field, field.help, field.short, parent_list=inside)


def _list_flags(part: ListField, name: str, here: tuple[str, ...]) -> Iterator[Flag]:
    for variant, (says, adds) in part.variants.items():
        yield Flag(variant, here, part, says, fixed_members=adds)
    yield Flag(name, here, part, part.help, part.short)
    if part.max_items == 1:
        for member in part.item.fields:
            if member.name != part.item.shorthand_field:
                yield from _flags(member, name, here, part)


def _name(field: Field, prefix: str) -> str:
    if field.flag is not None:
        return field.flag or prefix
    return f"{prefix}-{field.name}".lstrip("-").replace("_", "-")


def set_param(params: dict[str, object], flag: Flag, value: object) -> str:
    """Write into `params` what the flag says: text as the field reads it, or a boolean from a switch.

    A flag that repeats appends to its list; the caller clears a list that the flags replace. Returns the path written.
    """
    read = flag.field.read(value) if isinstance(value, str) else value
    if isinstance(flag.field, ListField):
        return _append(params, flag, flag.field, read)
    name = flag.path[-1]
    if flag.parent_list is not None:
        _first_item(params, flag.path[0], flag.parent_list)[name] = read
        return f"{flag.path[0]}[0].{name}"
    target = params
    for step in flag.path[:-1]:
        inner = target.get(step)
        fresh = dict(inner) if isinstance(inner, Mapping) else {}
        target[step] = fresh
        target = fresh
    target[name] = read
    return ".".join(flag.path)


def _append(params: dict[str, object], flag: Flag, many: ListField, read: object) -> str:
    """Append an item, or all items of a list, which only JSON can be."""
    items = _list_at(params, many.name)
    for one in read if isinstance(read, list) else [read]:
        whole = many.item.expand_shorthand(one)
        items.append({**whole, **flag.fixed_members} if isinstance(whole, dict) else whole)
    return many.name if isinstance(read, list) else f"{many.name}[{len(items) - 1}]"


def _list_at(params: dict[str, object], name: str) -> list[object]:
    held = params.get(name)
    params[name] = items = list(held) if isinstance(held, list | tuple) else []
    return items


def _first_item(params: dict[str, object], name: str, within: ListField) -> dict[str, object]:
    items = _list_at(params, name)
    whole = within.item.expand_shorthand(items[0]) if items else {}
    first = dict(whole) if isinstance(whole, Mapping) else {}
    items[:1] = [first]
    return first


def flag_for_path(flags: tuple[Flag, ...], path: str) -> Flag | None:
    """The flag that sets the value at a problem's `path` (`camera_control.config.pan`), or what holds it."""
    steps = tuple(step.partition("[")[0] for step in path.split("."))
    for length in range(len(steps), 0, -1):
        for flag in flags:
            if flag.path == steps[:length]:
                return flag
    return next((flag for flag in flags if flag.path[0] == steps[0]), None)
