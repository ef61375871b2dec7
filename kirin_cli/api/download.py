"""Downloads of results over as many attempts as it takes: without the key, checked, never half there."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from kirin_cli.api.adapter import BoundedAdapter, OpenResponse
from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.exchange import Exchange, MonotonicClock, StallDetector, TransportError
from kirin_cli.api.part_file import PartFile
from kirin_cli.api.ranges import (
    PartialFile,
    RangeAction,
    VerifiedFile,
    decide_range,
    read_headers,
    reject_packed,
    total_length,
    verify_file,
)
from kirin_cli.api.redirects import RedirectChain, origin_scope
from kirin_cli.api.retry import RETRIES, RetryPolicy, parse_retry_after
from kirin_cli.api.transport import ErrorTranslator, follow_redirects
from kirin_cli.atomic_file import OpenFolder
from kirin_cli.errors import ResultUnavailable
from kirin_cli.media.video_header import VideoHeader
from kirin_cli.modelspec.types import ResultKind

ProgressCallback = Callable[[int, int | None], None]
"""Gets the bytes that are here and the bytes of the file, None where unknown. May raise, to end a download."""

BUFFER_SIZE = 1 << 19
"""Bytes that are read, hashed and written at once, where so many are there."""


class ResultUrlExpired(ResultUnavailable):
    """The URL gives no file any more; the task may give a fresh one (fault D9)."""


@dataclass(frozen=True, slots=True)
class DownloadLimits:
    """Seconds, bytes, bytes a second."""

    connect: float = 10.0
    idle: float = 30.0  # without a byte, and the window of `floor`
    min_rate: float = 1024.0
    attempt: float = 3600.0
    progress_every: float = 0.1
    max_bytes: int = 16 << 30
    retries: RetryPolicy = RETRIES["download"]


@dataclass(frozen=True, slots=True)
class DownloadContext:
    """What all downloads of a process share."""

    network: NetworkSettings
    adapter: BoundedAdapter
    clock: MonotonicClock
    now: MonotonicClock  # seconds since the epoch, for Retry-After dates
    sleep: Callable[[float], None]
    limits: DownloadLimits
    buffers: list[bytearray] = field(default_factory=list)  # that no download uses now: making one costs as reading it


@dataclass(slots=True)
class DownloadAttempts:
    """The attempts to fetch `url`, which the service at `origin` named, into `part`.

    `odd_digest` is the SHA-256 of what came last and was whole, but not what it should be.
    """

    context: DownloadContext
    url: str
    origin: str
    kind: ResultKind
    part: PartFile
    on_progress: ProgressCallback
    partial: PartialFile = field(default_factory=PartialFile)
    content_type: str = ""
    resumable: bool = True
    failures: int = 0
    furthest: int = 0
    retry_after: float | None = None
    odd_digest: str = ""

    def run(self) -> VerifiedFile:
        """Try until the file is here and whole. Raises ResultUrlExpired, ResultUnavailable, LocalError."""
        for _ in range(self.context.limits.retries.max_attempts or 1):
            try:
                self._attempt()
                return self._checked()
            except TransportError as error:
                if error.kind not in self.context.limits.retries.errors:
                    raise ResultUnavailable(f"{self.part.target.name}: {error.message}") from error
                self._pause(error.message)
        raise ResultUnavailable(f"{self.part.target.name} could not be fetched: it was cut too often")

    def _attempt(self) -> None:
        """One request with its redirects; afterwards every byte that was announced is here, or TransportError."""
        context, limits = self.context, self.context.limits
        if self.partial.size != self.part.size:
            self.partial = replace(self.partial, size=self.part.size)
        chain = RedirectChain(self.url, lambda: origin_scope(self.origin, context.network.resolver))
        exchange = Exchange(
            context.clock,
            context.clock() + limits.attempt,
            limits.idle,
            limits.connect,
            chain.allow_address,
            context.network.resolver,
            StallDetector(limits.min_rate, limits.idle, context.clock),
        )
        with ErrorTranslator(exchange):
            response = follow_redirects(context.adapter, self.partial.headers, chain)
            try:
                self._receive(response)
            finally:
                response.raw.close()

    def _receive(self, response: OpenResponse) -> None:
        self._refuse(response)
        action = decide_range(response.status_code, response.headers, self.partial)
        if action is RangeAction.ODD:
            self.resumable = False
            self._forget()
            raise TransportError("broken", f"the server answered {response.status_code} and not what was asked for")
        if action is RangeAction.FINISH:
            return
        if action is RangeAction.WHOLE:
            self._forget()
            self.partial = read_headers(response.headers, resumable=self.resumable)
        else:
            self.partial = replace(self.partial, total=total_length(response.headers))
        self.content_type = response.headers.get("Content-Type", "")
        self.part.require_space((self.partial.total or 0) - self.part.size)
        self._keep(response)

    def _refuse(self, response: OpenResponse) -> None:
        """Raise for an answer that is no file: TransportError where another attempt may help."""
        status, headers = response.status_code, response.headers
        if status in self.context.limits.retries.statuses:
            self.retry_after = parse_retry_after(headers.get("Retry-After"), self.context.now())
            raise TransportError("broken", f"the server answered {status}")
        if status >= 400 and status != 416:
            raise ResultUrlExpired(f"{self.part.target.name}: the server of the file answered {status}")
        if status < 300:
            reject_packed(headers)

    def _keep(self, response: OpenResponse) -> None:
        """Write the body to the end."""
        buffers = self.context.buffers
        try:
            buffer = buffers.pop()
        except IndexError:  # several threads download
            buffer = bytearray(BUFFER_SIZE)
        try:
            self._write_body(response, memoryview(buffer))
        finally:
            buffers.append(buffer)

    def _write_body(self, response: OpenResponse, buffer: memoryview) -> None:
        context, total, reported = self.context, self.partial.total, float("-inf")
        while count := response.read_into(buffer):
            self.part.write(buffer[:count])
            if self.part.size > context.limits.max_bytes:
                name, max_bytes = self.part.target.name, context.limits.max_bytes
                raise ResultUnavailable(f"{name}: the file is longer than {max_bytes} bytes")
            if (now := context.clock()) - reported >= context.limits.progress_every:
                reported = now
                self.on_progress(self.part.size, total)
        self.on_progress(self.part.size, total)
        if total not in {None, self.part.size}:
            raise TransportError("reset", f"{self.part.size} bytes came instead of {total}")

    def _checked(self) -> VerifiedFile:
        with self.part.open_content() as stream:
            size, framed = self.part.size, self.partial.framed
            file = verify_file(stream, self.kind, framed=framed, content_type=self.content_type, size=size)
        if file and not file.problem:
            return file
        digest, problem = self.part.sha256, f"is {file.problem}" if file else "is not whole"
        if file and digest == self.odd_digest:
            path = self.part.keep_odd()
            raise ResultUnavailable(f"what came is no {self.kind}: it {problem}, twice the same; it is kept as {path}")
        self.odd_digest = digest if file else ""
        self._forget()
        raise TransportError("broken", f"the file that came {problem}")

    def _forget(self) -> None:
        self.part.restart()
        self.partial = PartialFile()

    def _pause(self, reason: str) -> None:
        """Wait before the next attempt; raises ResultUnavailable after too many that got no further."""
        retries = self.context.limits.retries
        if self.part.size >= self.furthest + retries.min_progress:
            self.failures, self.furthest = 0, self.part.size
        self.failures += 1
        if retries.gives_up(self.failures):
            raise ResultUnavailable(f"{self.part.target.name} could not be fetched: {reason}")
        self.context.sleep(retries.delay(self.failures, self.retry_after))
        self.retry_after = None


DEFAULT_DOWNLOAD_LIMITS = DownloadLimits()


@dataclass(frozen=True, slots=True)
class DownloadedFile:
    """A file under its final name. `suffix` is that of what it is by its bytes, without the dot; "" for unknown."""

    path: Path
    bytes: int
    sha256: str
    content_type: str
    video: VideoHeader | None = None
    suffix: str = ""


BeforePublish = Callable[[DownloadedFile, OpenFolder], tuple[Path, bool] | None]


class Downloader:
    """Fetches files with connections of its own: no key, no cookies. Thread-safe.

    `now` gives seconds since the epoch, for Retry-After dates.
    """

    def __init__(
        self,
        network: NetworkSettings,
        *,
        clock: MonotonicClock = time.monotonic,
        now: MonotonicClock = time.time,
        sleep: Callable[[float], None] = time.sleep,
        limits: DownloadLimits = DEFAULT_DOWNLOAD_LIMITS,
    ) -> None:
        self._context = DownloadContext(network, BoundedAdapter(network), clock, now, sleep, limits)

    def fetch(
        self,
        url: str,
        target: Path,
        *,
        origin: str,
        kind: ResultKind = "video",
        on_progress: ProgressCallback = lambda _received, _total: None,
        force: bool = False,
        before_publish: BeforePublish = lambda _fetched, _folder: None,
    ) -> DownloadedFile:
        """Fetch `url` to `target`, which exists afterwards whole or not at all.

        `origin` is the host of the service that named the URL. `before_publish` is told what is about to get its final
        name, and in which folder, and may give it another there, with whether a file there may be replaced; if it
        raises, nothing gets a name. Raises ResultUrlExpired where a fresh URL may help, ResultUnavailable for a
        file that cannot be had, LocalError for the disk and for a target that is taken.
        """
        with PartFile(target, force=force) as part:
            attempts = DownloadAttempts(self._context, url, origin, kind, part, on_progress)
            try:
                verified = attempts.run()
            except ResultUnavailable as error:
                error.hint = "`kirin download ID` tries again, free of charge"
                raise
            facts = (attempts.content_type, verified.video, verified.suffix)
            fetched = DownloadedFile(target, part.size, part.sha256, *facts)
            if name := before_publish(fetched, part.folder):
                part.target, part.force = name
                fetched = fetched if part.target == target else replace(fetched, path=part.target)
            part.publish()
        return fetched

    def close(self) -> None:
        """Close the idle connections."""
        self._context.adapter.close()
