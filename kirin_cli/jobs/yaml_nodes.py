"""Mappings, lists and scalars of YAML 1.2 that remember where in the text they stand. Knows no parser and no job."""

import re
from array import array
from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import inf, nan
from typing import Final

from kirin_cli.modelspec.text import quote

_STEP = re.compile(r"\[(\d{1,9})\]|([^.\[\]]+)")
COLUMN_BITS: Final = 24
"""A position is one number: the line, from 0, above so many bits, and in them the column, from 0."""

FILE_SHIFT: Final = 56
"""Above so many bits of a position stands the number of its file."""

POSITION_CODE: Final = "L" if array("L").itemsize == 8 else "Q"
"""The type code of arrays of positions: 64 bits without sign, of the two the one that is filled faster."""

_MAX_LINE: Final = (1 << FILE_SHIFT - COLUMN_BITS) - 1

_MAX_SCANNED: Final = 64
"""Keys that are looked through one by one."""


class YamlMapping(dict[str, object]):
    """A dict; `positions[i]` is where its i-th key stands."""

    __slots__ = ("_by_key", "positions")
    positions: "array[int]"
    _by_key: dict[str, int]

    def position(self, key: str) -> int:
        """Where `key`, which is there, stands; to be asked once all keys are there."""
        if len(self) <= _MAX_SCANNED:
            return self.positions[list(self).index(key)]
        if not hasattr(self, "_by_key"):
            self._by_key = dict(zip(self, self.positions, strict=True))
        return self._by_key[key]


class YamlSequence(list[object]):
    """A list; `positions[i]` is where its i-th item stands."""

    __slots__ = ("positions",)
    positions: "array[int]"


Measures = dict[int, tuple[object, int, int]]
"""By id of a container: itself (so that the id stays its own), its nodes, its depth."""


def line_column(position: int) -> tuple[int, int]:
    """Line and column, from 1, as editors count."""
    return (position >> COLUMN_BITS & _MAX_LINE) + 1, (position & (1 << COLUMN_BITS) - 1) + 1


def file_index(position: int) -> int:
    """Which of the files of a job file a position is in: 0 for the job file itself, then those that it includes."""
    return position >> FILE_SHIFT


def mark_file(root: object, index: int) -> None:
    """Have every position of a tree say that it is in the file of that number."""
    todo, seen = [root], set[int]()
    while todo:
        node = todo.pop()
        if isinstance(node, YamlMapping | YamlSequence) and id(node) not in seen:
            seen.add(id(node))
            node.positions = array(POSITION_CODE, (position | index << FILE_SHIFT for position in node.positions))
            todo += node.values() if isinstance(node, YamlMapping) else node


def make_mapping(members: Iterable[tuple[str, object, int]]) -> YamlMapping:
    """A mapping of names and values, with the position of each."""
    mapping = YamlMapping()
    mapping.positions = array(POSITION_CODE)
    for name, value, position in members:
        mapping[name] = value
        mapping.positions.append(position)
    return mapping


KeyTree = Mapping[str, "KeyTree"]
"""Keys, with those below each that are meant too."""


def overlay(lower: YamlMapping, upper: YamlMapping, merged: KeyTree) -> YamlMapping:
    """What both say, the upper where both say it; mappings at the keys that are `merged` are laid over one another."""
    members = []
    for name in (*lower, *(name for name in upper if name not in lower)):
        holder = upper if name in upper else lower
        value, below = holder[name], lower.get(name)
        if name in merged and holder is upper and isinstance(value, YamlMapping) and isinstance(below, YamlMapping):
            value = overlay(below, value, merged[name])
        members.append((name, value, holder.position(name)))
    return make_mapping(members)


def split_path(path: str) -> list[str | int]:
    """`dynamic_masks[0].mask` as its keys and indices."""
    return [name or int(index) for index, name in _STEP.findall(path)]


def find_position(root: object, path: list[str | int], position: int = 0) -> tuple[int, int]:
    """The position of the innermost element on a path, and how many steps led there; `position` is the root's."""
    node = root
    for steps, step in enumerate(path):
        if isinstance(node, YamlMapping) and isinstance(step, str) and step in node:
            position, node = node.position(step), node[step]
        elif isinstance(node, YamlSequence) and isinstance(step, int) and step < len(node):
            position, node = node.positions[step], node[step]
        else:
            return position, steps
    return position, len(path)


def find_node(root: object, path: list[str | int]) -> tuple[object, int]:
    """The innermost element on a path, and how many steps led there."""
    node = root
    for steps, step in enumerate(path):
        match node, step:
            case dict(), str() if step in node:
                node = node[step]
            case list(), int() if step < len(node):
                node = node[step]
            case _:
                return node, steps
    return node, len(path)


def count_nodes(node: object, known: Measures) -> tuple[int, int]:
    """How many nodes `node` stands for with its aliases written out, and how deep it is; scalars are (1, 0).

    Visits each container once, however often it is shared, and leaves what it learned in `known`.
    """
    if not isinstance(node, dict | list):
        return 1, 0
    if id(node) not in known:
        children = [count_nodes(child, known) for child in (node.values() if isinstance(node, dict) else node)]
        keys = len(node) if isinstance(node, dict) else 0
        total = 1 + keys + sum(nodes for nodes, _ in children)
        known[id(node)] = node, total, 1 + max((depth for _, depth in children), default=0)
    _, total, depth = known[id(node)]
    return total, depth


Scalar = str | int | float | bool | None

NON_TEXT_PATTERN: Final = frozenset("~nNtTfF-+.0123456789") | {""}
"""How a word may start that stands for something other than its text."""

_CONSTANTS: Mapping[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((sign + word for sign in ("", "+") for word in (".inf", ".Inf", ".INF")), inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), nan),
}
_NUMBER = re.compile(
    r"(?P<int>[-+]?(?:0|[1-9][0-9]*))|0o(?P<oct>[0-7]+)|0x(?P<hex>[0-9a-fA-F]+)"
    r"|[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
)
# Python refuses to read, and to print, integers of some thousand digits.
_MAX_DIGITS = 250

_TAG = "tag:yaml.org,2002:"
_TYPES: Mapping[str, type] = {_TAG + "null": type(None), _TAG + "bool": bool, _TAG + "int": int, _TAG + "float": float}
MAP_TAG: Final = _TAG + "map"
SEQ_TAG: Final = _TAG + "seq"


@lru_cache(maxsize=1024)
def parse_scalar(text: str) -> Scalar:
    """The value of an unquoted word (fault I1); digits by the hundred are text, since no number needs them."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    match = _NUMBER.fullmatch(text)
    if not match or len(text) > _MAX_DIGITS:
        return text
    kind = match.lastgroup
    if kind is None:
        return float(text)
    return int(match[kind], {"int": 10, "oct": 8, "hex": 16}[kind])


def parse_tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with an explicit tag (`!!str 16`). Raises ValueError, with a sentence (fault I2)."""
    if tag in {"!", _TAG + "str"}:
        return text
    expected = _TYPES.get(tag)
    if expected is None:
        raise ValueError(unknown_tag(tag))
    value = parse_scalar(text)
    if expected is float and type(value) is int:
        return float(value)
    if type(value) is not expected:
        raise ValueError(f"{quote(text)} is not {tag.replace(_TAG, '!!')}")
    return value


def unknown_tag(tag: str) -> str:
    """The sentence about a tag that means nothing here."""
    shown = quote(tag.replace(_TAG, "!!"))
    return f"unknown tag {shown}; known are !!str, !!int, !!float, !!bool, !!null, !!map and !!seq"
