"""The truth a loopback service keeps: what it created, what it saw, what it sent. The oracle of the tests.

Knows nothing of sockets and of HTTP answers.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from loopback.messages import Request


@dataclass(slots=True)
class Task:
    """One paid task; times are time.monotonic() but for `created_at`, which is wall time in whole seconds."""

    number: int  # from 1
    id: str
    external_id: str  # "" when none was sent
    model: str
    params: dict[str, Any]
    dialect: str  # "gateway" or "documented"
    request: int  # number of the POST that created it
    seconds: float | None = None  # how long it runs, when time decides and not the number of polls
    born: float = field(default_factory=time.monotonic)
    created_at: int = field(default_factory=lambda: int(time.time()))
    polls: int = 0  # queries answered with 200
    hidden: int = 0  # queries that will still be answered with 404
    noticed: float | None = None  # when it was first shown as completed

    @property
    def lateness(self) -> float | None:
        """Seconds from its completion to the query that noticed it; None without `seconds` or not noticed yet."""
        return None if self.noticed is None or self.seconds is None else self.noticed - self.born - self.seconds


class Truth:
    """Thread-safe; what it returns are snapshots, but requests and tasks themselves go on being filled in."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self._requests: list[Request] = []
        self._tasks: list[Task] = []
        self._by_name: dict[str, Task] = {}
        self._counts: Counter[str] = Counter()
        self.connections = 0
        self.bytes_sent = 0
        self.failed_handshakes = 0

    @property
    def requests(self) -> tuple[Request, ...]:
        with self.changed:
            return tuple(self._requests)

    @property
    def tasks(self) -> tuple[Task, ...]:
        with self.changed:
            return tuple(self._tasks)

    @property
    def keys(self) -> frozenset[str]:
        """Every API key that arrived here."""
        return frozenset(request.key for request in self.requests if request.header("Authorization"))

    def of(self, pattern: str) -> tuple[Request, ...]:
        """The requests that match a pattern: "POST", "GET /x.mp4", "* /model/*"."""
        return tuple(request for request in self.requests if request.matches(pattern))

    def created(self, external_id: str | None = None) -> int:
        """How many tasks exist, for one external id or in all: what the user pays for."""
        with self.changed:
            return len(self._tasks) if external_id is None else self._counts[external_id]

    def running(self) -> int:
        """How many tasks run now: for their `seconds`, else until a query is told that they are completed."""
        with self.changed:
            now = time.monotonic()
            return sum(
                task.noticed is None if task.seconds is None else now - task.born < task.seconds for task in self._tasks
            )

    def twice(self) -> dict[str, int]:
        """The external ids that have more than one task: must be empty, always."""
        with self.changed:
            return {name: count for name, count in self._counts.items() if name and count > 1}

    def task(self, name: str) -> Task | None:
        """The first task with this id or external id."""
        with self.changed:
            return self._by_name.get(name)

    def saw(self, text: str) -> bool:
        """Whether a text arrived anywhere: target, headers or body."""
        return any(
            text in request.target or text in str(request.headers) or text.encode() in request.body
            for request in self.requests
        )

    def until(self, condition: Callable[[Truth], bool], timeout: float = 20.0) -> None:
        """Wait for anything that can be seen here. Raises TimeoutError after so many seconds."""
        with self.changed:
            if not self.changed.wait_for(lambda: condition(self), timeout):
                raise TimeoutError(f"not seen in {timeout} s; {len(self._requests)} requests, {len(self._tasks)} tasks")

    def wait(self, pattern: str, count: int = 1, timeout: float = 20.0) -> tuple[Request, ...]:
        """Wait until so many requests that match were read (their heads). Raises TimeoutError."""
        self.until(lambda truth: len(truth.of(pattern)) >= count, timeout)
        return self.of(pattern)

    def record(self, request: Request) -> None:
        with self.changed:
            self._requests.append(request)
            self.changed.notify_all()

    def note_body(self, request: Request, body: bytes, *, complete: bool) -> None:
        with self.changed:
            request.body, request.complete = body, complete
            self.changed.notify_all()

    def note_sent(self, request: Request, size: int) -> None:
        with self.changed:
            request.sent += size
            self.bytes_sent += size
            self.changed.notify_all()

    def note_connection(self) -> None:
        with self.changed:
            self.connections += 1
            self.changed.notify_all()

    def note_failed_handshake(self) -> None:
        with self.changed:
            self.failed_handshakes += 1
            self.changed.notify_all()

    def add(self, task: Task) -> None:
        with self.changed:
            self._tasks.append(task)
            self._counts[task.external_id] += 1
            for name in filter(None, (task.id, task.external_id)):
                self._by_name.setdefault(name, task)
            self.changed.notify_all()

    def as_json(self) -> dict[str, Any]:
        """All of it as JSON types; bodies as length and SHA-256."""
        with self.changed:
            return {
                "connections": self.connections,
                "failed_handshakes": self.failed_handshakes,
                "bytes_sent": self.bytes_sent,
                "keys": sorted(self.keys),
                "created": dict(self._counts),
                "tasks": [asdict(task) | {"lateness": task.lateness} for task in self._tasks],
                "requests": [
                    asdict(request) | {"body": len(request.body), "sha256": hashlib.sha256(request.body).hexdigest()}
                    for request in self._requests
                ],
            }
