"""Media values: URL, `data:` URI, Base64 or local file, and what is known of it. Judges no limits (rules I3 to I5)."""

import errno
import os
import re
import stat
from binascii import a2b_base64
from contextlib import suppress
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from string import ascii_letters, digits
from typing import Final
from urllib.parse import unquote

from kirin_cli.media.formats import (
    BASE64_STARTS,
    HEAD,
    NO_VIDEO_SUFFIXES,
    OTHER_SUFFIXES,
    PICTURE_SUFFIXES,
    VIDEO_SUFFIXES,
    detect_format,
)
from kirin_cli.media.image_header import read_image_header
from kirin_cli.media.local_files import file_stamp, file_suffix
from kirin_cli.media.video_header import FORMATS, read_video_header
from kirin_cli.modelspec.text import control_problem, has_no_blanks, near_file, url_path
from kirin_cli.modelspec.types import MediaError, MediaFile, MediaKind
from kirin_cli.redaction import MASK, mask_hidden, redact_urls
from kirin_cli.regular_file import open_known_file, open_regular_file, special_file_kind

_WEB = re.compile("https?:", re.IGNORECASE)
# The .5 of /clip-1.5 is a number, and /.png is a name.
_SUFFIX = re.compile(r".*[^/](\.(?:[a-z][a-z0-9]{1,4}|3g[p2]))(?:/\.?)*", re.IGNORECASE | re.ASCII)


def is_web(text: str) -> bool:
    """Whether a text begins as an http(s) URL."""
    return _WEB.match(text) is not None


MAX_REDACTED: Final = 100_000  # characters; a longer one is Base64


def abbreviate(value: str) -> str:
    """A value as messages name it: never a page of Base64, nor a password or a signature of a URL."""
    value = mask_hidden(redact_urls(value)) if len(value) <= MAX_REDACTED else value
    return value if len(value) <= 200 else f"{value[:60]}…"


def _image_from_url(url: str) -> MediaFile:
    """The image at an http(s) URL; MediaError (rule I1) for no usable URL, (rule I2) for another format's suffix."""
    suffix = _url_suffix(url, "I1")
    if suffix in OTHER_SUFFIXES:
        raise MediaError("I2", f"the URL {abbreviate(url)} ends in {suffix}; give a .jpg, .jpeg or .png picture")
    return MediaFile(url, "url", suffix=suffix)


def _video_from_url(url: str) -> MediaFile:
    """The video at a URL; MediaError (rule V1) for anything else, and where the suffix is of something else."""
    if not is_web(url):
        raise MediaError(
            "V1",
            f"{abbreviate(url)!r} is no http(s) URL: the service takes videos by URL only; "
            "upload it somewhere and give its URL",
        )
    suffix = _url_suffix(url, "V1")
    if suffix in NO_VIDEO_SUFFIXES:
        raise MediaError("V1", f"the URL {abbreviate(url)} ends in {suffix}; give an .mp4 or .mov video")
    return MediaFile(url, "url", suffix=suffix)


def _url_suffix(url: str, rule: str) -> str:
    """The lower-case suffix of the URL's path, "" where it has none; raises MediaError for no absolute URL."""
    if not has_no_blanks(url):
        raise MediaError(rule, f"the URL {abbreviate(url)!r} holds white space or unprintable characters")
    if MASK in url:  # of a sidecar, say, which has no signatures
        raise MediaError(rule, f"the URL {abbreviate(url)} holds {MASK} where something was left out; give all of it")
    try:
        path = url_path(url)
    except ValueError as error:
        raise MediaError(rule, f"{abbreviate(url)} is no valid URL: {error}") from None
    if path is None:
        raise MediaError(rule, f"the URL {abbreviate(url)} names no host")
    match = _SUFFIX.fullmatch(path)
    return match[1].lower() if match else ""


_MAX_PATH_LENGTH: Final = 4096  # characters
_MIN_BASE64_LENGTH: Final = 200  # characters; a shorter text must begin as a picture does
_BASE64_ALPHABET: Final = (ascii_letters + digits + "+/=").encode()
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,31}):")  # one letter alone is a Windows drive
_MAX_SCHEME_LENGTH: Final = 33  # characters, with the colon
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_FILE_URL: Final = re.compile(r"file:(?://([^/?#]*))?(/[^?#]*)", re.IGNORECASE)
_WINDOWS_PATH: Final = re.compile("/[A-Za-z]:")
_NO_NAMES: Final = frozenset(("", ".", ".."))
_ABSENT: Final = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL))
UPLOAD_HINT: Final = "set KIRIN_UPLOAD_URL to a place that takes uploads, or upload it yourself and give its URL"


