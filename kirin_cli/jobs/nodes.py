"""Mappings and lists that remember where in the text each key and item stands. Knows no parser and no job.

A place is one integer, line << 24 | column, both from 0: a line of an 8 MiB file has fewer than 2**24 columns.
"""

import re
from array import array
from typing import Final

_STEP = re.compile(r"\[(\d{1,9})\]|([^.\[\]]+)")
COLUMN_BITS: Final = 24


_FEW: Final = 64
"""Keys that are looked through one by one."""


class Mapping(dict[str, object]):
    """A dict; `places[i]` is the place of its i-th key."""

    __slots__ = ("_by_key", "places")
    places: "array[int]"
    _by_key: dict[str, int]

    def place(self, key: str) -> int:
        """Where `key`, which is there, stands; to be asked once all keys are there."""
        if len(self) <= _FEW:
            return self.places[list(self).index(key)]
        if not hasattr(self, "_by_key"):
            self._by_key = dict(zip(self, self.places, strict=True))
        return self._by_key[key]


class Sequence(list[object]):
    """A list; `places[i]` is the place of its i-th item."""

    __slots__ = ("places",)
    places: "array[int]"


Measures = dict[int, tuple[object, int, int]]
"""By id of a container: itself (so that the id stays its own), its nodes, its depth."""


def unpacked(place: int) -> tuple[int, int]:
    """Line and column, from 1, as editors count."""
    return (place >> COLUMN_BITS) + 1, (place & (1 << COLUMN_BITS) - 1) + 1


def steps(path: str) -> list[str | int]:
    """`dynamic_masks[0].mask` as its keys and indices."""
    return [name or int(index) for index, name in _STEP.findall(path)]


def walk(root: object, wanted: list[str | int], place: int = 0) -> tuple[int, int]:
    """The place of the innermost element on the way, and how many steps led there; `place` is the root's."""
    node = root
    for taken, step in enumerate(wanted):
        if isinstance(node, Mapping) and isinstance(step, str) and step in node:
            place, node = node.place(step), node[step]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node):
            place, node = node.places[step], node[step]
        else:
            return place, taken
    return place, len(wanted)


def spot(root: object, path: str) -> tuple[int, int]:
    """Line and column, from 1, of the innermost key or item that exists on `path`."""
    return unpacked(walk(root, steps(path))[0])


def measure(node: object, known: Measures) -> tuple[int, int]:
    """How many nodes `node` stands for with its aliases written out, and how deep it is; scalars are (1, 0).

    Visits each container once, however often it is shared, and leaves what it learned in `known`.
    """
    if not isinstance(node, dict | list):
        return 1, 0
    if id(node) not in known:
        parts = [measure(part, known) for part in (node.values() if isinstance(node, dict) else node)]
        keys = len(node) if isinstance(node, dict) else 0
        weight = 1 + keys + sum(nodes for nodes, _ in parts)
        known[id(node)] = node, weight, 1 + max((depth for _, depth in parts), default=0)
    _, weight, depth = known[id(node)]
    return weight, depth
