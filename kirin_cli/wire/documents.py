"""JSON as it comes from a server that may be broken or hostile: a value, or MalformedAnswer. Knows no field names.

The caller caps the size. Strings may hold lone surrogates: write them only through `clean` or with ASCII escapes.
"""

import json
from math import isfinite
from typing import TypeGuard


class MalformedAnswer(ValueError):
    """What the server sent is not an answer of this protocol."""


def parse_json(body: bytes) -> object:
    """The value of a JSON document in UTF-8.

    Raises MalformedAnswer for anything else: cut text, NaN and infinities, duplicate keys, integers of thousands of
    digits, nesting that does not fit the stack (S8, P9).
    """
    try:
        return json.loads(
            body.decode("utf-8-sig"), parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_object
        )
    except RecursionError:
        raise MalformedAnswer("the answer is nested too deeply") from None
    except ValueError as error:
        raise MalformedAnswer(f"the answer is not the JSON it should be: {str(error)[:200]}") from None


def clean(value: object, most: int) -> str:
    """`value` as text of at most `most` characters that can be encoded; "" for what is neither text nor a number."""
    if is_number(value):
        value = str(value)
    if not isinstance(value, str):
        return ""
    text = value[: 4 * most].strip()
    text = text if len(text) <= most else text[: most - 1] + "…"
    return text.encode("utf-8", "replace").decode("utf-8")


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether `value` is a number of a size that can be calculated with; true and NaN are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e300 < value < 1e300


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError("a number is out of range")
    return number


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found
