"""The conditions of `if`: `A == B`, `A != B`, or a word that is not empty. Knows no job."""

import re
from collections.abc import Callable
from typing import Final

from kirin_cli.jobs.placeholders import InterpolationError, Placeholder, parse_template
from kirin_cli.modelspec.text import quote

ValueOf = Callable[[Placeholder], str]
"""The text of a placeholder, "" where it is empty. Raises InterpolationError for what is not set."""

_OPERATOR = re.compile(r"==|!=")
_UNKNOWN = re.compile(r"(?:^|\s)(?:and|or|not|in|is)\s|&&|\|\||[<>]|(?<![=!])=(?!=)|^\s*!", re.IGNORECASE)
_NO: Final = frozenset({"", "false", "no", "off", "0", "null", "~"})


def holds(condition: object, value_of: ValueOf) -> bool:
    """Whether a condition holds. A word alone holds unless it is empty, false, no, off, 0 or null, in any case.

    Operators are those that are written: what is filled in for a placeholder is never one. Raises InterpolationError
    for what is no condition, and as `value_of` does.
    """
    if condition is None or isinstance(condition, bool):
        return bool(condition)
    if not isinstance(condition, str):
        raise InterpolationError(f"must be a text such as ${{row.status}} != done, not {quote(condition)}")
    sides: list[str] = [""]
    operators = []
    for piece in parse_template(condition):
        if isinstance(piece, Placeholder):
            sides[-1] += value_of(piece)
            continue
        if (known := _OPERATOR.sub("", piece)) and _UNKNOWN.search(known):
            raise InterpolationError(f"{quote(condition)} is no condition; it is A == B, A != B, or one word")
        first, *others = _OPERATOR.split(piece)
        operators += _OPERATOR.findall(piece)
        sides[-1] += first
        sides += others
    if len(operators) > 1:
        raise InterpolationError(f"{quote(condition)} compares more than once; it is A == B, A != B, or one word")
    words = [_plain(side) for side in sides]
    if not operators:
        return words[0].casefold() not in _NO
    equal = words[0] == words[1]
    return equal if operators[0] == "==" else not equal


def _plain(side: str) -> str:
    """A side without the blanks and the quotes around it."""
    word = side.strip()
    return word[1:-1] if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'" else word
