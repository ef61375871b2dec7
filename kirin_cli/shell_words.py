"""Words of command lines that can be typed again: quoted as the shells of this system read them. Knows no command."""

import re
import shlex
import sys
from collections.abc import Iterable
from typing import Final

_PLAIN_ON_WINDOWS: Final = re.compile(r"[\w./\\:~+=-]+")
_WORD_ON_WINDOWS: Final = re.compile(r'"((?:\\"|[^"])*)"|(\S+)')


def quote_word(word: str, platform: str = sys.platform) -> str:
    """The word for a POSIX shell; on Windows in double quotes, the ones that cmd and PowerShell both know."""
    if platform != "win32":
        return shlex.quote(word)
    if _PLAIN_ON_WINDOWS.fullmatch(word):
        return word
    # A program takes backslashes for themselves, but before a quote, where each one needs another.
    escaped = re.sub(r'(\\*)("|$)', lambda match: match[1] * 2 + ('\\"' if match[2] else ""), word)
    return f'"{escaped}"'


def join_words(words: Iterable[str], platform: str = sys.platform) -> str:
    """The words as one line."""
    return " ".join(quote_word(word, platform) for word in words)


def split_words(line: str, platform: str = sys.platform) -> list[str]:
    """The words of a line that `join_words` has made."""
    if platform != "win32":
        return shlex.split(line)
    return [quoted.replace('\\"', '"') if quoted else plain for quoted, plain in _WORD_ON_WINDOWS.findall(line)]
