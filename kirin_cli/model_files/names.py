"""Names and texts of added models, which come from anywhere: what is taken as it is, and what is made harmless."""

import re
from collections.abc import Collection
from typing import Final
from zlib import crc32

MAX_HELP: Final = 600
"""Characters of a text that help prints."""
MAX_NAME: Final = 64
"""Characters of the name of a parameter."""
MAX_OPTION: Final = 200
"""Characters of a word that a parameter takes."""
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}")
_NAME: Final = re.compile(rf"[A-Za-z_][A-Za-z0-9_-]{{0,{MAX_NAME - 1}}}")
_FLAG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}")
_COMMAND: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,99}")
_CI: Final = re.compile(r"^:(?=:)|#(?=#\w*\[)")
_PORTABLE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,78}[a-z0-9_-]")
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)")
_FAMILY: Final = "kirin-"


def is_model_id(text: object) -> bool:
    """Whether a text can be the id of a model: letters, digits and `._:/@+-`, at most 128, no way up in a path."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None and ".." not in text and "//" not in text


def is_parameter_name(text: object) -> bool:
    """Whether a text can be the name of a parameter: it stands in paths (`image_list[].type`) and makes a flag."""
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def is_flag_name(text: object) -> bool:
    """Whether a text can be a flag, without its dashes."""
    return isinstance(text, str) and _FLAG.fullmatch(text) is not None


def is_command_name(text: object) -> bool:
    """Whether a text can be the name of a command."""
    return isinstance(text, str) and _COMMAND.fullmatch(text) is not None


def is_option(text: str) -> bool:
    """Whether a text can be a word that a parameter takes: nothing in it that cannot be seen."""
    return bool(text) and text.isprintable() and len(text) <= MAX_OPTION


def clean_text(text: str, limit: int = MAX_HELP) -> str:
    """A text on one line, of what is plain to see: no control characters, no invisible ones, no command of a CI system.

    What is longer than `limit` is cut, at the end of a sentence or of a word where one is near.
    """
    text = text[: 4 * limit + 1000]  # of a megabyte no more than that is looked at
    visible = "".join(character if character.isprintable() else " " for character in text)
    line = _CI.sub(lambda match: f"{match[0]} ", " ".join(visible.split()))
    if len(line) <= limit:
        return line
    head = line[: limit - 1]
    whole, _, _ = head.rpartition(" ")
    return f"{(whole if len(whole) > limit // 2 else head).rstrip()}…"


def first_sentence(text: str) -> str:
    """The first sentence of a cleaned text, of at most 100 characters, for a list."""
    match = re.match(r".+?[.!?](?= |$)", text)
    return clean_text(match[0] if match else text, 100)


def command_for(model_id: str, taken: Collection[str] = ()) -> str:
    """The command of a model by its id: in lower case, without the name of the family; "" where that is `taken`."""
    name = re.sub(r"[^a-z0-9.]+", "-", model_id.lower()).strip("-.")
    short = name.removeprefix(_FAMILY)
    candidates = (short, name, f"model-{name}")
    return next((text for text in candidates if is_command_name(text) and text not in taken), "")


def file_stem(model_id: str) -> str:
    """The name of the model's file, without its suffix: the id where every system takes it as a name.

    Another id gets a checksum behind it, so that no two ids have one file.
    """
    if _PORTABLE.fullmatch(model_id) and not _DEVICE.match(model_id):
        return model_id
    return f"{re.sub(r'[^a-z0-9_-]+', '-', model_id.lower())[:80].strip('-')}-{crc32(model_id.encode()):08x}"
