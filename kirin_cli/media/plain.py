"""A request as plain data, for people to read and for `--full`: Medium leaves become strings. Sends nothing."""

from binascii import b2a_base64
from collections.abc import Callable, Mapping

from kirin_cli.media.files import open_unchanged, read_unchanged
from kirin_cli.spec.medium import Medium


def elide(tree: object) -> object:
    """The tree with files and Base64 as short words: "<file cup.png, 12345 bytes, sha256 ab12cd34…>"; URLs stay.

    Raises LocalFault where a file has changed since the look.
    """
    return _replaced(tree, _words)


def full(tree: object) -> object:
    """The tree with every Medium as the string that is sent; LocalFault where a file has changed since the look."""
    return _replaced(tree, _sent)


def _replaced(tree: object, leaf: Callable[[Medium], str]) -> object:
    if isinstance(tree, Medium):
        return leaf(tree)
    if isinstance(tree, Mapping):
        return {key: _replaced(value, leaf) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [_replaced(value, leaf) for value in tree]
    return tree


def _words(medium: Medium) -> str:
    if medium.form == "url":
        return medium.given
    from kirin_cli.media.contents import sha256  # noqa: PLC0415  (only a request with media pays for hashing)

    what = f"file {medium.given}, {medium.size} bytes" if medium.form == "file" else medium.label
    return f"<{what}, sha256 {sha256(medium)[:8]}…>"


def _sent(medium: Medium) -> str:
    if medium.form != "file":
        return medium.given
    with open_unchanged(medium, medium.label) as file:
        data = b"".join(read_unchanged(medium, file, medium.size or 1, medium.label))
    return b2a_base64(data, newline=False).decode()
