"""Redaction: what never appears in what is shown or written: secret values, passwords and signatures in URLs.

Knows neither keys nor settings.
"""

import re
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import Final

from kirin_cli.tree import map_leaves

MASK: Final = "***"
MIN_LENGTH_ANYWHERE: Final = 8
"""Characters from which on a value is masked inside of words too; a shorter one may be part of any word."""
MIN_PREFIX: Final = 4
"""Characters of a value that was cut by a message, from which on they are masked too."""
DIGEST_LENGTH: Final = 8
CUT: Final = "…"
SAME_COMMAND: Final = "the same command again: it holds a password or a signature, which is not shown"


def mask_values(text: str, values: Collection[str]) -> str:
    """`text` with each of the values replaced by ***, plain or as JSON, URLs and HTML write it (fault H4)."""
    if not values:
        return text
    text = _pattern(tuple(sorted(values))).sub(MASK, text)
    return _mask_cut_values(text, values) if CUT in text else text


def digest_values(text: str, values: Iterable[str]) -> str:
    """`text` with each of the values replaced by *** and the start of its SHA-256: different for different values."""
    from hashlib import sha256  # noqa: PLC0415  (most requests hold no secret)

    def digest(match: re.Match[str]) -> str:
        return MASK + sha256(match[0].encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_LENGTH]

    return _alternatives(values).sub(digest, text) if text else text


@lru_cache(maxsize=64)
def _pattern(values: tuple[str, ...]) -> re.Pattern[str]:
    return _alternatives(form for value in values for form in _spellings(value))


_IN_HTML: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
"""As `html.escape` does it: that module holds a megabyte of names of characters."""


def _spellings(value: str) -> set[str]:
    import json  # noqa: PLC0415  (help shows no values)
    from urllib.parse import quote, quote_plus  # noqa: PLC0415  (the same)

    in_json = json.dumps(value)[1:-1]
    plain = value.encode("utf-8", "replace").decode()  # a lone surrogate is in no URL
    percent = {quote(plain, safe=""), quote(plain), quote_plus(plain)}
    percent |= {re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), form) for form in percent}
    return {value, in_json, in_json.replace("/", r"\/"), value.translate(_IN_HTML), *percent}


def _alternatives(forms: Iterable[str]) -> re.Pattern[str]:
    """What finds any of the forms, the longest first; a short one only where it stands alone."""
    parts = [
        re.escape(form) if len(form) >= MIN_LENGTH_ANYWHERE else rf"(?<![\w-]){re.escape(form)}(?![\w-])"
        for form in sorted(set(forms), key=len, reverse=True)
        if form
    ]
    return re.compile("|".join(parts) or "(?!)")


def _mask_cut_values(text: str, values: Collection[str]) -> str:
    """The text with what a message has left of a value before the sign of a cut masked too."""
    head, *rest = text.split(CUT)
    for part in rest:
        for value in values:
            for length in range(len(value) - 1, MIN_PREFIX - 1, -1):
                if head.endswith(value[:length]):
                    head = head[:-length] + MASK
                    break
        head += CUT + part
    return head


_hidden: Final[set[str]] = set()


def hide_values(values: Iterable[str]) -> None:
    """From now on this process shows and writes none of these, wherever they come from."""
    _hidden.update(filter(None, values))


def show_all_values() -> None:
    """Hide nothing any more: a new command line begins."""
    _hidden.clear()


def hides_values() -> bool:
    """Whether this process hides any value."""
    return bool(_hidden)


def mask_hidden(text: str) -> str:
    """`text` without the values that this process hides."""
    return mask_values(text, frozenset(_hidden)) if _hidden else text


def mask_tree(tree: object) -> object:
    """JSON data without the values that this process hides; names stay, and the very tree where nothing is hidden."""
    return map_leaves(tree, lambda leaf: mask_hidden(leaf) if isinstance(leaf, str) else leaf) if _hidden else tree


def mask_all(values: Collection[str]) -> Callable[[object], object]:
    """What digests the values in a text and leaves anything else alone; for trees of parameters."""
    return lambda leaf: digest_values(leaf, values) if type(leaf) is str else leaf


_USER: Final = re.compile(r"""([A-Za-z][A-Za-z0-9+.-]+:(?:/|\\/){1,3})([^\s/?#<>"'`\\\x00-\x1f]*@)""")
_PARAMETER: Final = re.compile(r"""([?&;#][A-Za-z0-9_.%~-]{1,100}=)([^&;#\s<>"'`\\\x00-\x1f]+)""")
_SECRET_NAME: Final = re.compile(
    r"(?i)token|secret|sig|sign|signature|passw|pwd|^pass$|key|auth|credential|policy|hmac|jwt|session|security|^sv$|^code$"
)
MIN_OPAQUE: Final = 20
"""Characters from which on the value of a query is taken for a secret, whatever its name."""


def strip_url(url: str) -> str:
    """The URL of a result as it is written down: without user, password, query and fragment, often a signature."""
    if not ("?" in url or "#" in url or "@" in url):
        return url
    scheme, separator, rest = url.partition("://")
    rest = re.split(r"[?#]", rest, maxsplit=1)[0]
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"


def redact_urls(text: str, *, keep_length: bool = False) -> str:
    """`text` with no user and password in any URL, and with *** for each value of a query that may be a signature.

    What else stands in a query, such as a page or a size, is kept: it tells one URL from another (fault X4). With
    `keep_length` a * stands for each character: what is below in the next line stays below.
    """

    def hide(match: re.Match[str]) -> str:
        return match[1] + ("*" * len(match[2]) if keep_length else "")

    def hide_parameter(match: re.Match[str]) -> str:
        if not _SECRET_NAME.search(match[1][1:-1]) and len(match[2]) < MIN_OPAQUE:
            return match[0]
        return match[1] + ("*" * len(match[2]) if keep_length else MASK)

    text = _USER.sub(hide, text) if "@" in text else text
    return _PARAMETER.sub(hide_parameter, text) if "=" in text else text


def redact_tree(tree: object) -> object:
    """JSON data with the URLs in its texts redacted, and without the values that this process hides; names stay."""
    return map_leaves(tree, lambda leaf: redact_text(leaf) if isinstance(leaf, str) else leaf)


def redact_text(text: str) -> str:
    """`text` as `redact_tree` leaves it."""
    text = redact_urls(text) if "@" in text or "=" in text else text
    return mask_hidden(text) if _hidden else text


def command_text(*arguments: str) -> str:
    """A command of kirin as it can be typed again; in words where it holds what is not shown.

    With *** in the place of a password it would ask for another job.
    """
    from kirin_cli.shell_words import join_words  # noqa: PLC0415  (most commands end well)

    text = join_words(("kirin", *arguments))
    return text if mask_hidden(redact_urls(text)) == text else SAME_COMMAND
