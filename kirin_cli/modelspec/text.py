"""Values, names and URLs as messages show them: quoting, plurals, did-you-mean. Knows no field."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit


def quote(value: object) -> str:
    """A value as a message shows it: text in quotes, at most 60 characters. Takes any object whatever."""
    import json  # noqa: PLC0415  (help shows no values)

    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):  # keys that are no text; a circle, thousands of digits; too deep
        return f"a value that cannot be shown ({type(value).__name__})"
    return text if len(text) <= 60 else text[:57] + "…" + text[-1]


def pluralize(number: int, word: str = "item") -> str:
    """A number and its noun: `1 item`, `2 items`."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def join_or(words: tuple[str, ...]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def did_you_mean(name: str, known: list[str]) -> str:
    """`; did you mean "x"?`, or the list of what there is."""
    from difflib import get_close_matches  # noqa: PLC0415  (2 ms that only a mistake should cost)

    close = get_close_matches(name, known, n=1) or [word for word in known if name and (name in word or word in name)]
    return f'; did you mean "{close[0]}"?' if close else f"; known are {', '.join(known)}"


_WEB_URL: Final = re.compile(r"(https?://[^/?#]*)([^?#]*)", re.IGNORECASE)


@lru_cache(maxsize=1024)  # the jobs of a file have few of those that are asked here
def is_web_url(text: str) -> bool:
    """Whether `text` is an absolute http(s) URL with a host, a port that exists, and no white or control characters."""
    try:
        return has_no_blanks(text) and url_path(text) is not None
    except ValueError:
        return False


def has_no_blanks(text: str) -> bool:
    """Whether there are neither white nor control characters in a text."""
    return text.isprintable() and " " not in text


def url_path(url: str) -> str | None:
    """The path of an http(s) URL; None where no host is named. Raises ValueError for a host or port that cannot be."""
    parts = _WEB_URL.match(url)
    return parts[2] if parts and _names_host(parts[1]) else None


@lru_cache(maxsize=1024)  # the URLs of thousands of jobs lead to few hosts
def _names_host(origin: str) -> bool:
    parts = urlsplit(origin)
    return bool(parts.hostname) and parts.port != 0


_CONTROL: Final = re.compile(r"[\x01-\x1f\x7f-\x9f]")  # NUL has a sentence of its own
_ESCAPES: Final = {
    "\a": ("a", "a bell"), "\b": ("b", "a backspace"), "\t": ("t", "a tab"), "\n": ("n", "a line feed"),
    "\v": ("v", "a vertical tab"), "\f": ("f", "a form feed"), "\r": ("r", "a carriage return"),
    "\x1b": ("e", "an escape"), "\x85": ("N", "a next line"),
}  # fmt: skip


def control_problem(text: str) -> str:
    """A sentence about the first control character in a path; "" where there is none."""
    match = _CONTROL.search(text)
    if match is None:
        return ""
    escape = _ESCAPES.get(match[0])
    if escape is None:
        return f"{quote(text)} holds the control character U+{ord(match[0]):04X}"
    return f"{quote(text)} holds {escape[1]} (\\{escape[0]} in double quotes); write it in single quotes, or with /"
