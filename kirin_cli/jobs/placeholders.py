"""The syntax of `${…}`: its pieces, references to other jobs, and how a value reads inside other text. Knows no job."""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from math import isfinite
from typing import Final, NamedTuple, Self
from zlib import crc32

from kirin_cli.modelspec.text import quote

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

_PART = re.compile(r"\$(?:\$|\{([^{}]*)(\}?))")
_BODY = re.compile(r"(.*?)(?::([-?])(.*))?", re.DOTALL)
# A backslash escape of YAML can put a $ into a value of a text without one.
_DOLLARS = ("$", r"\x24", r"\u0024", r"\U00000024")


class Placeholder(NamedTuple):
    """One `${…}`: the name that is asked for, and the words after `:-` or `:?` (`otherwise` is "-", "?" or "")."""

    name: str
    otherwise: str = ""
    words: str = ""


TemplatePieces = tuple[str | Placeholder, ...]


def may_interpolate(text: str) -> bool:
    """Whether a value of this YAML text can hold a `$`."""
    return any(dollar in text for dollar in _DOLLARS)


@lru_cache(maxsize=1024)
def parse_template(text: str) -> TemplatePieces:
    """The pieces of a value. Raises ValueError with a sentence for a `${` that cannot be understood."""
    if text.count("${") > MAX_PLACEHOLDERS:
        raise ValueError(f"has more than {MAX_PLACEHOLDERS:,} placeholders")
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
        raise ValueError(f"{quote(written)} does not end, or has a brace inside; $${{ stands for a plain ${{")
    match = _BODY.fullmatch(body)
    assert match  # noqa: S101  (it takes every text)
    name = match[1].strip()
    if "." not in name and not IDENTIFIER.fullmatch(name):
        raise ValueError(f"{quote(written)} has no name as it must be; it is ${{name}}, ${{name:-default}}, ${{row.x}}")
    return Placeholder(name, match[2] or "", match[3] or "")


def referenced_names(tree: object) -> Iterator[str]:
    """Every name that the texts of a tree ask for; what cannot be understood asks for nothing."""
    if isinstance(tree, str):
        if "${" in tree:
            yield from _names(tree)
    elif isinstance(tree, dict | list):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from referenced_names(part)


def _names(text: str) -> list[str]:
    try:
        return [piece.name for piece in parse_template(text) if isinstance(piece, Placeholder)]
    except ValueError:
        return []


def needs_interpolation(tree: object) -> bool:
    """Whether a text of a tree has to be filled in."""
    if isinstance(tree, str):
        return "$" in tree
    if isinstance(tree, dict | list):
        return any(map(needs_interpolation, tree.values() if isinstance(tree, dict) else tree))
    return False


def escape(tree: object) -> object:
    """The tree with its texts written so that they stand for themselves in a job file."""
    if isinstance(tree, str):
        return re.sub(r"\$(?=[${])", "$$", tree)
    if isinstance(tree, dict):
        return {name: escape(part) for name, part in tree.items()}
    return [escape(part) for part in tree] if isinstance(tree, list) else tree


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
        made = super().__new__(cls, f"${{jobs.{job}.{field}}}")
        made.job = job
        made.field = field
        return made

    def __repr__(self) -> str:
        return f"Reference(job={self.job!r}, field={self.field!r})"


def find_references(tree: object, at: str = "") -> Iterator[tuple[str, JobReference]]:
    """(path, reference) of every one in a tree of parameters."""
    if isinstance(tree, JobReference):
        yield at, tree
    elif isinstance(tree, dict):
        for name, part in tree.items():
            yield from find_references(part, f"{at}.{name}" if at else name)
    elif isinstance(tree, list):
        for index, part in enumerate(tree):
            yield from find_references(part, f"{at}[{index}]")
