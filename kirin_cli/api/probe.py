"""Facts of images and videos behind URLs (`--check-urls`), from a few Range requests: size, format, pixels, length."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Final, Self

from kirin_cli.api.adapter import BoundedAdapter
from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.exchange import MonotonicClock, TransportError
from kirin_cli.api.range_reader import ProbeTimeouts, RangeClient, RangeFile
from kirin_cli.errors import KirinError, ResultUnavailable
from kirin_cli.media.detect import abbreviate, inspect_media
from kirin_cli.media.formats import HEAD, detect_format
from kirin_cli.media.image_header import read_image_header
from kirin_cli.media.mp4 import OutOfReach
from kirin_cli.media.video_header import read_video_header
from kirin_cli.modelspec.types import MediaError, MediaFile, MediaKind

MB: Final = 1 << 20
MAX_IMAGE_BYTES: Final = 10 * MB  # any model's bound; a picture of unknown length is counted so far
PREFIXES: Final = (1 << 16, 1 << 18, MB)  # how much of a picture is tried, in turn


@dataclass(frozen=True, slots=True)
class RemoteMediaInfo:
    """What is known of a media file, None where it is not; `remark` says what is missing and why. Sides are in px."""

    format: str
    size: int | None = None
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    fps: float | None = None
    remark: str = ""


def video_info(client: RangeClient, name: str) -> RemoteMediaInfo:
    """The facts of a video, sides as shown. Raises MediaError (rule V1), and what the parts raise."""
    file = RangeFile(client)
    file.read(HEAD)  # so that the size is known, where it can be
    header = read_video_header(file, file.size, name)
    facts = {"its size": file.size, "pixels": header.width, "length": header.seconds, "frame rate": header.fps}
    remark = _remark(name, [fact for fact, value in facts.items() if value is None], file.limit)
    return RemoteMediaInfo(header.format, file.size, header.width, header.height, header.seconds, header.fps, remark)


def image_info(client: RangeClient, name: str) -> RemoteMediaInfo:
    """The facts of a picture, sides as stored.

    Raises MediaError (rule I2 for another format, I3 for more than 10 MB, I6 for what is empty or broken), and what
    the parts raise.
    """
    file = RangeFile(client)
    head = file.read(PREFIXES[0])
    format_name = detect_format(head[:HEAD])
    if file.size == len(head) or format_name not in {"jpeg", "png"}:
        header = read_image_header(BytesIO(head), len(head), name)
        return RemoteMediaInfo(header.format, len(head), header.width, header.height)
    size = client.length(MAX_IMAGE_BYTES) if file.size is None else file.size
    if size is None:
        raise MediaError("I3", f"{name} has more than {MAX_IMAGE_BYTES} bytes, the most that an image may have")
    width, height = _sides(file)
    missing = [] if width else ["its pixels"]
    return RemoteMediaInfo(format_name, size, width, height, remark=_remark(name, missing, file.limit))


def _sides(file: RangeFile) -> tuple[int | None, int | None]:
    """Width and height as far as the first megabyte tells them."""
    from imagesize import get  # noqa: PLC0415 - brings urllib.request and XML, which only a picture should cost

    for count in PREFIXES:
        file.seek(0)
        try:
            width, height = get(BytesIO(file.read(count)), exif_rotation=False)
        except OutOfReach:
            break
        if width > 0 and height > 0:
            return width, height
    return None, None


def _remark(name: str, missing: list[str], why: str) -> str:
    if not missing:
        return ""
    return f"{name}: {', '.join(missing)} could not be learned" + (f": {why}" if why else "")


InspectIn = Callable[[str, MediaKind, Path], MediaFile]
ProbeTarget = tuple[str, MediaKind]
MAX_CONCURRENT_PROBES: Final = 8
JOIN_SECONDS: Final = 0.5
DEFAULT_PROBE_TIMEOUTS: Final = ProbeTimeouts()
RULES: Final[Mapping[MediaKind, str]] = {"image": "I1", "video": "V1"}


class Prober:
    """Looks at each URL once, however often it is asked. Sends no key. Thread-safe.

    `look` finds out what everything else is.
    """

    def __init__(
        self,
        network: NetworkSettings,
        *,
        look: InspectIn = inspect_media,
        clock: MonotonicClock = time.monotonic,
        timeouts: ProbeTimeouts = DEFAULT_PROBE_TIMEOUTS,
    ) -> None:
        self._look = look
        self._adapter = BoundedAdapter(network)
        self._open = partial(RangeClient, network=network, adapter=self._adapter, clock=clock, timeouts=timeouts)
        self._expected: dict[ProbeTarget, None] = {}
        self._results: dict[ProbeTarget, RemoteMediaInfo | MediaError] = {}

    def inspect(self, given: str, kind: MediaKind, base: Path) -> MediaFile:
        """As `inspect_media`, with the facts of what a URL leads to.

        Raises MediaError too where a URL cannot be fetched (rules I1, V1), is no JPEG, PNG, MP4 or MOV by its content
        (rules I2, V1), is cut short or broken (rules I6, V1), or is longer than any image may be (rule I3).
        """
        media_file = self._look(given, kind, base)
        if media_file.form != "url":
            return media_file
        result = self._facts((given, kind))
        if isinstance(result, MediaError):
            raise MediaError(result.rule, result.message)
        return replace(
            media_file, format=result.format, size=result.size, width=result.width, height=result.height,
            seconds=result.seconds, fps=result.fps,
        )  # fmt: skip

    def expect(self, given: str, kind: MediaKind, base: Path) -> MediaFile:
        """As the plain look; what is a URL will be looked at by `ahead`."""
        media_file = self._look(given, kind, base)
        if media_file.form == "url":
            self._expected[given, kind] = None
        return media_file

    def ahead(self) -> None:
        """Look at the expected URLs, several at once, before they are asked for one by one."""
        # Daemons: an interrupted command does not wait for somebody's slow server.
        count = min(MAX_CONCURRENT_PROBES, len(self._expected))
        threads = [Thread(target=self._serve, name="probe", daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(JOIN_SECONDS)  # without a bound Windows would not hear Ctrl-C

    def warning_for(self, given: str) -> tuple[str, str] | None:
        """Rule and sentence where something could not be learned of a URL that can be used."""
        for kind, rule in RULES.items():
            result = self._results.get((given, kind))
            if isinstance(result, RemoteMediaInfo) and result.remark:
                return rule, result.remark
        return None

    def close(self) -> None:
        """Close the idle connections."""
        self._adapter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self) -> None:
        with suppress(KeyError, KirinError):  # none left; what is wrong with the network is raised by `look`
            while True:
                self._facts(self._expected.popitem()[0])

    def _facts(self, wanted: ProbeTarget) -> RemoteMediaInfo | MediaError:
        if wanted not in self._results:
            self._results[wanted] = self._probe(*wanted)
        return self._results[wanted]

    def _probe(self, url: str, kind: MediaKind) -> RemoteMediaInfo | MediaError:
        read = video_info if kind == "video" else image_info
        name = abbreviate(url)
        try:
            return read(self._open(url), name)
        except MediaError as unreadable:
            return unreadable
        except (ResultUnavailable, TransportError) as error:
            return MediaError(RULES[kind], f"{name} cannot be fetched: {error}")


def url_still_valid(
    url: str, size: int, network: NetworkSettings, *, timeouts: ProbeTimeouts = DEFAULT_PROBE_TIMEOUTS
) -> bool:
    """Whether a URL gives a file of `size` bytes; where its server does not say how long it is, that it gives one."""
    adapter = BoundedAdapter(network)
    try:
        return RangeClient(url, network, adapter, time.monotonic, timeouts).get(0, 1, 1).total in {None, size}
    except (ResultUnavailable, TransportError):
        return False
    finally:
        adapter.close()
