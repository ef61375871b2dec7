"""The flags of a model, derived from its fields: how each is spelled and where its value goes. Knows no flag parser."""

from collections.abc import Iterator, Mapping
from typing import Final

from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.fields import Boolean, Choice, Field, YesNo
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.record import Record

NO_MEMBERS: Final[Mapping[str, str]] = {}


class Flag(Record):
    """One flag. `path` leads to its value in `params`, through the first item of `parent_list` where there is one.

    `fixed_members` holds what an item that this flag appends has besides.
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
        """Whether each time that it is given appends to a list."""
        return isinstance(self.field, ListField)

    @property
    def takes_several(self) -> bool:
        """Whether it makes sense to give it more than once: there is one first frame, and one video."""
        return isinstance(self.field, ListField) and self.field.max_items != 1 and not self.fixed_members

    @property
    def choices(self) -> tuple[str, ...]:
        """The words it takes; none where it takes more than words."""
        return self.field.options if isinstance(self.field, Choice) and not self.is_switch else ()

    @property
    def takes_file(self) -> bool:
        """Whether a local file may stand for its value: a video is only taken by URL."""
        leaf = (*self.field.members, self.field.item)[0] if isinstance(self.field, ListField) else self.field
        return leaf.kind == "image"


def model_flags(model: Model) -> tuple[Flag, ...]:
    """Every flag of the model's parameters, in the order of its fields."""
    return tuple(flag for field in model.fields for flag in _flags(field, "", ()))


def _flags(field: Field, prefix: str, path: tuple[str, ...], parent: ListField | None = None) -> Iterator[Flag]:
    name = f"{prefix}-{field.name}".lstrip("-").replace("_", "-") if field.flag is None else field.flag or prefix
    path = (*path, field.name)
    is_inside = bool(path[1:])
    if is_inside and (isinstance(field, ListField) or (parent and isinstance(field, ObjectField))):
        return  # the JSON of what it stands in sets it
    if isinstance(field, ObjectField):
        flags = [flag for member in field.fields for flag in _flags(member, name, path, parent)]
        if not is_inside and name not in {flag.name for flag in flags}:
            yield Flag(name, path, field, field.help, field.short)
        yield from flags
    elif isinstance(field, ListField):
        for variant, (help_text, fixed_members) in field.variants.items():
            yield Flag(variant, path, field, help_text, fixed_members=fixed_members)
        yield Flag(name, path, field, field.help, field.short)
        for member in field.members if field.max_items == 1 else ():
            if member.name != field.shorthand_field:
                yield from _flags(member, name, path, field)
    else:
        yield Flag(name, path, field, field.help, field.short, parent_list=parent)


def set_param(params: dict[str, object], flag: Flag, value: object) -> str:
    """Write into `params` what the flag says: text as the field reads it, or a boolean from a switch.

    A flag that repeats appends to its list; the caller clears a list that the flags replace. Returns the path written.
    """
    read = flag.field.read(value) if isinstance(value, str) else value
    if isinstance(flag.field, ListField):
        return _append(params, flag, flag.field, read)
    name = flag.path[-1]
    if flag.parent_list is not None:
        items = _copy_list(params, flag.path[0])
        first = flag.parent_list.expand_shorthand(items[0]) if items else {}
        items[:1] = [{**(first if isinstance(first, Mapping) else {}), name: read}]
        return f"{flag.path[0]}[0].{name}"
    target = params
    for step in flag.path[:-1]:
        inner = target.get(step)
        copy = dict(inner) if isinstance(inner, Mapping) else {}
        target[step] = copy
        target = copy
    target[name] = read
    return ".".join(flag.path)


def _append(params: dict[str, object], flag: Flag, field: ListField, value: object) -> str:
    """Append an item, or all items of a list, which only JSON can be."""
    items = _copy_list(params, field.name)
    for item in value if isinstance(value, list) else [value]:
        members = field.expand_shorthand(item)
        items.append({**members, **flag.fixed_members} if isinstance(members, dict) else members)
    return field.name if isinstance(value, list) else f"{field.name}[{len(items) - 1}]"


def _copy_list(params: dict[str, object], name: str) -> list[object]:
    """The list of that name, made new in `params`, so that nobody else's changes."""
    value = params.get(name)
    params[name] = items = list(value) if isinstance(value, list | tuple) else []
    return items


def flag_for_path(flags: tuple[Flag, ...], path: str) -> Flag | None:
    """The flag that sets the value at a problem's `path` (`camera_control.config.pan`), or what holds it."""
    steps = tuple(step.partition("[")[0] for step in path.split("."))
    for length in range(len(steps), 0, -1):
        for flag in flags:
            if flag.path == steps[:length]:
                return flag
    return next((flag for flag in flags if flag.path[0] == steps[0]), None)
