"""Fills in what jobs, defaults and files say besides parameters: name, model, output, tags, take. Judges nothing."""

from array import array

from kirin_cli.jobs.filling import NUMBER, Filler
from kirin_cli.jobs.nodes import Mapping, Sequence
from kirin_cli.jobs.scope import Unfilled
from kirin_cli.jobs.shape import Shape
from kirin_cli.jobs.templates import holds_dollar
from kirin_cli.spec.fields import BROKEN

HEADING = frozenset({"name", "model", "output", "tags", "take"})


def filled_heading(node: Mapping, filler: Filler, shape: Shape) -> Mapping:
    """The mapping with its heading filled in, the same one where there is nothing to fill.

    What cannot be filled in goes to `shape` and is left out, as is an empty cell; a model is BROKEN then.
    """
    if not any(key in HEADING and holds_dollar(value) for key, value in node.items()):
        return node
    filled = Mapping()
    filled.places = array("Q")
    for (key, value), place in zip(node.items(), node.places, strict=True):
        made = _filled(key, value, place, filler, shape) if key in HEADING else value
        if made is not BROKEN or key == "model":
            filled[key] = made
            filled.places.append(place)
    return filled


def _filled(key: str, value: object, place: int, filler: Filler, shape: Shape) -> object:
    if isinstance(value, str):
        try:
            made = filler.value(value, NUMBER) if key == "take" else filler.words(value)
        except Unfilled as error:
            if not error.told:
                shape.refuse(place, f"{key}: {error}")
            return BROKEN
        return BROKEN if made is None else made
    if isinstance(value, Mapping):
        members = Mapping()
        members.places = array("Q")
        for (name, inner), here in zip(value.items(), value.places, strict=True):
            if (made := _filled(name, inner, here, filler, shape)) is not BROKEN:
                members[name] = made
                members.places.append(here)
        return members
    if isinstance(value, Sequence):
        items = (_filled(key, inner, here, filler, shape) for inner, here in zip(value, value.places, strict=True))
        return [item for item in items if item is not BROKEN]
    return value
