"""Local videos on their way to a URL: each content is uploaded once, however many jobs and runs use it.

An upload comes before anything is sent to the service, and costs nothing. Identities use the content, not the URL.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from kirin_cli import media
from kirin_cli.api.upload import Tell
from kirin_cli.errors import UsageError
from kirin_cli.media.video_files import HOW, is_local_video
from kirin_cli.spec.medium import Medium


def unheard(_sent: int, _total: int) -> None:
    """Tell nobody."""


class Kept(Protocol):
    """What is remembered of earlier runs, by SHA-256."""

    def get(self, digest: str) -> str: ...
    def put(self, digest: str, url: str) -> None: ...
    def forget(self, digest: str) -> None: ...


class Uploader:
    """Gives local videos their URLs. Thread-safe: of two threads with one content, the second waits for the first.

    `send` uploads a file, `still_there` says whether a URL gives so many bytes.
    """

    def __init__(
        self, send: Callable[[Medium, Tell], str], still_there: Callable[[str, int], bool], kept: Kept
    ) -> None:
        self._send, self._still_there, self._kept = send, still_there, kept
        self._lock = threading.Lock()
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._digests: dict[object, str] = {}
        self._urls: dict[str, str] = {}

    def url_of(self, video: Medium, tell: Tell = unheard) -> str:
        """The URL of a local video, uploaded now where that is needed; `tell` hears how it goes on.

        Raises LocalFault where the file has changed since the look, and what `send` raises.
        """
        digest = self._digest(video)
        with self._lock:
            turn = self._turns[digest]
        with turn:
            if digest not in self._urls:
                self._urls[digest] = self._kept_url(digest, video.size or 0) or self._uploaded(digest, video, tell)
            return self._urls[digest]

    def _digest(self, video: Medium) -> str:
        file = (video.path, video.stamp)
        if file not in self._digests:
            self._digests[file] = media.sha256(video)
        return self._digests[file]

    def _kept_url(self, digest: str, size: int) -> str:
        url = self._kept.get(digest)
        if url and not self._still_there(url, size):
            self._kept.forget(digest)
            return ""
        return url

    def _uploaded(self, digest: str, video: Medium, tell: Tell) -> str:
        url = self._send(video, tell)
        self._kept.put(digest, url)
        return url


def uploaded(values: Mapping[str, object], uploader: Uploader | None, tell: Tell = unheard) -> dict[str, object]:
    """The parameters with the URLs of their local videos in place of these.

    Raises what `url_of` raises, and UsageError where there is a local video and no uploader.
    """
    return {name: _replaced(value, uploader, tell) for name, value in values.items()}


def local_videos(values: object) -> Iterator[Medium]:
    """The local videos among checked parameters."""
    if isinstance(values, Medium) and is_local_video(values):
        yield values
    elif isinstance(values, Mapping):
        for value in values.values():
            yield from local_videos(value)
    elif isinstance(values, list):
        for value in values:
            yield from local_videos(value)


def _replaced(value: object, uploader: Uploader | None, tell: Tell) -> object:
    if isinstance(value, Mapping):
        return {name: _replaced(inner, uploader, tell) for name, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, uploader, tell) for inner in value]
    if not isinstance(value, Medium) or not is_local_video(value):
        return value
    if uploader is None:
        raise UsageError(f"{value.label} is a local file, and the service takes videos by URL only", hint=HOW)
    return replace(value, given=uploader.url_of(value, tell), form="url", path=None, stamp=None)
