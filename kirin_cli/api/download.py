"""Fetches the file of a finished task: without the key, resumed where that is safe, checked, and never half there.

Knows no ledger; asking the task for a fresh URL is its caller's part. What it fetches is free of charge however often.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kirin_cli.api.adapter import Adapter
from kirin_cli.api.attempts import Attempts, DeadUrl, Limits, Progress, Tools
from kirin_cli.api.exchange import Clock
from kirin_cli.api.network import Network
from kirin_cli.api.parts import PartFile
from kirin_cli.api.results import ContentKind
from kirin_cli.errors import ResultUnavailable
from kirin_cli.media.boxes import VideoFacts

DEFAULT = Limits()
__all__ = ["DeadUrl", "Downloader", "Fetched", "Limits"]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file under its final name."""

    path: Path
    bytes: int
    sha256: str
    content_type: str
    video: VideoFacts | None = None


class Downloader:
    """Fetches files with connections of its own: no key, no cookies. Thread-safe.

    `now` gives seconds since the epoch, for Retry-After dates.
    """

    def __init__(
        self,
        network: Network,
        *,
        clock: Clock = time.monotonic,
        now: Clock = time.time,
        sleep: Callable[[float], None] = time.sleep,
        limits: Limits = DEFAULT,
    ) -> None:
        self._tools = Tools(network, Adapter(network), clock, now, sleep, limits)

    def fetch(
        self,
        url: str,
        target: Path,
        *,
        origin: str,
        kind: ContentKind = "video",
        on_progress: Progress = lambda _received, _total: None,
        force: bool = False,
        before_publish: Callable[[Fetched], None] = lambda _fetched: None,
    ) -> Fetched:
        """Fetch `url` to `target`, which exists afterwards whole or not at all.

        `origin` is the host of the service that named the URL. `before_publish` is told what is about to get its final
        name; if it raises, nothing gets it. Raises DeadUrl where a fresh URL may help, ResultUnavailable where the file
        cannot be had, LocalFault for the disk and for a target that is taken.
        """
        with PartFile(target, force=force) as part:
            attempts = Attempts(self._tools, url, origin, kind, part, on_progress)
            try:
                whole = attempts.run()
            except ResultUnavailable as error:
                error.hint = "`kirin download ID` tries again, free of charge"
                raise
            fetched = Fetched(target, part.size, part.sha256, attempts.content_type, whole.video)
            before_publish(fetched)
            part.publish()
        return fetched

    def close(self) -> None:
        """Close the idle connections."""
        self._tools.adapter.close()
