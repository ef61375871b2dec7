"""Output file names: templates such as `{job}{-take}.{ext}`, and names that every system takes."""

import os
import re
import sys
import unicodedata
from errno import ELOOP
from functools import lru_cache
from pathlib import Path, PureWindowsPath
from typing import Final, NotRequired, TypedDict, Unpack
from zlib import crc32

from kirin_cli.errors import UsageError
from kirin_cli.modelspec.text import control_problem, did_you_mean, join_or, quote
from kirin_cli.modelspec.types import RESULT_TYPES

DEFAULT_TEMPLATE: Final = "{job}{-take}.{ext}"
FIELDS: Final = ("job", "model", "take", "-take", "n", "-n", "ext", "task_id", "date")
"""`take` and `n` (which file of its task) count from 1; `-take` is "" for 1 and "-2" for 2, `-n` "" and ".2"."""

_FIELD = re.compile(r"\{([^{}]*)\}")
_MAX_NAME_BYTES = 200  # of a name in UTF-8; file systems allow 255, and NAME.json and NAME.part are longer than NAME
MAX_FILE_NAME: Final = 255  # bytes that file systems allow a name
MAX_PROMPT_IN_NAME: Final = 40  # characters
MAX_VIDEO_NAME: Final = _MAX_NAME_BYTES
MAX_PATH: Final = {"darwin": 900, "win32": 32_000}.get(sys.platform, 3900)  # with room for the names beside it
UTF8_ADVICE: Final = "LC_ALL=C.UTF-8 in front of the command makes it UTF-8"
_EXTENSION = re.compile(r"\.[0-9A-Za-z]{1,10}\Z")
_SEPARATORS = re.compile(r'[/\\:*?"<>|]')
# Control, bidi and zero-width, lone surrogate, private, unassigned, line breaks.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])\s*(?:\.|\Z)", re.IGNORECASE)
_NAMELESS = "untitled"
_MUST_STAY = "must be a relative path that stays inside"


@lru_cache(maxsize=256)
def template_errors(template: str) -> tuple[str, ...]:
    """What is wrong with a template, one sentence each; to be said at `output.name`."""
    unknown = [name for name in _FIELD.findall(template) if name not in FIELDS]
    errors = [f"unknown field {quote(f'{{{name}}}')}{did_you_mean(name, FIELDS)}" for name in unknown]
    rest = _FIELD.sub("0", template)
    if "{" in rest or "}" in rest:
        errors.append(f"a brace without its partner; fields are written {{job}}: {join_or(FIELDS)}")
    if why := _escape_reason(rest):
        errors.append(f"{quote(template)} {_MUST_STAY}: {why}")
    elif not all(part.strip(" .") for part in rest.split("/")):
        errors.append(f"{quote(template)} has a part without a name")
    return tuple(errors)


def suffix_warning(template: str) -> str:
    """A sentence when a template gives results a suffix by which no program knows them, or none; "" for any other."""
    name = template.rpartition("/")[2]
    suffix = Path(name).suffix.lower()
    if suffix == ".{ext}" or suffix in RESULT_TYPES or suffix == ".json":  # of which the check of paths says more
        return ""
    what = f"the suffix {suffix}" if suffix else "no suffix"
    return f"{quote(template)} gives videos {what}, by which no player knows them; end it in .{{ext}}"


def escapes_folder(path: str) -> str:
    """A sentence when a relative path, as written, could leave the folder it starts from, else "" (fault I8)."""
    why = _escape_reason(path)
    return f"{quote(path)} {_MUST_STAY}: {why}" if why else control_problem(path)


