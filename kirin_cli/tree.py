"""Nested mappings and lists: a walk over their leaves with paths as in YAML, and a copy with other leaves."""

from collections.abc import Callable, Iterator, Mapping
from types import NoneType

SCALARS = (str, int, float, NoneType)
"""Leaves, told sooner than mappings are."""


def walk(tree: object, path: str = "") -> Iterator[tuple[str, object]]:
    """(path, leaf) of everything in a tree that is neither mapping nor list, in order: `a.b[0].c`.

    `path` is where the tree itself stands; a leaf alone is a tree of one.
    """
    if isinstance(tree, SCALARS):
        yield path, tree
    elif isinstance(tree, Mapping):
        for name, value in tree.items():
            place = f"{path}.{name}" if path else str(name)
            if isinstance(value, SCALARS):  # a generator for each of them takes longer
                yield place, value
            else:
                yield from walk(value, place)
    elif isinstance(tree, list | tuple):
        for index, value in enumerate(tree):
            yield from walk(value, f"{path}[{index}]")
    else:
        yield path, tree


def map_leaves(tree: object, change: Callable[[object], object]) -> object:
    """The tree as plain dicts and lists, each leaf replaced by what `change` makes of it."""
    if isinstance(tree, dict | Mapping):
        return {
            name: change(value) if isinstance(value, SCALARS) else map_leaves(value, change)
            for name, value in tree.items()
        }
    if isinstance(tree, list | tuple):
        return [change(value) if isinstance(value, SCALARS) else map_leaves(value, change) for value in tree]
    return change(tree)
