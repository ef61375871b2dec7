"""Values, names and URLs as messages show them: quoting, plurals, did-you-mean. Knows no field."""

import os
import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_ODD_BLANKS: Final = {
    "\u00a0": "a no-break space", "\u202f": "a narrow no-break space", "\u2007": "a figure space",
    "\u3000": "an ideographic space", "\u2003": "an em space", "\u2009": "a thin space", "\u200b": "a zero width space",
    "\ufeff": "a byte order mark", "\u00ad": "a soft hyphen", "\u2011": "a non-breaking hyphen",
    "\u200e": "a left-to-right mark", "\u200f": "a right-to-left mark",
}  # fmt: skip


def odd_blank(character: str) -> str:
    """What a character is that looks like a blank or like nothing: `a no-break space, U+00A0`; "" for any other."""
    name = _ODD_BLANKS.get(character, "")
    return f"{name}, U+{ord(character):04X}" if name else ""


def quote(value: object) -> str:
    """A value as a message shows it: text in quotes, at most 60 characters. Takes any object whatever.

    A blank that is none is written as an escape and named.
    """
    import json  # noqa: PLC0415  (help shows no values)

    try:
        text = json.dumps(value, ensure_ascii=False, default=_plain)
    except (TypeError, ValueError, RecursionError):  # keys that are no text; a circle, thousands of digits; too deep
        return f"a value that cannot be shown ({type(value).__name__})"
    if len(text) > 60:
        text = text[:57] + "…" + text[-1]
    odd = "" if text.isascii() else next((character for character in text if character in _ODD_BLANKS), "")
    if not odd:
        return text
    for character in _ODD_BLANKS:
        code = ord(character)
        text = text.replace(character, rf"\x{code:02x}" if code < 0x100 else rf"\u{code:04x}")
    return f"{text} (with {odd_blank(odd)})"


def _plain(value: object) -> str:
    """A value that JSON has no words for: a date or bytes as text, an object of the program not at all."""
    text = str(value) if type(value).__module__ in {"builtins", "datetime", "decimal"} else "<"
    return "…" if text.startswith("<") else text


def pluralize(number: int, word: str = "item") -> str:
    """A number and its noun: `1 item`, `2 items`."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def join_or(words: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def join_and(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


MAX_JOBS_NAMED: Final = 3
"""So many jobs are named of those that have the same problem."""


def join_jobs(names: Sequence[str]) -> str:
    """The names of jobs that have one thing in common, of many the first: `a, b, c and 2 more`."""
    more = len(names) - MAX_JOBS_NAMED
    return ", ".join(names[:MAX_JOBS_NAMED]) + (f" and {more} more" if more > 0 else "")


def did_you_mean(name: str, known: Collection[str]) -> str:
    """`; did you mean "x"?`, or the list of what there is."""
    from difflib import get_close_matches  # noqa: PLC0415  (2 ms that only a mistake should cost)

    close = get_close_matches(name, known, n=1)
    if not close:
        same = [word for word in known if word.casefold() == name.casefold()]
        close = same or [word for word in known if _is_part(name, word)]
    return f'; did you mean "{close[0]}"?' if close else f"; known are {', '.join(known)}"


def _is_part(name: str, word: str) -> bool:
    """Whether one of two names stands in the other and is most of it: `_` stands in many names and is near to none."""
    short, long = sorted((name, word), key=len)
    return long.startswith(f"{short}[") or (len(short) >= 3 and 2 * len(short) >= len(long) and short in long)


MAX_NAMES_COMPARED: Final = 1000
"""Names of a folder that are looked through for one that is near."""


def near_file(path: Path) -> str:
    """`; did you mean "x"?` where the folder of a path has a file of nearly that name, else ""."""
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in islice(entries, MAX_NAMES_COMPARED)]
    except (OSError, ValueError):
        return ""
    from difflib import SequenceMatcher  # noqa: PLC0415  (as above)

    stem = path.stem.casefold()  # a common suffix makes no two names alike
    by_fold = {
        name.casefold(): name
        for name in names
        if SequenceMatcher(None, stem, Path(name).stem.casefold()).ratio() >= 0.6
    }
    if not by_fold:
        return ""
    near = did_you_mean(path.name.casefold(), by_fold) if path.name else ""
    match = re.fullmatch('; did you mean "(.*)"\\?', near, re.DOTALL)
    return f'; did you mean "{by_fold[match[1]]}"?' if match else ""


_WEB_URL: Final = re.compile(r"(https?://[^/?#]*)([^?#]*)", re.IGNORECASE)


@lru_cache(maxsize=1024)  # the jobs of a file have few of those that are asked here
def is_web_url(text: str) -> bool:
    """Whether `text` is an absolute http(s) URL with a host, a port that exists, and no white or control characters."""
    try:
        return has_no_blanks(text) and url_path(text) is not None
    except ValueError:
        return False


def web_url_problem(text: str) -> str:
    """What is wrong with a URL that must be an absolute http(s) one, to go on after "it"; "" where nothing is."""
    if is_web_url(text):
        return ""
    bad = next((character for character in text if character == " " or not character.isprintable()), "")
    if bad:
        return f"holds {odd_blank(bad) or ('a blank' if bad == ' ' else f'the character U+{ord(bad):04X}')}"
    match = _WEB_URL.match(text)
    if match is None:
        return "must begin with http:// or https://"
    if "@" not in match[1] and (port := re.fullmatch(r"https?://(?:\[[^]]*\]|[^:\[]+):(.*)", match[1], re.IGNORECASE)):
        return f"has port {quote(port[1])}; it must be 1 to 65535"
    return "names no host" if match[1].endswith("//") else "is no valid URL"


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
