"""Secrets of the environment in job files: which variables look like one, and where none may stand (fault X2)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from kirin_cli.tree import walk

SECRET_PARTS: Final = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "APIKEY")
"""What makes a name look like a secret's wherever it stands in it."""
SECRET_WORDS: Final = frozenset({
    "AUTH", "BEARER", "COOKIE", "COOKIES", "DSN", "JWT", "KEY", "KEYS", "OAUTH", "PASS", "PAT", "PRIVATE", "PSK", "PWD",
    "SIGNATURE",
})  # fmt: skip
"""What does so as a word between underscores."""
NO_SECRETS: Final = frozenset({"PWD", "OLDPWD"})
"""Folders, whatever they are called."""
_SECRET_VALUE: Final = re.compile(
    r"gh[pousr]_\w{20}|github_pat_|glpat-|xox[abeoprs]-|sk-[\w-]{16}|AKIA[0-9A-Z]{16}|AIza[\w-]{30}|ya29\.|hf_\w{20}"
    r"|npm_\w{20}|pypi-\w{16}|eyJ[\w-]+\.eyJ[\w-]+\.|-----BEGIN [A-Z ]*PRIVATE KEY|[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@",
)
"""Beginnings of keys that services give out, signed documents, private keys, URLs with a password."""
MIN_LENGTH: Final = 3
"""Characters; what is shorter stands in any text."""
_URL: Final = re.compile(r"\S+:/?/\S*")


def looks_secret(name: str, value: str = "") -> bool:
    """Whether a variable of this name, or with this value, is most likely a secret."""
    upper = name.upper()
    words = set(upper.split("_"))
    by_name = upper not in NO_SECRETS and (
        any(part in upper for part in SECRET_PARTS) or not words.isdisjoint(SECRET_WORDS)
    )
    return by_name or bool(_SECRET_VALUE.search(value))


def secrets_in_urls(params: object, secrets: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(path, variable) of every URL in the parameters in which the value of one of these variables stands."""
    for path, leaf in walk(params):
        if isinstance(leaf, str) and ":" in leaf:
            yield from ((path, name) for name in secrets_in_text(_URL.findall(leaf), secrets))


def secrets_in_text(texts: Iterable[str], secrets: Mapping[str, str]) -> Iterator[str]:
    """The variables whose value stands in one of the texts."""
    text = "\n".join(texts)
    return (name for name, value in secrets.items() if len(value) >= MIN_LENGTH and value in text)