def inspect_media(value: str, kind: MediaKind, base: Path, *, local: bool = True) -> MediaFile:
    """Find out what a media value is; paths are relative to the folder `base`, a leading `~` is the home folder.

    With `local` false (a service inspects) no file is ever touched. Sides are in px as stored, before any EXIF
    rotation. Raises MediaError by rule I1 or V1 for a form the service does not take, I2 for another format, I6
    for what cannot be read. A `data:` prefix and white space are taken off Base64 (rule A9).
    """
    if kind == "video":
        return _video_from_url(value)
    if ":" in value[:_MAX_SCHEME_LENGTH]:
        if is_web(value):
            return _image_from_url(value)
        value = _path_from_url(value, "I1") if local else value
        match = _SCHEME.match(value)
        if match and match[1].lower() == "data":
            return _image_from_data_uri(value)
        if match:
            hint = f"a file whose name begins like this is written ./{match[1].lower()}:…"
            raise MediaError("I1", f"{abbreviate(value)!r} is neither an http(s) URL nor a plain path ({hint})")
    file = _find_file(value, base, "I6") if local and 0 < len(value) <= _MAX_PATH_LENGTH else None
    return _read_image(value, *file) if file else _read_base64(value, base, local=local)


def inspect_with_videos(value: str, kind: MediaKind, base: Path, *, uploads: bool) -> MediaFile:
    """What `inspect_media` finds out, and local videos besides; paths are relative to the folder `base`.

    `uploads` says whether there is a place to upload them to. Raises MediaError as that does, by rule V1 for a
    video that cannot be read, is no MP4 or MOV, or could not be uploaded. Sides are in px as shown.
    """
    if kind == "video":
        value = _path_from_url(value, "V1")
    if kind != "video" or _URI.match(value) or len(value) > _MAX_PATH_LENGTH or not value.strip():
        return inspect_media(value, kind, base)
    file = _find_file(value, base, "V1")
    if not uploads:
        if file is None:
            return inspect_media(value, kind, base)
        raise MediaError("V1", f"{value} is a local file, and the service takes videos by URL only; {UPLOAD_HINT}")
    if file is None:
        raise _no_such_file(value, base, "V1")
    return _read_video(value, *file)


def _path_from_url(value: str, rule: str) -> str:
    """The path that a `file:` URL names; any other value as it is. Raises MediaError for a file of another machine."""
    match = _FILE_URL.fullmatch(value)
    if match is None:
        return value
    if match[1] and match[1].lower() != "localhost":
        raise MediaError(rule, f"{abbreviate(value)!r} names a file of another machine; give the path of a local file")
    path = unquote(match[2])
    return path[1:] if os.name == "nt" and _WINDOWS_PATH.match(path) else path


def is_local_video(media_file: MediaFile) -> bool:
    """Whether the service can have this media file only after an upload."""
    return media_file.form == "file" and media_file.format in FORMATS


def _find_file(value: str, base: Path, rule: str) -> tuple[str, int] | None:
    """The resolved path and the mode of whatever is there; raises MediaError where that cannot be told.

    A path is text here: to make a Path takes longer than to ask the system for a picture.
    """
    try:
        folder, slash, name = value.rpartition("/")
        if name not in _NO_NAMES and os.sep not in name and ":" not in name and not value.startswith("~"):
            path = _real_folder(folder + slash, base, os.getcwd()) + name  # noqa: PTH109
            mode = os.lstat(path).st_mode
            if not stat.S_ISLNK(mode):
                return path, mode
        path = os.path.realpath(base / Path(value).expanduser(), strict=True)
        return path, os.stat(path).st_mode  # noqa: PTH116
    except ValueError:  # a NUL or a lone surrogate is in no file's name
        return None
    except RuntimeError as error:  # a home folder that nobody knows
        raise MediaError(rule, f"{value} cannot be read: {error}") from None
    except OSError as error:
        with suppress(OSError):  # a pipe that the shell has opened is a link to what has no path
            whole = base / Path(value).expanduser()
            return str(whole), whole.stat().st_mode
        if error.errno in _ABSENT:
            return None
        raise MediaError(rule, f"{value} cannot be read: {error.strerror}") from None


