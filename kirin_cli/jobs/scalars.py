"""What an unquoted word in YAML stands for: the YAML 1.2 core schema, and the explicit tags. Knows no files.

One deviation, from JOBS.md: an integer with leading zeros such as `017` stays text, since it would lose them.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from math import inf, nan
from typing import Final

from kirin_cli.spec.words import shown

Scalar = str | int | float | bool | None

MAYBE: Final = frozenset("~nNtTfF-+.0123456789") | {""}
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
_MOST_DIGITS = 250

_TAG = "tag:yaml.org,2002:"
_TYPES: Mapping[str, type] = {_TAG + "null": type(None), _TAG + "bool": bool, _TAG + "int": int, _TAG + "float": float}
MAP_TAG: Final = _TAG + "map"
SEQ_TAG: Final = _TAG + "seq"


@lru_cache(maxsize=1024)
def resolve(text: str) -> Scalar:
    """The value of an unquoted word (I1); digits by the hundred are text, since no number needs them."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    match = _NUMBER.fullmatch(text)
    if not match or len(text) > _MOST_DIGITS:
        return text
    kind = match.lastgroup
    if kind is None:
        return float(text)
    return int(match[kind], {"int": 10, "oct": 8, "hex": 16}[kind])


def tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with an explicit tag (`!!str 16`). Raises ValueError, with a sentence (I2)."""
    if tag in {"!", _TAG + "str"}:
        return text
    wanted = _TYPES.get(tag)
    if wanted is None:
        raise ValueError(unknown_tag(tag))
    value = resolve(text)
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        raise ValueError(f"{shown(text)} is not {_written(tag)}")
    return value


def unknown_tag(tag: str) -> str:
    """The sentence about a tag that means nothing here."""
    return f"unknown tag {shown(_written(tag))}; known are !!str, !!int, !!float, !!bool, !!null, !!map and !!seq"


def _written(tag: str) -> str:
    return "!!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag
