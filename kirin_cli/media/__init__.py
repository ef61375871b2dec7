"""What an image or video is: found, measured, hashed, and turned into a request body. Knows no model and no network."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kirin_cli.media.body import JsonBody, json_body
    from kirin_cli.media.contents import sha256
    from kirin_cli.media.plain import elide, full
    from kirin_cli.media.recognise import look

__all__ = ["JsonBody", "elide", "full", "json_body", "look", "sha256"]

# Loaded at first use: a command that touches no picture pays for neither json nor hashlib.
_ROOMS = {
    "JsonBody": "body",
    "json_body": "body",
    "sha256": "contents",
    "elide": "plain",
    "full": "plain",
    "look": "recognise",
}


def __getattr__(name: str) -> object:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
