"""How wide text is on a terminal, and text cut, filled and wrapped to a width. Expects text made harmless before.

Widths are in cells: East Asian wide characters take two, combining ones none. Measured with the standard library, so
that plain output needs no Rich.
"""

from unicodedata import combining, east_asian_width


def cells(text: str) -> int:
    """The number of cells that `text` takes."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def _cell(character: str) -> int:
    if combining(character) or character == "\ufe0f":
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def head(text: str, width: int) -> str:
    """The longest beginning of `text` that fits into `width` cells."""
    if text.isascii():
        return text[: max(0, width)]
    taken = 0
    for at, character in enumerate(text):
        taken += _cell(character)
        if taken > width:
            return text[:at]
    return text


def tail(text: str, width: int) -> str:
    """The longest ending of `text` that fits into `width` cells."""
    return head(text[::-1], width)[::-1]


def shorten(text: str, width: int, ellipsis: str = "…") -> str:
    """`text`, or as much of its beginning as fits into `width` cells together with the ellipsis."""
    if cells(text) <= width:
        return text
    return head(head(text, width - cells(ellipsis)) + ellipsis, width)


def fill(text: str, width: int, *, right: bool = False) -> str:
    """`text` followed (`right`: preceded) by blanks up to `width` cells."""
    blanks = " " * (width - cells(text))
    return blanks + text if right else text + blanks


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells (1 or more), broken at blanks; too long a word is broken anywhere."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".lstrip()
        if cells(joined) <= width:
            lines[-1] = joined
            continue
        lines += _pieces(word, width)
    return lines[1:] if len(lines) > 1 and not lines[0] else lines


def _pieces(word: str, width: int) -> list[str]:
    pieces = []
    while word:
        piece = head(word, width) or word[0]
        pieces.append(piece)
        word = word[len(piece) :]
    return pieces
