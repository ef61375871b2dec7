"""Media values: URL, `data:` URI, Base64 or local file, and what is known of it. Judges no limits (rules I3 to I5)."""

import errno
import os
import re
import stat
from binascii import a2b_base64
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from string import ascii_letters, digits
from typing import Final

from kirin_cli.media.formats import BASE64_STARTS, OTHER_SUFFIXES, PICTURE_SUFFIXES, VIDEO_SUFFIXES
from kirin_cli.media.image_header import read_image_header
from kirin_cli.media.local_files import file_stamp, file_suffix, open_nonblocking, special_file_kind
from kirin_cli.media.video_header import FORMATS, read_video_header
from kirin_cli.modelspec.text import has_no_blanks, url_path
from kirin_cli.modelspec.types import MediaError, MediaFile, MediaKind

_WEB = re.compile("https?:", re.IGNORECASE)
# The .5 of /clip-1.5 is a number, and /.png is a name.
_SUFFIXED = re.compile(r".*[^/](\.(?:[a-z][a-z0-9]{1,4}|3g[p2]))(?:/\.?)*", re.IGNORECASE | re.ASCII)


def is_web(text: str) -> bool:
    """Whether a text begins as an http(s) URL."""
    return _WEB.match(text) is not None


def image_from_url(url: str) -> MediaFile:
    """The image at an http(s) URL; MediaError (rule I1) for no usable URL, (rule I2) for another format's suffix."""
    suffix = _suffix(url, "I1")
    if suffix in OTHER_SUFFIXES:
        raise MediaError("I2", f"the URL {abbreviate(url)} ends in {suffix}; give a .jpg, .jpeg or .png picture")
    return MediaFile(url, "url", suffix=suffix)


def video_from_url(url: str) -> MediaFile:
    """The video at a URL; MediaError (rule V1) for anything else, and for a suffix other than .mp4 and .mov."""
    if not is_web(url):
        raise MediaError(
            "V1",
            f"{abbreviate(url)!r} is no http(s) URL: the service takes videos by URL only; "
            "upload it somewhere and give its URL",
        )
    suffix = _suffix(url, "V1")
    if suffix and suffix not in VIDEO_SUFFIXES:
        raise MediaError("V1", f"the URL {abbreviate(url)} ends in {suffix}; give an .mp4 or .mov video")
    return MediaFile(url, "url", suffix=suffix)


def abbreviate(given: str) -> str:
    """A value as messages name it: never a page of Base64."""
    return given if len(given) <= 200 else f"{given[:60]}…"


def _suffix(url: str, rule: str) -> str:
    """The lower-case suffix of the URL's path, "" where it has none; raises MediaError for no absolute URL."""
    if not has_no_blanks(url):
        raise MediaError(rule, f"the URL {abbreviate(url)!r} holds white space or unprintable characters")
    try:
        path = url_path(url)
    except ValueError as fault:
        raise MediaError(rule, f"{abbreviate(url)} is no valid URL: {fault}") from None
    if path is None:
        raise MediaError(rule, f"the URL {abbreviate(url)} names no host")
    suffixed = _SUFFIXED.fullmatch(path)
    return suffixed[1].lower() if suffixed else ""


_MAX_PATH_LENGTH = 4096  # characters
_MIN_BASE64_LENGTH = 200  # characters; a shorter text must begin as a picture does
_ALPHABET = (ascii_letters + digits + "+/=").encode()
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,31}):")  # one letter alone is a Windows drive
_NOTHING_THERE = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL))


def inspect_media(given: str, kind: MediaKind, base: Path, *, local: bool = True) -> MediaFile:
    """Find out what a media value is; paths are relative to the folder `base`, a leading `~` is the home folder.

    With `local` false (a service looks) no file is ever touched. Sides are in px as stored, before any EXIF rotation.
    Raises MediaError by rule I1 or V1 for a form the service does not take, I2 for another format, I6 for what
    cannot be read. A `data:` prefix and white space are taken off Base64 (rule A9).
    """
    if kind == "video":
        return video_from_url(given)
    if is_web(given):
        return image_from_url(given)
    match = _SCHEME.match(given)
    scheme = match[1].lower() if match else ""
    if scheme == "data":
        return _data_uri(given)
    if scheme:
        hint = f"a file whose name begins like this is written ./{scheme}:…"
        raise MediaError("I1", f"{abbreviate(given)!r} is neither an http(s) URL nor a plain path ({hint})")
    found = _existing(given, base) if local and given else None
    return _file(given, *found) if found else _base64(given, base, local=local)


def _data_uri(given: str) -> MediaFile:
    header, _, text = given.partition(",")
    if not header.lower().endswith(";base64"):
        raise MediaError("I1", f"the URI {abbreviate(header)!r} is not data:image/png;base64,… (or jpeg)")
    return _decoded("".join(text.split()), "the data: URI")


def _existing(given: str, base: Path) -> tuple[Path, int] | None:
    """The resolved path and the mode of whatever is there; MediaError (rule I6) where that cannot be told."""
    if len(given) > _MAX_PATH_LENGTH:
        return None
    try:
        return _resolved(given, base)
    except ValueError:  # a NUL or a lone surrogate is in no file's name
        return None
    except RuntimeError as fault:  # a home folder that nobody knows
        raise MediaError("I6", f"{given} cannot be read: {fault}") from None
    except OSError as fault:
        if fault.errno in _NOTHING_THERE:
            return None
        raise MediaError("I6", f"{given} cannot be read: {fault.strerror}") from None


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


