"""Uploads of local videos: once for each content, with a cache of their URLs. Knows no HTTP."""

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from kirin_cli.api.upload import OnBytesSent
from kirin_cli.atomic_file import write_atomically
from kirin_cli.errors import UsageError
from kirin_cli.media.detect import UPLOAD_HINT, is_local_video
from kirin_cli.media.local_files import sha256
from kirin_cli.modelspec.types import MediaFile
from kirin_cli.regular_file import read_regular_file
from kirin_cli.tree import map_leaves

FOLDER: Final = "uploads"
MAX_CACHED_BYTES: Final = 64 * 1024
MAX_AGE: Final = 12 * 3600.0  # seconds; a URL that may soon be dead is of no use to the service


class UploadCache:
    """The URLs of uploads to the place `to`, each in a file of its own, readable by their owner alone."""

    def __init__(self, state_dir: Path, to: str, now: Callable[[], float]) -> None:
        self._folder, self._to, self._now = state_dir / FOLDER, to, now

    def get(self, digest: str) -> str:
        """The URL of the content with this SHA-256, "" where none is known or it is too old."""
        try:
            cached = json.loads(read_regular_file(self._path(digest), MAX_CACHED_BYTES, follow_links=False))
            is_fresh = 0 <= self._now() - cached["at"] < MAX_AGE
            is_same = (cached["to"], cached["sha256"]) == (self._to, digest)
            return str(cached["url"]) if is_fresh and is_same else ""
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return ""

    def put(self, digest: str, url: str) -> None:
        """Remember a URL."""
        cached = {"url": url, "at": self._now(), "to": self._to, "sha256": digest}
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path(digest), json.dumps(cached), mode=0o600)

    def forget(self, digest: str) -> None:
        """Remember a URL no longer."""
        with suppress(OSError):
            self._path(digest).unlink()

    def _path(self, digest: str) -> Path:
        name = hashlib.sha256(f"{self._to}\n{digest}".encode()).hexdigest()[:32]
        return self._folder / f"{name}.json"


class Uploader:
    """Gives local videos their URLs. Thread-safe: of two threads with one content, the second waits for the first.

    `send` uploads a file, `still_there` says whether a URL gives so many bytes.
    """

    def __init__(
        self, send: Callable[[MediaFile, OnBytesSent], str], still_there: Callable[[str, int], bool], cache: UploadCache
    ) -> None:
        self._send, self._still_there, self._cache = send, still_there, cache
        self._lock = threading.Lock()
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._digests: dict[object, str] = {}
        self._urls: dict[str, str] = {}

    def url_of(self, video: MediaFile, tell: OnBytesSent = lambda _sent, _total: None) -> str:
        """The URL of a local video, uploaded now where that is needed; `tell` hears how it goes on.

        Raises LocalError where the file has changed since inspection, and what `send` raises.
        """
        file = (video.path, video.stamp)
        if file not in self._digests:
            self._digests[file] = sha256(video)
        digest = self._digests[file]
        with self._lock:
            turn = self._turns[digest]
        with turn:
            url = self._urls.get(digest) or self._cached_url(digest, video.size or 0)
            if not url:
                url = self._send(video, tell)
                self._cache.put(digest, url)
            self._urls[digest] = url
            return url

    def _cached_url(self, digest: str, size: int) -> str:
        url = self._cache.get(digest)
        if url and not self._still_there(url, size):
            self._cache.forget(digest)
            return ""
        return url


def upload_local_videos(
    values: Mapping[str, object], uploader: Uploader | None, tell: OnBytesSent = lambda _sent, _total: None
) -> dict[str, object]:
    """The parameters with the URLs of their local videos in place of these.

    Raises what `url_of` raises, and UsageError where there is a local video and no uploader.
    """

    def upload(value: object) -> object:
        if not isinstance(value, MediaFile) or not is_local_video(value):
            return value
        if uploader is None:
            message = f"{value.label} is a local file, and the service takes videos by URL only"
            raise UsageError(message, hint=UPLOAD_HINT)
        return replace(value, given=uploader.url_of(value, tell), form="url", path=None, stamp=None)

    return {name: map_leaves(value, upload) for name, value in values.items()}
