"""The syntax of `${…}` in a value: what stands between the placeholders, and what each asks for. Knows no value.

`${name}`, `${name:-default}`, `${name:?message}`; `$$` is one `$`, and a `$` before anything else stays as it is.
A default and a message are plain text without braces.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from kirin_cli.spec.words import shown

MOST_PLACEHOLDERS: Final = 1000
"""More in one value mean an accident or an attack."""

IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""How a variable may be called."""

_PART = re.compile(r"\$(?:\$|\{([^{}]*)(\}?))")
_BODY = re.compile(r"(.*?)(?::([-?])(.*))?", re.DOTALL)
# A backslash escape of YAML can put a $ into a value of a text without one.
_DOLLARS = ("$", r"\x24", r"\u0024", r"\U00000024")


class Placeholder(NamedTuple):
    """One `${…}`: the name that is asked for, and the words after `:-` or `:?` (`otherwise` is "-", "?" or "")."""

    name: str
    otherwise: str = ""
    words: str = ""


Template = tuple[str | Placeholder, ...]


def may_interpolate(text: str) -> bool:
    """Whether a value of this YAML text can hold a `$`."""
    return any(dollar in text for dollar in _DOLLARS)


@lru_cache(maxsize=1024)
def template(text: str) -> Template:
    """The pieces of a value. Raises ValueError with a sentence for a `${` that cannot be understood."""
    if text.count("${") > MOST_PLACEHOLDERS:
        raise ValueError(f"has more than {MOST_PLACEHOLDERS:,} placeholders")
    return tuple(piece for piece in _pieces(text) if piece)


def _pieces(text: str) -> Iterator[str | Placeholder]:
    end = 0
    for match in _PART.finditer(text):
        yield text[end : match.start()]
        end = match.end()
        yield "$" if match[0] == "$$" else _placeholder(match[0], match[1], closed=bool(match[2]))
    yield text[end:]


def _placeholder(written: str, body: str, *, closed: bool) -> Placeholder:
    if not closed:
        raise ValueError(f"{shown(written)} does not end, or has a brace inside; $${{ stands for a plain ${{")
    match = _BODY.fullmatch(body)
    assert match  # noqa: S101  (it takes every text)
    name = match[1].strip()
    if "." not in name and not IDENTIFIER.fullmatch(name):
        raise ValueError(f"{shown(written)} has no name as it must be; it is ${{name}}, ${{name:-default}}, ${{row.x}}")
    return Placeholder(name, match[2] or "", match[3] or "")


def names_in(tree: object) -> Iterator[str]:
    """Every name that the texts of a tree ask for; what cannot be understood asks for nothing."""
    if isinstance(tree, str):
        if "${" in tree:
            yield from _names(tree)
    elif isinstance(tree, dict | list):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from names_in(part)


def _names(text: str) -> list[str]:
    try:
        return [piece.name for piece in template(text) if isinstance(piece, Placeholder)]
    except ValueError:
        return []


def holds_dollar(tree: object) -> bool:
    """Whether a text of a tree has to be filled in."""
    if isinstance(tree, str):
        return "$" in tree
    if isinstance(tree, dict | list):
        return any(map(holds_dollar, tree.values() if isinstance(tree, dict) else tree))
    return False


def escaped(tree: object) -> object:
    """The tree with its texts written so that they stand for themselves in a job file."""
    if isinstance(tree, str):
        return re.sub(r"\$(?=[${])", "$$", tree)
    if isinstance(tree, dict):
        return {name: escaped(part) for name, part in tree.items()}
    return [escaped(part) for part in tree] if isinstance(tree, list) else tree
