"""Files inside the page: videos and pictures as data URIs, where they are what the result says and there is room."""

import hashlib
from base64 import b64encode
from typing import Final

from kirin_cli.regular_file import is_network_path, read_regular_file
from kirin_cli.report.html_cards import FileSource
from kirin_cli.report.html_charts import Markup, tag
from kirin_cli.report.report import ReportFile
from kirin_cli.report.result_files import media_type, size_on_disk

MAX_EMBEDDED: Final = 64 << 20
"""Bytes of one file of a page with its videos inside; a larger one is linked to."""
MAX_EMBEDDED_TOTAL: Final = 128 << 20
"""Bytes of all files of such a page."""
MAX_SMALL: Final = 512 << 10
"""Bytes of a picture that a page has inside which links to its videos: it may come to where only these are."""
MAX_SMALL_TOTAL: Final = 8 << 20
"""Bytes of all pictures of such a page."""
_WIDTH, _HEIGHT = "62", "48"


class DataUriEmbedder:
    """Gives the content of each file as a data URI while there is room, and else what `otherwise` gives.

    A result may have come from anywhere and name any file of this machine; its size and its SHA-256 must be those
    that the result states, so nobody learns from the page what they do not know.
    """

    def __init__(self, otherwise: FileSource, max_bytes: int, max_total: int) -> None:
        self._otherwise = otherwise
        self._max_bytes = max_bytes
        self._bytes_left = max_total

    def __call__(self, file: ReportFile) -> str:
        """The address of a file."""
        content = _read(file) if media_type(file) and file.bytes <= min(self._max_bytes, self._bytes_left) else None
        if content is None:
            return self._otherwise(file)
        self._bytes_left -= len(content)
        return f"data:{media_type(file)};base64,{b64encode(content).decode()}"


def _read(file: ReportFile) -> bytes | None:
    if is_network_path(file.path):
        return None
    try:
        content = read_regular_file(file.path, file.bytes)
    except (OSError, ValueError):
        return None
    return content if hashlib.sha256(content).hexdigest() == file.sha256 else None


class InputPictures:
    """The small pictures of what jobs were made from, each once inside the page, however many jobs have it, or linked.

    `embed` gives the address of one as it is to be inside; `symbols` are those that are.
    """

    def __init__(self, link: FileSource, embed: FileSource) -> None:
        self._link = link
        self._embed = embed
        self._numbers: dict[tuple[str, str], int] = {}
        self.symbols: list[Markup] = []

    def __call__(self, file: ReportFile) -> Markup:
        """The picture of a file, with its parameter and its name for those who do not see it."""
        address, label = self._link(file), f"{file.type}: {file.name}"
        has_changed = size_on_disk(file) not in {None, file.bytes}
        if has_changed or not media_type(file).startswith("image/"):
            shown = tag("span", {"class": "thumb file"}, file.name)
        elif number := self._number(file):
            use = tag("use", {"href": f"#picture-{number}"})
            shown = tag("svg", {"class": "thumb", "role": "img", "aria-label": label}, use)
        else:
            facts = {"class": "thumb", "src": address, "alt": label, "loading": "lazy", "decoding": "async"}
            shown = tag("img", facts)
        return tag("a", {"href": address, "target": "_blank", "rel": "noopener", "title": label}, shown)

    def _number(self, file: ReportFile) -> int:
        """The number of the symbol that is the picture, 0 where it could not be taken in."""
        key = (str(file.path), file.sha256)
        if key not in self._numbers:
            address = self._embed(file)
            is_inside = address.startswith("data:")
            self._numbers[key] = len(self.symbols) + 1 if is_inside else 0
            if is_inside:
                sides = {"width": _WIDTH, "height": _HEIGHT, "preserveAspectRatio": "xMidYMid slice"}
                facts = {"id": f"picture-{self._numbers[key]}", "viewBox": f"0 0 {_WIDTH} {_HEIGHT}"}
                self.symbols.append(tag("symbol", facts, tag("image", {"href": address, **sides})))
        return self._numbers[key]
