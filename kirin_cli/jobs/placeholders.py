"""The syntax of `${…}`: its pieces, references to other jobs, and how a value reads inside other text. Knows no job."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from math import isfinite
from typing import Final, NamedTuple, Self
from zlib import crc32

from kirin_cli.modelspec.text import quote
from kirin_cli.tree import map_leaves, walk

MAX_LABEL_LENGTH: Final = 40
"""Characters of a value in the name of a job; a longer one is cut and told apart by a checksum."""


def to_text(value: object) -> str:
    """A scalar as YAML would have it: `std`, `0.3`, `true`, `null`; anything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False, default=str)


def short_label(value: object) -> str:
    """The value as part of a job's name: on one line and short, different for different values."""
    whole = to_text(value)
    plain = " ".join(whole.split())
    if len(plain) <= MAX_LABEL_LENGTH:
        return plain
    return f"{plain[: MAX_LABEL_LENGTH - 5].rstrip()}…{crc32(whole.encode(errors='surrogatepass')) & 0xFFFF:04x}"


MAX_PLACEHOLDERS: Final = 1000
"""More in one value mean an accident or an attack."""

IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""How a variable may be called."""

# One placeholder may stand inside the name of another: ${jobs.base[${row.name}].url}
_DOLLAR = re.compile(r"\$(?:\$|\{((?:\$\{[^{}]*\}|[^{}])*)(\}?))")
_BODY = re.compile(r"((?:\$\{[^{}]*\}|.)*?)(?::([-?])(.*))?", re.DOTALL)
_NESTING = ("jobs.", "file:")
# A backslash escape of YAML can put a $ into a value of a text without one.
_ESCAPED_DOLLARS = (r"\x24", r"\u0024", r"\U00000024")


class InterpolationError(ValueError):
    """A placeholder has no value, or cannot be understood; the texts say why.

    There are none where a problem elsewhere says it already.
    """

    def __init__(self, *messages: str) -> None:
        super().__init__(*messages)
        self.messages = messages


class Placeholder(NamedTuple):
    """One `${…}`: the name, and the text after `:-` or `:?` (`operator` is "-", "?" or "")."""

    name: str
    operator: str = ""
    text: str = ""


TemplatePieces = tuple[str | Placeholder, ...]


def may_interpolate(text: str) -> bool:
    """Whether a value of this YAML text can hold a `$`."""
    return "$" in text or ("\\" in text and any(dollar in text for dollar in _ESCAPED_DOLLARS))


@lru_cache(maxsize=1024)
def parse_template(text: str) -> TemplatePieces:
    """The pieces of a value. Raises InterpolationError for a `${` that cannot be understood."""
    if text.count("${") > MAX_PLACEHOLDERS:
        raise InterpolationError(f"has more than {MAX_PLACEHOLDERS:,} placeholders")
    pieces: list[str | Placeholder] = []
    end = 0
    for match in _DOLLAR.finditer(text):
        pieces += (text[end : match.start()], "$" if match[0] == "$$" else _placeholder(match))
        end = match.end()
    return tuple(piece for piece in (*pieces, text[end:]) if piece)


def _placeholder(match: re.Match[str]) -> Placeholder:
    if not match[2]:
        raise InterpolationError(f"{quote(match[0])} does not end, or has a brace inside; $${{ stands for a plain ${{")
    body = _BODY.fullmatch(match[1])
    assert body  # noqa: S101  (it takes every text)
    name, text = body[1].strip(), body[3] or ""
    if "${" in text or ("${" in name and not name.startswith(_NESTING)):
        raise InterpolationError(f"{quote(match[0])} has a brace inside; that is possible in jobs.…url and file:… only")
    if "." not in name and not IDENTIFIER.fullmatch(name) and not name.startswith("file:"):
        usage = "it is ${name}, ${name:-default}, ${row.x}"
        raise InterpolationError(f"{quote(match[0])} has no name as it must be; {usage}")
    return Placeholder(name, body[2] or "", text)


def referenced_names(tree: object) -> Iterator[str]:
    """Every name that the texts of a tree ask for, in one another too; what cannot be understood asks for nothing."""
    for _, leaf in walk(tree):
        if isinstance(leaf, str) and "${" in leaf:
            with suppress(InterpolationError):
                names = [piece.name for piece in parse_template(leaf) if isinstance(piece, Placeholder)]
                yield from names
                yield from referenced_names([name for name in names if "${" in name])


def needs_interpolation(tree: object) -> bool:
    """Whether a text of a tree has to be filled in."""
    return any("$" in leaf for _, leaf in walk(tree) if isinstance(leaf, str))


def escape(tree: object) -> object:
    """The tree with its texts written so that they stand for themselves in a job file."""
    return map_leaves(tree, lambda leaf: re.sub(r"\$(?=[${])", "$$", leaf) if isinstance(leaf, str) else leaf)


FIELDS: Final = ("url",)
"""What can be asked of a job: `url`, the address of its first output."""


class JobReference(str):
    """The placeholder itself, as it is written, until the job it names has ended.

    It stands in `params`, and as `MediaFile.given` in checked values, where an image or a video is taken.
    """

    __slots__ = ("field", "job")
    job: str
    field: str

    def __new__(cls, job: str, field: str) -> Self:
        reference = super().__new__(cls, f"${{jobs.{job}.{field}}}")
        reference.job = job
        reference.field = field
        return reference

    def __repr__(self) -> str:
        return f"JobReference(job={self.job!r}, field={self.field!r})"


def find_references(tree: object) -> Iterator[tuple[str, JobReference]]:
    """(path, reference) of every one in a tree of parameters."""
    return ((path, leaf) for path, leaf in walk(tree) if isinstance(leaf, JobReference))
