"""URLs of images and videos: whether the service could fetch them, and what their suffix promises. Fetches nothing."""

import re

from kirin_cli.media.formats import OTHER_SUFFIXES, VIDEO_SUFFIXES
from kirin_cli.spec.addresses import is_one_word, path_of
from kirin_cli.spec.medium import Medium, UnreadableMedium

_WEB = re.compile("https?:", re.IGNORECASE)
# The .5 of /clip-1.5 is a number, and /.png is a name.
_SUFFIXED = re.compile(r".*[^/](\.(?:[a-z][a-z0-9]{1,4}|3g[p2]))(?:/\.?)*", re.IGNORECASE | re.ASCII)


def is_web(text: str) -> bool:
    """Whether a text begins as an http(s) URL."""
    return _WEB.match(text) is not None


def image_at(url: str) -> Medium:
    """The image at an http(s) URL; raises UnreadableMedium: I1 for no usable URL, I2 for another format's suffix."""
    suffix = _suffix(url, "I1")
    if suffix in OTHER_SUFFIXES:
        raise UnreadableMedium("I2", f"the URL {shortened(url)} ends in {suffix}; give a .jpg, .jpeg or .png picture")
    return Medium(url, "url", suffix=suffix)


def video_at(url: str) -> Medium:
    """The video at a URL; raises UnreadableMedium (V1) for anything else, and for a suffix other than .mp4 and .mov."""
    if not is_web(url):
        raise UnreadableMedium(
            "V1",
            f"{shortened(url)!r} is no http(s) URL: the service takes videos by URL only; "
            "upload it somewhere and give its URL",
        )
    suffix = _suffix(url, "V1")
    if suffix and suffix not in VIDEO_SUFFIXES:
        raise UnreadableMedium("V1", f"the URL {shortened(url)} ends in {suffix}; give an .mp4 or .mov video")
    return Medium(url, "url", suffix=suffix)


def shortened(given: str) -> str:
    """A value as messages name it: never a page of Base64."""
    return given if len(given) <= 200 else f"{given[:60]}…"


def _suffix(url: str, rule: str) -> str:
    """The lower-case suffix of the URL's path, "" where it has none; raises UnreadableMedium for no absolute URL."""
    if not is_one_word(url):
        raise UnreadableMedium(rule, f"the URL {shortened(url)!r} holds white space or unprintable characters")
    try:
        path = path_of(url)
    except ValueError as fault:
        raise UnreadableMedium(rule, f"{shortened(url)} is no valid URL: {fault}") from None
    if path is None:
        raise UnreadableMedium(rule, f"the URL {shortened(url)} names no host")
    suffixed = _SUFFIXED.fullmatch(path)
    return suffixed[1].lower() if suffixed else ""
