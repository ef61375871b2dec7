"""What happens during a run, as frozen facts. The scheduler emits them; the user interface and reports listen.

Times are seconds since the epoch, progress is 0.0-1.0, sizes are bytes, costs are US dollars.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

State = Literal["done", "skipped", "failed", "rejected", "pending", "unknown", "expired"]
"""How a job stands when the run ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to the job called `job` at `at`."""

    job: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued(Event):
    """The job is known and waits for its turn."""

    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitting(Event):
    """The request is about to leave."""

    external_task_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploading(Event):
    """`sent` of `total` bytes of a local video are at the place that gives it a URL."""

    sent: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted(Event):
    """The service has the task (adopted: it had it already)."""

    task_id: str
    adopted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed(Event):
    """A poll was answered. `progress` may be missing and may go backwards; `status` is the service's own word."""

    status: str
    progress: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated(Event):
    """The task is completed; its files are still on the service."""

    cost: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloading(Event):
    """`received` of `total` bytes are here; total is None where the server does not say."""

    received: int
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying(Event):
    """An attempt failed and will be made again after `delay` seconds."""

    what: Literal["submit", "poll", "download"]
    reason: str
    delay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Event):
    """The job will not change any more in this run."""

    state: State
    paths: tuple[str, ...] = ()
    cost: Decimal | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Event):
    """Something worth a line that changes no state (job "" means the run as a whole)."""

    text: str


Listener = Callable[[Event], None]
