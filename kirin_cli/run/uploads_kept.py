"""Remembers which content was uploaded where, in small files of the state folder. Knows no HTTP.

It only saves work: whatever goes wrong with it, the content is uploaded again.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

FOLDER: Final = "uploads"
LONGEST_AGE: Final = 12 * 3600.0  # seconds; a URL that may soon be dead is of no use to the service


class UploadsKept:
    """The URLs of uploads to the place `to`, each in a file of its own, readable by their owner alone."""

    def __init__(self, state_dir: Path, to: str, now: Callable[[], float]) -> None:
        self._folder, self._to, self._now = state_dir / FOLDER, to, now

    def get(self, digest: str) -> str:
        """The URL of the content with this SHA-256, "" where none is known or it is too old."""
        try:
            note = json.loads(self._path(digest).read_bytes())
            fresh = 0 <= self._now() - note["at"] < LONGEST_AGE
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
