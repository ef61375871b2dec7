"""Uploads of local videos: once for each content, with a cache of their URLs. Knows no HTTP."""

import hashlib
import json
import os
import secrets
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from kirin_cli.api.upload import OnBytesSent
from kirin_cli.errors import UsageError
from kirin_cli.media.detect import UPLOAD_HINT, is_local_video
from kirin_cli.media.local_files import sha256
from kirin_cli.modelspec.types import MediaFile

FOLDER: Final = "uploads"
MAX_AGE: Final = 12 * 3600.0  # seconds; a URL that may soon be dead is of no use to the service


class UploadCache:
    """The URLs of uploads to the place `to`, each in a file of its own, readable by their owner alone."""

    def __init__(self, state_dir: Path, to: str, now: Callable[[], float]) -> None:
        self._folder, self._to, self._now = state_dir / FOLDER, to, now

    def get(self, digest: str) -> str:
        """The URL of the content with this SHA-256, "" where none is known or it is too old."""
        try:
            note = json.loads(self._path(digest).read_bytes())
            fresh = 0 <= self._now() - note["at"] < MAX_AGE
            same = (note["to"], note["sha256"]) == (self._to, digest)
            return str(note["url"]) if fresh and same else ""
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return ""

    def put(self, digest: str, url: str) -> None:
        """Remember a URL."""
        path = self._path(digest)
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        note = {"url": url, "at": self._now(), "to": self._to, "sha256": digest}
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with open(part, "x", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                json.dump(note, file)
            part.replace(path)

    def forget(self, digest: str) -> None:
        """Remember a URL no longer."""
        with suppress(OSError):
            self._path(digest).unlink()

    def _path(self, digest: str) -> Path:
        name = hashlib.sha256(f"{self._to}\n{digest}".encode()).hexdigest()[:32]
        return self._folder / f"{name}.json"


def ignore_progress(_sent: int, _total: int) -> None:
    """Tell nobody."""


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

    def url_of(self, video: MediaFile, tell: OnBytesSent = ignore_progress) -> str:
        """The URL of a local video, uploaded now where that is needed; `tell` hears how it goes on.

        Raises LocalFault where the file has changed since inspection, and what `send` raises.
        """
        digest = self._digest(video)
        with self._lock:
            turn = self._turns[digest]
        with turn:
            if digest not in self._urls:
                self._urls[digest] = self._kept_url(digest, video.size or 0) or self._uploaded(digest, video, tell)
            return self._urls[digest]

    def _digest(self, video: MediaFile) -> str:
        file = (video.path, video.stamp)
        if file not in self._digests:
            self._digests[file] = sha256(video)
        return self._digests[file]

    def _kept_url(self, digest: str, size: int) -> str:
        url = self._cache.get(digest)
        if url and not self._still_there(url, size):
            self._cache.forget(digest)
            return ""
        return url

    def _uploaded(self, digest: str, video: MediaFile, tell: OnBytesSent) -> str:
        url = self._send(video, tell)
        self._cache.put(digest, url)
        return url


def upload_local_videos(
    values: Mapping[str, object], uploader: Uploader | None, tell: OnBytesSent = ignore_progress
) -> dict[str, object]:
    """The parameters with the URLs of their local videos in place of these.

    Raises what `url_of` raises, and UsageError where there is a local video and no uploader.
    """
    return {name: _replaced(value, uploader, tell) for name, value in values.items()}


def _replaced(value: object, uploader: Uploader | None, tell: OnBytesSent) -> object:
    if isinstance(value, Mapping):
        return {name: _replaced(inner, uploader, tell) for name, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, uploader, tell) for inner in value]
    if not isinstance(value, MediaFile) or not is_local_video(value):
        return value
    if uploader is None:
        raise UsageError(f"{value.label} is a local file, and the service takes videos by URL only", hint=UPLOAD_HINT)
    return replace(value, given=uploader.url_of(value, tell), form="url", path=None, stamp=None)
