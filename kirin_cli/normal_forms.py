"""Normal forms of what identities hold, so that two spellings of one thing are one: origins, line ends, names."""

import unicodedata
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@lru_cache(maxsize=256)
def normalize_origin(url: str) -> str:
    """Scheme, host and port of a URL: in lower case, IDNA as ASCII, without a default port or the host's last dot.

    What has no host (`sandbox:…`) or makes no sense as a URL comes back as it is.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return url
    if not parts.scheme or not host:
        return url
    host = _ascii_host(host.removesuffix("."))
    suffix = "" if port is None or port == DEFAULT_PORTS.get(parts.scheme) else f":{port}"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{suffix}"


def _ascii_host(host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:  # no name that a resolver could look up; the connection says so
        return host


def normalize_line_ends(leaf: object) -> object:
    """A text with line feeds for all line ends; anything else as it is."""
    return leaf.replace("\r\n", "\n").replace("\r", "\n") if isinstance(leaf, str) and "\r" in leaf else leaf


def normalize_name(name: str) -> str:
    """The name of a job: composed (NFC), with line feeds for line ends."""
    return unicodedata.normalize("NFC", str(normalize_line_ends(name)))
