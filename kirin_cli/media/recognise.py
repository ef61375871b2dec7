"""What a media value is: a URL, a `data:` URI, Base64 or a file; and its facts. Judges no limits (I3 to I5)."""

import errno
import os
import re
import stat
from binascii import a2b_base64
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from string import ascii_letters, digits

from kirin_cli.media.addresses import image_at, is_web, shortened, video_at
from kirin_cli.media.files import odd_kind, open_at_once, stamp_of, suffix_of
from kirin_cli.media.formats import BASE64_STARTS, PICTURE_SUFFIXES
from kirin_cli.media.headers import read_header
from kirin_cli.spec.medium import Kind, Medium, UnreadableMedium

_LONGEST_PATH = 4096  # characters
_SHORTEST_BASE64 = 200  # characters; a shorter text must begin as a picture does
_ALPHABET = (ascii_letters + digits + "+/=").encode()
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,31}):")  # one letter alone is a Windows drive
_NOTHING_THERE = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL))


def look(given: str, kind: Kind, base: Path, *, local: bool = True) -> Medium:
    """Find out what a media value is; paths are relative to the folder `base`, a leading `~` is the home folder.

    With `local` false (a service looks) no file is ever touched. Sides are in px as stored, before any EXIF rotation.
    Raises UnreadableMedium: I1 or V1 for a form the service does not take, I2 for another format, I6 for what cannot
    be read. A `data:` prefix and white space are taken off Base64 (A9).
    """
    if kind == "video":
        return video_at(given)
    if is_web(given):
        return image_at(given)
    match = _SCHEME.match(given)
    scheme = match[1].lower() if match else ""
    if scheme == "data":
        return _data_uri(given)
    if scheme:
        hint = f"a file whose name begins like this is written ./{scheme}:…"
        raise UnreadableMedium("I1", f"{shortened(given)!r} is neither an http(s) URL nor a plain path ({hint})")
    found = _existing(given, base) if local and given else None
    return _file(given, *found) if found else _base64(given, base, local=local)


def _data_uri(given: str) -> Medium:
    header, _, text = given.partition(",")
    if not header.lower().endswith(";base64"):
        raise UnreadableMedium("I1", f"the URI {shortened(header)!r} is not data:image/png;base64,… (or jpeg)")
    return _decoded("".join(text.split()), "the data: URI")


def _existing(given: str, base: Path) -> tuple[Path, int] | None:
    """The resolved path and the mode of whatever is there; raises UnreadableMedium (I6) where that cannot be told."""
    if len(given) > _LONGEST_PATH:
        return None
    try:
        return _resolved(given, base)
    except ValueError:  # a NUL or a lone surrogate is in no file's name
        return None
    except RuntimeError as fault:  # a home folder that nobody knows
        raise UnreadableMedium("I6", f"{given} cannot be read: {fault}") from None
    except OSError as fault:
        if fault.errno in _NOTHING_THERE:
            return None
        raise UnreadableMedium("I6", f"{given} cannot be read: {fault.strerror}") from None


def _resolved(given: str, base: Path) -> tuple[Path, int]:
    """The same; raises OSError where nothing is there, RuntimeError for a home that nobody knows."""
    folder, slash, name = given.rpartition("/")
    if name not in {"", ".", ".."} and os.sep not in name and not given.startswith("~"):
        here = os.getcwd()  # noqa: PTH109  (pathlib would make a path of it, which takes longer than all the rest)
        path = _folder(folder + slash, base, here) / name
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode):
            return path, mode
    path = Path(os.path.realpath(base / Path(given).expanduser(), strict=True))
    return path, path.stat().st_mode


@lru_cache(maxsize=256)  # thousands of pictures lie in few folders
def _folder(given: str, base: Path, _here: str) -> Path:
    """A folder without links; which one that is may depend on where the process is."""
    return Path(os.path.realpath(base / given, strict=True))


def _file(given: str, path: Path, mode: int) -> Medium:
    suffix = suffix_of(given)
    try:
        if odd := odd_kind(mode):
            raise UnreadableMedium("I6", f"{given} is {odd}, not a picture")
        if suffix and suffix not in PICTURE_SUFFIXES:
            raise UnreadableMedium("I2", f"{given} ends in {suffix}; give a .jpg, .jpeg or .png picture")
        with open_at_once(path) as file:
            stamp = stamp_of(file)
            header = read_header(file, stamp[0], given)
    except OSError as fault:
        raise UnreadableMedium("I6", f"{given} cannot be read: {fault.strerror}") from None
    return Medium(given, "file", header.format, suffix, stamp[0], header.width, header.height, path=path, stamp=stamp)


def _base64(given: str, base: Path, *, local: bool) -> Medium:
    text = "".join(given.split())
    if _could_be_base64(text, sure=not local):
        return _decoded(text, "the Base64 text")
    if not text:
        raise UnreadableMedium("I1", "the value is empty; give an http(s) URL, Base64 or a local file")
    if not local:
        raise UnreadableMedium("I1", f"{shortened(given)!r} is neither an http(s) URL nor Base64")
    if len(given) > _LONGEST_PATH:
        raise UnreadableMedium("I6", f"{shortened(given)!r} is neither a file nor valid Base64")
    raise UnreadableMedium("I6", f"no such file: {given}" + ("" if Path(given).is_absolute() else f" (in {base})"))


def _could_be_base64(text: str, *, sure: bool) -> bool:
    if not text or not text.isascii() or text.encode().translate(None, _ALPHABET):
        return False
    return sure or len(text) >= _SHORTEST_BASE64 or text.startswith(BASE64_STARTS)


def _decoded(text: str, name: str) -> Medium:
    try:
        data = a2b_base64(text, strict_mode=True)
    except ValueError as fault:
        raise UnreadableMedium("I6", f"{name} is not valid Base64: {fault}") from None
    header = read_header(BytesIO(data), len(data), name)
    return Medium(text, "base64", header.format, "", len(data), header.width, header.height)
