"""The outage detector: whether the service has lost one task, or finds none of those it is asked for."""

import threading


class OutageDetector:
    """When each task of a run was last found, by its external id; thread-safe. Times are seconds by a steady clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: set[str] = set()
        self._found: dict[str, float] = {}
        self._missing: dict[str, float] = {}

    def on_asked(self, task: str) -> None:
        """The task is being asked for."""
        with self._lock:
            self._asked.add(task)

    def on_found(self, task: str, now: float) -> None:
        """The service knows the task."""
        with self._lock:
            self._found[task] = now
            self._missing.pop(task, None)

    def on_missing(self, task: str, now: float) -> None:
        """The service does not find a task that it has accepted."""
        with self._lock:
            self._missing.setdefault(task, now)

    def on_ended(self, task: str) -> None:
        """Nobody asks for the task any more in this run."""
        with self._lock:
            self._asked.discard(task)
            self._missing.pop(task, None)

    @property
    def finds_nothing(self) -> bool:
        """Whether the service finds no task at the moment, not even one that it has accepted: its 404 says nothing."""
        with self._lock:
            since = min(self._missing.values(), default=None)
            return since is not None and not any(at >= since for at in self._found.values())

    def is_outage(self, task: str, since: float) -> bool:
        """Whether others are asked for as well and none has been found since then: it is not this task that is lost."""
        with self._lock:
            others = self._asked - {task}
            return bool(others) and not any(at >= since for name, at in self._found.items() if name != task)
