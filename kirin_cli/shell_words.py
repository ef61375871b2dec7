"""Words of command lines that can be typed again: quoted as the shells of this system read them. Knows no command.

On Windows nobody knows whether a line goes to cmd or to PowerShell, and no quotes keep both from what they expand: a
word with such a character, which may be a stranger's job name, stands in no line.
"""

import re
import shlex
import sys
from collections.abc import Iterable
from typing import Final

OMITTED_WORD: Final = "…"
NO_COMMAND: Final = "a command that is not shown: a word of it has a character that shells of Windows act on"

_PLAIN_ON_WINDOWS: Final = re.compile(r"[\w./\\:~+=-]+")
_EXPANDED_ON_WINDOWS: Final = re.compile(r'["$%!^`\u2018-\u201f\x00-\x1f\x7f]')
"""What cmd or PowerShell expands or ends quotes at, which PowerShell does at curly ones too; and line ends."""
_BACKSLASH: Final = "\\"
_WORD_ON_WINDOWS: Final = re.compile(r'"((?:\\"|[^"])*)"|(\S+)')


def quote_word(word: str, platform: str = sys.platform) -> str:
    """The word for a POSIX shell; on Windows in double quotes, or `…` for one that no quotes make harmless."""
    if platform != "win32":
        return shlex.quote(word)
    if _EXPANDED_ON_WINDOWS.search(word):
        return OMITTED_WORD
    if _PLAIN_ON_WINDOWS.fullmatch(word):
        return word
    # A program takes backslashes for themselves, but before a quote, where each one needs another.
    return f'"{word}{word[len(word.rstrip(_BACKSLASH)) :]}"'


def join_words(words: Iterable[str], platform: str = sys.platform) -> str:
    """The words as one line; on Windows NO_COMMAND where one of them is harmless in no quotes."""
    listed = list(words)
    if platform == "win32" and any(map(_EXPANDED_ON_WINDOWS.search, listed)):
        return NO_COMMAND
    return " ".join(quote_word(word, platform) for word in listed)


def split_words(line: str, platform: str = sys.platform) -> list[str]:
    """The words of a line that `join_words` has made."""
    if platform != "win32":
        return shlex.split(line)
    return [quoted.replace('\\"', '"') if quoted else plain for quoted, plain in _WORD_ON_WINDOWS.findall(line)]