@lru_cache(maxsize=256)  # thousands of pictures lie in few folders
def _real_folder(folder: str, base: Path, _here: str) -> str:
    """A folder without links, up to its last slash; which one that is may depend on where the process is."""
    path = os.path.realpath(base / folder, strict=True)
    return path if path.endswith(os.sep) else path + os.sep


def _no_such_file(value: str, base: Path, rule: str) -> MediaError:
    path = Path(value)
    if error := control_problem(value):
        return MediaError(rule, f"no such file: {error}")
    where = "" if path.is_absolute() else f" (in {base})"
    return MediaError(rule, f"no such file: {value}{where}{near_file(base / path)}")


def _read_image(value: str, path: str, mode: int) -> MediaFile:
    suffix = file_suffix(value)
    try:
        if special := special_file_kind(mode):
            raise MediaError("I6", f"{value} is {special}, not a picture")
        if suffix and suffix not in PICTURE_SUFFIXES:
            raise MediaError("I2", f"{value} ends in {suffix}{_rename_hint(Path(path))}")
        file, status = open_known_file(path)
        with file:
            header = read_image_header(file, status.st_size, value)
    except OSError as error:
        raise MediaError("I6", f"{value} cannot be read: {error.strerror}") from None
    return MediaFile(
        value, "file", header.format, suffix, status.st_size, header.width, header.height, path=path,
        stamp=file_stamp(status), turned=header.turned,
    )  # fmt: skip


def _rename_hint(path: Path) -> str:
    """What to do about a picture's suffix: a JPEG or PNG by content needs another name only. Raises OSError."""
    with open_regular_file(path) as file:
        content = detect_format(file.read(HEAD))
    new_suffix = {"jpeg": ".jpg", "png": ".png"}.get(content)
    if new_suffix is None:
        return "; give a .jpg, .jpeg or .png picture"
    return f", but is a {content.upper()} by its content: rename it to {path.with_suffix(new_suffix).name}"


def _read_video(value: str, path: str, mode: int) -> MediaFile:
    suffix = Path(value).suffix.lower()
    try:
        if special := special_file_kind(mode):
            raise MediaError("V1", f"{value} is {special}, not a video")
        if suffix and suffix not in VIDEO_SUFFIXES:
            raise MediaError("V1", f"{value} ends in {suffix}; give an .mp4 or .mov video")
        with open_regular_file(Path(path)) as file:
            stamp = file_stamp(os.fstat(file.fileno()))
            header = read_video_header(file, stamp[0], value)
    except OSError as error:
        raise MediaError("V1", f"{value} cannot be read: {error.strerror}") from None
    if header.seconds is None or header.width is None:
        raise MediaError("V1", f"{value} does not say how long it lasts or what size it has")
    return MediaFile(
        value, "file", header.format, suffix, stamp[0], header.width, header.height, header.seconds, header.fps,
        path=path, stamp=stamp,
    )  # fmt: skip


def _read_base64(value: str, base: Path, *, local: bool) -> MediaFile:
    text = "".join(value.split())
    if not text:
        raise MediaError("I1", "the value is empty; give an http(s) URL, Base64 or a local file")
    long_enough = not local or len(text) >= _MIN_BASE64_LENGTH or text.startswith(BASE64_STARTS)
    if long_enough and text.isascii() and not text.encode().translate(None, _BASE64_ALPHABET):
        return _decode(text, "the Base64 text")
    if not local:
        raise MediaError("I1", f"{abbreviate(value)!r} is neither an http(s) URL nor Base64")
    if len(value) > _MAX_PATH_LENGTH:
        raise MediaError("I6", f"{abbreviate(value)!r} is neither a file nor valid Base64")
    raise _no_such_file(value, base, "I6")


def _image_from_data_uri(uri: str) -> MediaFile:
    header, _, text = uri.partition(",")
    if not header.lower().endswith(";base64"):
        raise MediaError("I1", f"the URI {abbreviate(header)!r} is not data:image/png;base64,… (or jpeg)")
    return _decode("".join(text.split()), "the data: URI")


def _decode(text: str, name: str) -> MediaFile:
    try:
        data = a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise MediaError("I6", f"{name} is not valid Base64: {error}") from None
    header = read_image_header(BytesIO(data), len(data), name)
    return MediaFile(text, "base64", header.format, "", len(data), header.width, header.height, turned=header.turned)
