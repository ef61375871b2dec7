"""Text for a terminal: untrusted text escaped, and text cut, padded and wrapped to cells. Knows no stream."""

import re
from functools import lru_cache
from unicodedata import combining, east_asian_width

MAX_SHOWN = 2000
"""Characters shown of any one text, unless told otherwise."""

_SHORT_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
# Patterns as text: compiled at first use, which help does without.
_UNSAFE = (
    "[\x00-\x1f\x7f-\x9f"  # control characters (ESC, BEL, CR …) and DEL
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"  # invisible: hyphen, joiners, fillers, Arabic mark
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, separators, bidirectional
    "\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"  # fillers, byte order mark, annotations, lone surrogates
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"  # shorthand, musical and tag controls
)
_NOT_ASCII = "[^\x00-\x7f]"
_CI_LINE = r"(?m)^(\s*):(?=:)"  # GitHub: `::error::` after any blanks
_CI_ANYWHERE = r"#(?=#\w*\[)"  # Azure `##vso[`, older GitHub `##[`, TeamCity: wherever they stand


def escape_untrusted(text: str, *, multiline: bool = False, limit: int = MAX_SHOWN) -> str:
    r"""`text` with all that is not plain to see written as an escape (`\x1b`, `\u202e`), at most `limit` characters.

    Newlines and tabs stay where `multiline` is true, else they are escaped too. CI commands are broken with a blank
    (`: :error::`, `# #vso[`). Applying it twice changes nothing more.
    """
    shown = text[: limit + 1]
    if multiline:
        shown = shown.replace("\r\n", "\n")
    if not shown.isascii() or not shown.isprintable():
        allowed = "\n\t" if multiline else ""
        shown = re.sub(_UNSAFE, lambda match: match[0] if match[0] in allowed else _escape(match[0]), shown)
    if "::" in shown or "##" in shown:
        shown = re.sub(_CI_ANYWHERE, "# ", re.sub(_CI_LINE, r"\1: ", shown))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _escape(character: str) -> str:
    code = ord(character)
    width = "x" if code < 0x100 else "u" if code < 0x10000 else "U"
    return _SHORT_ESCAPES.get(character) or f"\\{width}{code:0{ {'x': 2, 'u': 4, 'U': 8}[width] }x}"


def cell_width(text: str) -> int:
    """The number of cells that `text` takes."""
    if text.isascii():
        return len(text)
    return len(text) + sum([_character_width(character) - 1 for character in re.findall(_NOT_ASCII, text)])


@lru_cache(maxsize=4096)
def _character_width(character: str) -> int:
    if combining(character) or character == "\ufe0f":
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def truncate_end(text: str, width: int) -> str:
    """The longest beginning of `text` that fits into `width` cells."""
    if text[: max(0, width) + 1].isascii():
        return text[: max(0, width)]
    cells = 0
    for index, character in enumerate(text):
        cells += _character_width(character)
        if cells > width:
            return text[:index]
    return text


def truncate_start(text: str, width: int) -> str:
    """The longest ending of `text` that fits into `width` cells."""
    return truncate_end(text[::-1], width)[::-1]


def ellipsize(text: str, width: int, ellipsis: str = "…") -> str:
    """`text`, or as much of its beginning as fits into `width` cells together with the ellipsis."""
    if cell_width(text) <= width:
        return text
    room = width - cell_width(ellipsis)
    return truncate_end(text, room) + ellipsis if room >= 0 else truncate_end(ellipsis, width)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """`text` followed (`right`: preceded) by blanks up to `width` cells."""
    blanks = " " * (width - cell_width(text))
    return blanks + text if right else text + blanks


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells (1 or more), broken at blanks; too long a word is broken anywhere."""
    words = text.split()
    if cell_width(line := " ".join(words)) <= width:
        return [line]
    lines = [""]
    for word in words:
        joined = f"{lines[-1]} {word}".lstrip()
        if cell_width(joined) <= width:
            lines[-1] = joined
            continue
        while word:
            piece = truncate_end(word, width) or word[0]
            lines.append(piece)
            word = word[len(piece) :]  # noqa: PLW2901  (the rest of it)
    return lines[1:] if len(lines) > 1 and not lines[0] else lines