def path_problem(path: Path, *, max_name: int = MAX_FILE_NAME) -> str:
    """What is wrong with a path that a person gave, wherever it leads: characters, too many bytes; "" for nothing."""
    if error := control_problem(str(path)) or encoding_problem(str(path)):
        return error
    if os.name == "nt" and (error := windows_problem(PureWindowsPath(path))):
        return error
    sizes = [(part, _byte_count(part), MAX_FILE_NAME) for part in path.parts]
    # Names that kirin makes of it are as long in every encoding, so that all machines give a job the same one.
    sizes.append((path.name, len(path.name.encode(errors="replace")) if max_name < MAX_FILE_NAME else 0, max_name))
    for name, size, limit in sizes:
        if size > limit:
            return f"the name is too long: {quote(name)} has {size} bytes, at most {limit} are possible"
    if _byte_count(str(path)) > MAX_PATH:
        return f"the path is too long: {_byte_count(str(path))} bytes, at most {MAX_PATH} are possible"
    return ""


def windows_problem(path: PureWindowsPath) -> str:
    """What Windows would take for something else than a file or a folder of this name; "" for nothing (fault D13)."""
    if path.drive.startswith(("\\\\.\\", "\\\\?\\")):
        return f"{quote(str(path))} is no folder: it begins as the names of devices do"
    if path.drive and not path.root:
        drive = path.drive
        return f"{quote(str(path))} begins at the current folder of {drive}; write {drive}\\ for the drive itself"
    for part in path.parts[1 if path.anchor else 0 :]:
        if _DEVICE.match(part):
            return f"{quote(part)} is a device on Windows"
        if found := _SEPARATORS.search(part):
            return f"{quote(part)} holds {found[0]}, which no name on Windows can hold"
        if part not in {".", ".."} and part[-1] in ". ":
            return f"{quote(part)} ends in a dot or a blank, which Windows takes off"
    return ""


def encoding_problem(text: str) -> str:
    """What of a path the file names of this system cannot hold, and what to do; "" for nothing (fault X5)."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError as error:
        missing, encoding = quote(text[error.start : error.end]), sys.getfilesystemencoding()
        return f"{missing} is in no file name of this locale, whose encoding is {encoding}; {UTF8_ADVICE}"
    return ""


def _byte_count(text: str) -> int:
    """How long the file system finds a name: bytes, on Windows units of UTF-16."""
    if os.name == "nt":
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
    return len(text.encode(sys.getfilesystemencoding(), "surrogateescape" if text.isprintable() else "replace"))


def _escape_reason(path: str) -> str:
    if path.startswith("~"):
        return "~ is not expanded"
    if path.startswith(("/", "\\")) or (path[1:2] == ":" and re.match(r"[A-Za-z]:", path)):
        return "it is absolute"
    if ".." in path and ".." in re.split(r"[/\\]", path):
        return "it goes up with .."
    return "it holds a NUL" if "\0" in path else ""


class NameFields(TypedDict):
    """What fills the fields. `ext` is without its dot, `date` as it is to read, `take` and `n` count from 1."""

    job: str
    model: str
    ext: str
    take: NotRequired[int]
    n: NotRequired[int]
    task_id: NotRequired[str]
    date: NotRequired[str]


def render_name(template: str, **fields: Unpack[NameFields]) -> str:
    """The file name; its subfolders are the template's, no field can add one. Raises UsageError for a bad template.

    All files of a task are in the folder of the first, where its sidecar is.
    """
    if errors := template_errors(template):
        raise UsageError(f"output.name: {errors[0]}")
    take, n = fields.get("take", 1), fields.get("n", 1)
    texts = {
        "job": _clean(fields["job"]) or _NAMELESS,
        "model": _clean(fields["model"]),
        "ext": _clean(fields["ext"]),
        "task_id": _clean(fields.get("task_id", "")),
        "date": _clean(fields.get("date", "")),
        "take": str(take),
        "-take": f"-{take}" if take > 1 else "",
        "n": str(n),
        "-n": f".{n}" if n > 1 else "",
    }
    folder, slash, name = template.rpartition("/")
    first = {**texts, "n": "1", "-n": ""} if slash else {}
    parts = [safe_name(part.format_map(first)) for part in folder.split("/") if slash]
    return "/".join([*parts, safe_name(name.format_map(texts))])


def numbered_template(template: str) -> str:
    """The template with its file's number in it, which is "" for the first: NAME.2.mp4 is the second file."""
    *folders, name = template.split("/")
    if "{n}" in name or "{-n}" in name:
        return template
    suffix = match[0] if (match := re.search(r"\.(?:\{ext\}|[0-9A-Za-z]{1,10})\Z", name)) else ""
    return "/".join([*folders, f"{name.removesuffix(suffix)}{{-n}}{suffix}"])


