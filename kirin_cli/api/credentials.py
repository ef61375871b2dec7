"""The API key: where it comes from, how it is kept out of every output, and its fingerprint. Stores nothing."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from kirin_cli.errors import NotPermitted
from kirin_cli.modelspec.record import Record
from kirin_cli.redaction import mask_values
from kirin_cli.text_encoding import decode_text

KEY_VARIABLE = "KIRIN_API_KEY"
NO_KEY_HINT = f"set {KEY_VARIABLE} in the environment, give --api-key-file FILE, or store a key: kirin auth login"
MAX_KEY_LENGTH = 4096  # characters
# As text: compiled where an answer holds an escape, and where there is a key.
ESCAPE = r"(?s)\\(?:u([0-9a-fA-F]{4})|(.))"
WRAPPED = r"""(?is)(Bearer\s).*|((?:export\s+|set\s+|\$env:)?KIRIN_API_KEY\s*=).*|(["'`]).*\3"""
PLAIN = frozenset(map(chr, range(33, 127))) - {'"', "\\"}


class ApiKey(Record, eq=True):
    """A usable key and where it was found; the key is in no repr."""

    value: str
    source: str

    def __repr__(self) -> str:
        return f"ApiKey(source={self.source!r})"


def find_key(environ: Mapping[str, str], file: Path | None = None) -> ApiKey | None:
    """The key of KIRIN_API_KEY, else of the first lines of `file`; None where neither is given.

    Raises NotPermitted for one that is given but cannot be used.
    """
    if KEY_VARIABLE in environ:
        return ApiKey(check_key(environ[KEY_VARIABLE], KEY_VARIABLE), KEY_VARIABLE)
    if file is None:
        return None
    try:
        with file.open("rb") as stream:
            text = decode_text(stream.read(MAX_KEY_LENGTH * 4), "replace")
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise NotPermitted(f"no API key in {file}: {reason}", hint=NO_KEY_HINT) from error
    return ApiKey(check_key(text, str(file)), str(file))


def check_key(text: str, source: str) -> str:
    """The key in `text` without white space around it.

    Raises NotPermitted where it is empty, too long, or holds what cannot stand in a header; never quotes it.
    """
    key = text.strip()
    if not key:
        raise NotPermitted(f"the API key in {source} is empty", hint=NO_KEY_HINT)
    if len(key) > MAX_KEY_LENGTH:
        raise NotPermitted(f"the API key in {source} is longer than {MAX_KEY_LENGTH} characters", hint=NO_KEY_HINT)
    if not key.isascii():
        raise NotPermitted(
            f"the API key in {source} holds letters beyond ASCII: was it copied whole?", hint=NO_KEY_HINT
        )
    if match := re.fullmatch(WRAPPED, key):
        how = "starts with Bearer" if match[1] else "is written as NAME=VALUE" if match[2] else "stands in quotes"
        raise NotPermitted(f"the API key in {source} {how}", hint="give the key alone, as it was copied")
    if not re.fullmatch(r"[!-~]+", key):
        raise NotPermitted(f"the API key in {source} holds white space or control characters inside", hint=NO_KEY_HINT)
    return key


def scrub(text: str, key: str) -> str:
    """`text` with the key replaced by ***, in any spelling (fault H4).

    A key of fewer than eight characters is replaced only where it stands alone: it may be part of any word.
    """
    return mask_values(text, (key,)) if key else text


def scrub_body(body: bytes, key: str) -> bytes:
    """The body of an answer without the key, also where JSON escapes spell some of its characters (fault H4)."""
    text = body.decode("utf-8", "surrogateescape")
    return scrub(re.sub(ESCAPE, _unescape, text) if "\\" in text else text, key).encode("utf-8", "surrogateescape")


def _unescape(escape: re.Match[str]) -> str:
    """What an escape of JSON stands for, where that is plain ASCII and can stand for itself."""
    character = chr(int(escape[1], 16)) if escape[1] else escape[2]
    plain = character in PLAIN if escape[1] else character == "/"
    return character if plain else escape[0]


def fingerprint(key: str) -> str:
    """16 hex digits that tell accounts apart in the ledger and give nothing of the key away."""
    import hmac  # noqa: PLC0415  (where there is no key, nothing is told apart)

    return hmac.new(b"kirin account fingerprint", key.encode(), hashlib.sha256).hexdigest()[:16]
