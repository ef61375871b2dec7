"""The bytes behind a medium: their SHA-256. Knows no request and no format."""

from binascii import a2b_base64
from collections.abc import Iterator
from hashlib import sha256 as _sha256

from kirin_cli.media.files import open_unchanged, read_unchanged
from kirin_cli.spec.medium import Medium

_STEP = 256 * 1024  # a multiple of 4: each step of a Base64 text decodes alone


def sha256(medium: Medium) -> str:
    """Hex digest of the decoded bytes of a file or Base64 text; of the text itself for a URL, whose bytes are unknown.

    Raises LocalFault where the file has changed since the look.
    """
    digest = _sha256()
    for data in _bytes(medium):
        digest.update(data)
    return digest.hexdigest()


def _bytes(medium: Medium) -> Iterator[bytes]:
    if medium.form == "url":
        yield medium.given.encode("utf-8", "surrogatepass")
    elif medium.form == "base64":
        for start in range(0, len(medium.given), _STEP):
            yield a2b_base64(medium.given[start : start + _STEP])
    else:
        with open_unchanged(medium, medium.label) as file:
            yield from read_unchanged(medium, file, _STEP, medium.label)
