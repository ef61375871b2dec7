"""One file on its way, over as many attempts as it takes: resumed where that is safe, else from its start.

Knows no tasks and no final names; the bytes go into a PartFile.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import requests

from kirin_cli.api.adapter import Adapter
from kirin_cli.api.exchange import Clock, Exchange, Pace
from kirin_cli.api.faults import TransportFault
from kirin_cli.api.links import REDIRECTS, Trail, origin_reach
from kirin_cli.api.network import Network
from kirin_cli.api.parts import PartFile
from kirin_cli.api.ranges import Known, Step, judge, learn, total_of
from kirin_cli.api.results import ContentKind, Whole, refuse_foreign, whole_file
from kirin_cli.api.transport import Request, open_response, within
from kirin_cli.errors import ResultUnavailable
from kirin_cli.wire.answers import retry_after

Progress = Callable[[int, int | None], None]
"""Gets the bytes that are here and the bytes of the file, None where unknown. May raise, to end a download."""

PIECE = 1 << 18
GAIN = 1 << 16  # bytes; an attempt that got so much further does not count as a failed one
PASSING = frozenset({408, 425, 429})
FINAL = frozenset({"tls", "forbidden_address"})


class DeadUrl(ResultUnavailable):
    """The URL gives no file any more; the task may give a fresh one (D9)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, bytes, bytes a second."""

    connect: float = 10.0
    idle: float = 30.0  # without a byte, and the window of `floor`
    floor: float = 1024.0
    attempt: float = 3600.0
    failures: int = 6  # in a row without getting further
    attempts: int = 100
    longest_pause: float = 30.0
    progress_every: float = 0.1
    most: int = 16 << 30


@dataclass(frozen=True, slots=True)
class Tools:
    """What all downloads of a process share."""

    network: Network
    adapter: Adapter
    clock: Clock
    now: Clock  # seconds since the epoch, for Retry-After dates
    sleep: Callable[[float], None]
    limits: Limits


@dataclass(slots=True)
class Attempts:
    """The attempts to fetch `url`, which the service at `origin` named, into `part`."""

    tools: Tools
    url: str
    origin: str
    kind: ContentKind
    part: PartFile
    on_progress: Progress
    known: Known = field(default_factory=Known)
    content_type: str = ""
    resumable: bool = True
    failures: int = 0
    furthest: int = 0
    asked_to_wait: float | None = None

    def run(self) -> Whole:
        """Try until the file is here and whole. Raises DeadUrl, ResultUnavailable, LocalFault."""
        for _ in range(self.tools.limits.attempts):
            try:
                self._attempt()
                return self._checked()
            except TransportFault as fault:
                if fault.kind in FINAL:
                    raise ResultUnavailable(f"{self.part.target.name}: {fault.message}") from fault
                self._pause(fault.message)
        raise self._given_up("it was cut too often")

    def _attempt(self) -> None:
        """One request with its redirects; afterwards every byte that was announced is here, or TransportFault."""
        tools, limits = self.tools, self.tools.limits
        trail = Trail(self.url, lambda: origin_reach(self.origin, tools.network.resolver))
        exchange = Exchange(
            tools.clock,
            tools.clock() + limits.attempt,
            limits.idle,
            limits.connect,
            trail.admit,
            tools.network.resolver,
            Pace(limits.floor, limits.idle, tools.clock),
        )
        with within(exchange):
            response = self._open(trail)
            try:
                self._receive(response)
            finally:
                response.raw.close()

    def _open(self, trail: Trail) -> requests.Response:
        while True:
            request = Request("GET", trail.url, self._so_far.headers)
            response = open_response(self.tools.adapter, request, trail.parts)
            location = response.headers.get("Location")
            if response.status_code not in REDIRECTS or not location:
                return response
            response.raw.close()
            trail.follow(location)

    def _receive(self, response: requests.Response) -> None:
        self._refuse(response)
        step = judge(response.status_code, response.headers, self._so_far)
        if step is Step.ODD:
            self.resumable = False
            self._forget()
            raise TransportFault("broken", f"the server answered {response.status_code} and not what was asked for")
        if step is Step.FINISH:
            return
        if step is Step.WHOLE:
            self._forget()
            self.known = learn(response.headers, resumable=self.resumable)
        else:
            self.known = replace(self.known, total=total_of(response.headers))
        self.content_type = response.headers.get("Content-Type", "")
        self.part.need((self.known.total or 0) - self.part.size)
        self._keep(response)

    def _refuse(self, response: requests.Response) -> None:
        """Raise for an answer that is no file: TransportFault where another attempt may help."""
        status, headers = response.status_code, response.headers
        if status in PASSING or status >= 500:
            self.asked_to_wait = retry_after(headers.get("Retry-After"), self.tools.now())
            raise TransportFault("broken", f"the server answered {status}")
        if status >= 400 and status != 416:
            raise DeadUrl(f"{self.part.target.name}: the server of the file answered {status}")
        if status < 300:
            refuse_foreign(headers, self.kind)

    def _keep(self, response: requests.Response) -> None:
        """Write the body to the end."""
        tools, total, said = self.tools, self.known.total, float("-inf")
        while piece := response.raw.read1(PIECE, decode_content=False):
            self.part.write(piece)
            if self.part.size > tools.limits.most:
                raise ResultUnavailable(f"{self.part.target.name}: the file is longer than {tools.limits.most} bytes")
            if tools.clock() - said >= tools.limits.progress_every:
                said = tools.clock()
                self.on_progress(self.part.size, total)
        self.on_progress(self.part.size, total)
        if total not in {None, self.part.size}:
            raise TransportFault("reset", f"{self.part.size} bytes came instead of {total}")

    def _checked(self) -> Whole:
        with self.part.reading() as stream:
            whole = whole_file(stream, self.kind, framed=self.known.framed)
        if whole is None:
            self._forget()
            raise TransportFault("broken", "the file that came is not whole")
        return whole

    def _forget(self) -> None:
        self.part.restart()
        self.known = Known()

    @property
    def _so_far(self) -> Known:
        return replace(self.known, size=self.part.size)

    def _pause(self, reason: str) -> None:
        """Wait before the next attempt; raises ResultUnavailable after too many that got no further."""
        if self.part.size >= self.furthest + GAIN:
            self.failures, self.furthest = 0, self.part.size
        self.failures += 1
        if self.failures >= self.tools.limits.failures:
            raise self._given_up(reason)
        wait, self.asked_to_wait = self.asked_to_wait, None
        pause = 2.0 ** (self.failures - 2) if wait is None else wait
        self.tools.sleep(min(pause, self.tools.limits.longest_pause))

    def _given_up(self, reason: str) -> ResultUnavailable:
        return ResultUnavailable(f"{self.part.target.name} could not be fetched: {reason}")