def _file(given: str, path: Path, mode: int) -> MediaFile:
    suffix = file_suffix(given)
    try:
        if odd := special_file_kind(mode):
            raise MediaError("I6", f"{given} is {odd}, not a picture")
        if suffix and suffix not in PICTURE_SUFFIXES:
            raise MediaError("I2", f"{given} ends in {suffix}; give a .jpg, .jpeg or .png picture")
        with open_nonblocking(path) as file:
            stamp = file_stamp(file)
            header = read_image_header(file, stamp[0], given)
    except OSError as fault:
        raise MediaError("I6", f"{given} cannot be read: {fault.strerror}") from None
    return MediaFile(
        given, "file", header.format, suffix, stamp[0], header.width, header.height, path=path, stamp=stamp
    )


def _base64(given: str, base: Path, *, local: bool) -> MediaFile:
    text = "".join(given.split())
    if _could_be_base64(text, sure=not local):
        return _decoded(text, "the Base64 text")
    if not text:
        raise MediaError("I1", "the value is empty; give an http(s) URL, Base64 or a local file")
    if not local:
        raise MediaError("I1", f"{abbreviate(given)!r} is neither an http(s) URL nor Base64")
    if len(given) > _MAX_PATH_LENGTH:
        raise MediaError("I6", f"{abbreviate(given)!r} is neither a file nor valid Base64")
    raise MediaError("I6", f"no such file: {given}" + ("" if Path(given).is_absolute() else f" (in {base})"))


def _could_be_base64(text: str, *, sure: bool) -> bool:
    if not text or not text.isascii() or text.encode().translate(None, _ALPHABET):
        return False
    return sure or len(text) >= _MIN_BASE64_LENGTH or text.startswith(BASE64_STARTS)


def _decoded(text: str, name: str) -> MediaFile:
    try:
        data = a2b_base64(text, strict_mode=True)
    except ValueError as fault:
        raise MediaError("I6", f"{name} is not valid Base64: {fault}") from None
    header = read_image_header(BytesIO(data), len(data), name)
    return MediaFile(text, "base64", header.format, "", len(data), header.width, header.height)


MAX_VIDEO_PATH_LENGTH: Final = 4096  # characters
URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # one letter alone is a Windows drive
UPLOAD_HINT: Final = "set KIRIN_UPLOAD_URL to a place that takes uploads, or upload it yourself and give its URL"


def inspect_with_videos(given: str, kind: MediaKind, base: Path, *, uploads: bool) -> MediaFile:
    """What `inspect_media` finds out, and local videos besides; paths are relative to the folder `base`.

    `uploads` says whether there is a place to upload them to. Raises MediaError as that does, by rule V1 for a
    video that cannot be read, is no MP4 or MOV, or could not be uploaded. Sides are in px as shown.
    """
    if kind != "video" or URI.match(given) or len(given) > MAX_VIDEO_PATH_LENGTH or not given.strip():
        return inspect_media(given, kind, base)
    path = _existing_path(given, base)
    if path is None and not uploads:
        return inspect_media(given, kind, base)
    if path is None:
        where = "" if Path(given).is_absolute() else f" (in {base})"
        raise MediaError("V1", f"no such file: {abbreviate(given)}{where}")
    if not uploads:
        raise MediaError("V1", f"{given} is a local file, and the service takes videos by URL only; {UPLOAD_HINT}")
    return _video(given, path)


def is_local_video(media_file: MediaFile) -> bool:
    """Whether the service can have this medium only after an upload."""
    return media_file.form == "file" and media_file.format in FORMATS


def _existing_path(given: str, base: Path) -> Path | None:
    """The path of whatever is there, None for nothing."""
    try:
        return Path(os.path.realpath(base / Path(given).expanduser(), strict=True))
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: NUL is in no file's name
        return None
    except (OSError, RuntimeError) as fault:  # RuntimeError: a home folder that nobody knows
        words = fault.strerror if isinstance(fault, OSError) else str(fault)
        raise MediaError("V1", f"{abbreviate(given)} cannot be read: {words}") from None


def _video(given: str, path: Path) -> MediaFile:
    suffix = Path(given).suffix.lower()
    try:
        if odd := special_file_kind(path.stat().st_mode):
            raise MediaError("V1", f"{given} is {odd}, not a video")
        if suffix and suffix not in VIDEO_SUFFIXES:
            raise MediaError("V1", f"{given} ends in {suffix}; give an .mp4 or .mov video")
        with open_nonblocking(path) as file:
            stamp = file_stamp(file)
            header = read_video_header(file, stamp[0], given)
    except OSError as fault:
        raise MediaError("V1", f"{given} cannot be read: {fault.strerror}") from None
    if header.seconds is None or header.width is None:
        raise MediaError("V1", f"{given} does not say how long it lasts or what size it has")
    return MediaFile(
        given, "file", header.format, suffix, stamp[0], header.width, header.height, header.seconds, header.fps,
        path=path, stamp=stamp,
    )  # fmt: skip