def numbered_stem(stem: str) -> str:
    """NAME of a stem such as NAME.2 or NAME.old-1, as kirin calls further files and earlier results; "" for others."""
    match = re.fullmatch(r"(.+)\.(?:old-)?[1-9][0-9]{0,5}", stem) if "." in stem else None  # most have none
    return match[1] if match else ""


def safe_name(text: str) -> str:
    """One name, no path, that Linux, macOS and Windows take (fault D13). Never empty; at most 200 bytes of UTF-8.

    What is too long is cut before the extension and ends in a checksum, so that names that differ late still differ.
    """
    name = _clean(text) or _NAMELESS
    if _DEVICE.match(name):
        name = "_" + name
    if len(name.encode()) <= _MAX_NAME_BYTES:
        return name
    extension = match[0] if (match := _EXTENSION.search(name)) else ""
    ending = f"-{crc32(name.encode()):08x}{extension}"
    stem = name.encode()[: _MAX_NAME_BYTES - len(ending)].decode(errors="ignore")
    return stem.rstrip(". ") + ending


@lru_cache(maxsize=4096)
def _clean(text: str) -> str:
    """Without what a system refuses or a person cannot see; may be empty, or no more than an extension."""
    if not (text.isascii() and text.isprintable()):  # of what is, all stays as it is
        composed = unicodedata.normalize("NFC", text)
        text = "".join(character for character in composed if unicodedata.category(character) not in _INVISIBLE)
    name = unicodedata.normalize("NFC", _SEPARATORS.sub("_", " ".join(text.split())))
    return name.lstrip("-.~ ").rstrip(". ")


def prompt_words(prompt: str) -> str:
    """The first words of a prompt as a part of a name: 40 characters at most, in lower case, `untitled` for none."""
    words = "-".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFC", prompt).lower()))
    if len(words) <= MAX_PROMPT_IN_NAME:
        return words or _NAMELESS
    whole, _, _ = words[: MAX_PROMPT_IN_NAME + 1].rpartition("-")
    return whole or words[:MAX_PROMPT_IN_NAME]


def file_key(name: str) -> str:
    """What is equal for two names that some file system takes for one: Harbour.mp4 and harbour.mp4 (fault D14)."""
    return name.lower() if name.isascii() else _composed(_composed(name).casefold())


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def resolve_inside(folder: Path, name: str) -> Path:
    """`folder`/`name`, which may have subfolders. UsageError where it would lie outside, links followed (fault I8)."""
    error = escapes_folder(name)
    target = folder / name
    if not error and not is_inside(folder, folder if target.name == name else target.parent):
        error = f"{quote(name)} leads outside of {quote(str(folder))} through a link"
    if error:
        raise UsageError(f"output: {error}", hint="Outputs stay inside the output folder; -o chooses another one.")
    return target


@lru_cache(maxsize=256)  # thousands of files lie in few folders; a circle that is new leads nowhere either
def _is_circle(path: Path) -> bool:
    """Whether a path is a circle of links, over which realpath passes."""
    try:
        path.stat()
    except OSError as error:
        return error.errno == ELOOP
    return False


def is_inside(folder: Path, inner: Path) -> bool:
    """Whether `inner` lies in `folder`, or is it, links followed; it need not be there."""
    if _is_circle(inner):
        return False
    return inner is folder or inner == folder or Path(os.path.realpath(inner)).is_relative_to(os.path.realpath(folder))
