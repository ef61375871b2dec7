"""The one function through which text that somebody else wrote passes before it is shown. Knows no stream.

Control characters could move the cursor or retitle the window, bidirectional and invisible ones could make a name read
as another, and some line starts are commands to CI systems (fault rows H1, H3). Markup is never parsed anywhere (H2).
"""

import re

CUT_AT = 2000
"""Characters shown of any one text, unless told otherwise."""

_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0 (ESC, BEL, CR …), DEL, C1
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"  # invisible: hyphen, joiners, fillers, Arabic mark
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, separators, bidirectional
    "\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"  # fillers, byte order mark, annotations, lone surrogates
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"  # shorthand, musical and tag controls
)
_CI_LINE = re.compile(r"^(\s*):(?=:)", re.MULTILINE)  # GitHub: `::error::` after any blanks
_CI_ANYWHERE = re.compile(r"#(?=#\w*\[)")  # Azure `##vso[`, older GitHub `##[`, TeamCity: wherever they stand


def harmless(text: str, *, multiline: bool = False, limit: int = CUT_AT) -> str:
    r"""`text` with all that is not plain to see written as an escape (`\x1b`, `\u202e`), at most `limit` characters.

    Newlines and tabs stay where `multiline` is true, else they are escaped too. CI commands are broken with a blank
    (`: :error::`, `# #vso[`). Applying it twice changes nothing more.
    """
    shown = text[: limit + 1]
    if multiline:
        shown = shown.replace("\r\n", "\n")
    if not shown.isascii() or not shown.isprintable():
        kept = "\n\t" if multiline else ""
        shown = _UNSAFE.sub(lambda match: match[0] if match[0] in kept else _escaped(match[0]), shown)
    shown = _CI_ANYWHERE.sub("# ", _CI_LINE.sub(r"\1: ", shown))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _escaped(character: str) -> str:
    code = ord(character)
    width = "x" if code < 0x100 else "u" if code < 0x10000 else "U"
    return _SHORT.get(character) or f"\\{width}{code:0{ {'x': 2, 'u': 4, 'U': 8}[width] }x}"
