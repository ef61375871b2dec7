"""http(s) URLs: whether one is complete, and where its path is. Fetches nothing."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

_WEB_URL: Final = re.compile(r"(https?://[^/?#]*)([^?#]*)", re.IGNORECASE)


@lru_cache(maxsize=1024)  # the jobs of a file have few of those that are asked here
def is_web_url(text: str) -> bool:
    """Whether `text` is an absolute http(s) URL with a host, a port that exists, and no white or control characters."""
    try:
        return is_one_word(text) and path_of(text) is not None
    except ValueError:
        return False


def is_one_word(text: str) -> bool:
    """Whether there are neither white nor control characters in a text."""
    return text.isprintable() and " " not in text


def path_of(url: str) -> str | None:
    """The path of an http(s) URL; None where no host is named. Raises ValueError for a host or port that cannot be."""
    parts = _WEB_URL.match(url)
    return parts[2] if parts and _names_host(parts[1]) else None


@lru_cache(maxsize=1024)  # the URLs of thousands of jobs lead to few hosts
def _names_host(origin: str) -> bool:
    parts = urlsplit(origin)
    return bool(parts.hostname) and parts.port != 0
