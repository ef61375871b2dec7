"""JSON as text: read strictly, and written so that it does nothing to a terminal or a log. Knows no report."""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from math import isfinite
from typing import Final, NoReturn, cast

from kirin_cli.redaction import redact_text, redact_tree
from kirin_cli.tree import SCALARS

WIDTH: Final = 120
"""Characters of a line of `format_json`."""
MAX_DEPTH: Final = 64
"""Containers in one another in what a person writes, as in job files; documents that hold such may have twice that."""
_STEP: Final = 2
_ENCODE: Final = json.JSONEncoder().encode


class NestedTooDeeply(ValueError):
    """The document has more containers in one another than what recurses over it has room for on the stack."""


def parse_json(
    text: str | bytes, *, max_depth: int | None = 2 * MAX_DEPTH, decisive: frozenset[str] | None = None
) -> object:
    """The value of a JSON document; bytes are UTF-8, with or without a byte order mark. Its size is the caller's care.

    With `decisive`, a name may stand twice in one object: the last value counts, but of these names all are the same.
    Raises json.JSONDecodeError where the syntax is wrong, NestedTooDeeply (without `max_depth` where it does not fit
    the stack), and ValueError for NaN, infinities, numbers out of range, integers of thousands of digits, names that
    stand twice in one object, and bytes that are no UTF-8.
    """
    text = text if isinstance(text, str) else text.removeprefix(BOM_UTF8).decode()
    try:
        # The former says that it is a mark.
        value: object = json.loads(text) if text.startswith("\ufeff") else _decoder(decisive)(text)
    except RecursionError:
        raise NestedTooDeeply("it is nested too deeply") from None
    if max_depth is not None:
        ensure_shallow(value, max_depth)
    return value


def ensure_shallow(value: object, max_depth: int = 2 * MAX_DEPTH) -> None:
    """Raise NestedTooDeeply where parsed JSON has more containers in one another; found without recursion."""
    level: list[object] = [[value]]
    for _ in range(max_depth + 1):
        children = (node.values() if isinstance(node, dict) else cast("list[object]", node) for node in level)
        level = [child for values in children for child in values if isinstance(child, (dict, list))]
        if not level:
            return
    raise NestedTooDeeply(f"it is nested more than {max_depth} deep")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _finite_float(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError("a number is out of range")
    return number


@lru_cache
def _decoder(decisive: frozenset[str] | None) -> Callable[[str], object]:
    def members_of(pairs: list[tuple[str, object]]) -> dict[str, object]:
        members = dict(pairs)
        if len(members) != len(pairs) and (
            decisive is None or any(name in decisive and members[name] != value for name, value in pairs)
        ):
            raise ValueError("a name stands twice in one object")
        return members

    return json.JSONDecoder(
        parse_constant=_refuse_constant, parse_float=_finite_float, object_pairs_hook=members_of
    ).decode


def dump_json(data: Mapping[str, object]) -> str:
    """Plain data as JSON, in ASCII, indented; a CI system finds no command in it, `##vso[` neither (fault H3).

    URLs in it have no password and no signature (fault X4).
    """
    return escape_ci_commands(indented_json(data))


def indented_json(value: object, line: str = "\n") -> str:
    """As `json.dumps(redact_tree(value), indent=2)`, which takes four times as long.

    `line` is the line break before `value`.
    """
    if isinstance(value, str):
        return encode_basestring_ascii(redact_text(value))
    if isinstance(value, SCALARS):
        return "null" if value is None else str(value) if type(value) is int else _ENCODE(value)
    inner = line + " " * _STEP
    if isinstance(value, dict | Mapping):  # the first is the faster question
        members = [  # most are texts, which a call for each takes twice as long to write
            f"{encode_basestring_ascii(str(name))}: "
            f"{encode_basestring_ascii(redact_text(item)) if type(item) is str else indented_json(item, inner)}"
            for name, item in value.items()
        ]
        return f"{{{inner}{f',{inner}'.join(members)}{line}}}" if members else "{}"
    if isinstance(value, list | tuple):
        return f"[{inner}{f',{inner}'.join([indented_json(item, inner) for item in value])}{line}]" if value else "[]"
    return _ENCODE(value)


def escape_ci_commands(text: str) -> str:
    r"""JSON in ASCII without DEL and `##vso[`, which commands Azure wherever it stands (faults H1, H3)."""
    return text.replace("\x7f", r"\u007f").replace("##", r"#\u0023")


def format_json(value: object, indent: int = 0, before: int = 0) -> str:
    """JSON text in lines of at most WIDTH characters, where its strings allow; `before` stand on the first line."""
    flat = json.dumps(value, ensure_ascii=False)
    if indent + before + len(flat) < WIDTH or not isinstance(value, dict | list):
        return flat
    inner = indent + _STEP
    if isinstance(value, list):
        return _spread("[", [format_json(item, inner) for item in value], "]", indent)
    keys = ((f"{json.dumps(key, ensure_ascii=False)}: ", item) for key, item in value.items())
    return _spread("{", [key + format_json(item, inner, len(key)) for key, item in keys], "}", indent)


def _spread(opening: str, parts: list[str], closing: str, indent: int) -> str:
    pad = "\n" + " " * indent
    return opening + ",".join(f"{pad}{' ' * _STEP}{part}" for part in parts) + pad + closing


def data_json(data: object) -> str:
    """Data as JSON text in ASCII: nothing in it can do anything to a terminal or a log (faults H1, H3).

    URLs in it are whole, as `show --raw` wants them: whatever is not asked for so is printed by `answer_json`.
    """
    text = re.sub(r"[^ -~\n]", lambda character: json.dumps(character[0])[1:-1], format_json(data))
    return escape_ci_commands(text)


def answer_json(data: Mapping[str, object], exit_code: int = 0) -> str:
    """What a command answers with `--json`, as `data_json`: with the three names that such an answer always has.

    Its URLs have no password and no signature (fault X4).
    """
    return data_json(redact_tree({"exit_code": exit_code, "errors": [], "problems": [], **data}))


_PLAIN: Final = re.compile(r"(?! )[^\W_][\w ./:@+%,()=…-]*(?<! )")
_TYPED: Final = re.compile(r"[-+.]?[0-9][0-9a-fxo._+-]*|true|false|null|~|[-+]?\.(?:inf|nan)", re.IGNORECASE)


def yaml_scalar(value: object, *, is_text: bool = True) -> str:
    """A value as YAML on one line: text without quotes where that is read as the same text, all else as JSON.

    With `is_text` False the text of a number goes without quotes too: a parameter reads both alike.
    """
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and ": " not in value and not value.endswith(":")
        if is_plain and not (_TYPED.fullmatch(value) if is_text else value.lower() in {"true", "false", "null"}):
            return value
    return json.dumps(value, ensure_ascii=False)
