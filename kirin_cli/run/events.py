"""Events of a run, as frozen facts. The scheduler emits them; the user interface and reports listen."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from kirin_cli.ledger.states import JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """Something that happened to the job called `job` at `at`."""

    job: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued(RunEvent):
    """The job is known and waits for its turn.

    `title` is what people are shown in place of the name, "" for the name; `likely_seconds` how long earlier tasks
    like it took, None where there were none.
    """

    model: str
    title: str = ""
    likely_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitting(RunEvent):
    """The request is about to leave."""

    external_task_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploading(RunEvent):
    """`sent` of `total` bytes of a local video are at the place that gives it a URL."""

    sent: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted(RunEvent):
    """The service has the task (adopted: it had it already)."""

    task_id: str
    adopted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed(RunEvent):
    """A poll was answered. `progress` may be missing and may go backwards; `status` is the service's own word."""

    status: str
    progress: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated(RunEvent):
    """The task is completed; its files are still on the service."""

    cost: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloading(RunEvent):
    """`received` of `total` bytes are here; total is None where the server does not say."""

    received: int
    total: int | None = None


RetriedStep = Literal["submit", "poll", "download", "reconcile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying(RunEvent):
    """An attempt failed and will be made again after `delay` seconds; "reconcile" asks what became of a POST."""

    what: RetriedStep
    reason: str
    delay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(RunEvent):
    """The service takes no more (429): nothing is sent for `delay` seconds. `job` is ""."""

    delay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnded(RunEvent):
    """The job will not change any more in this run."""

    state: JobState
    paths: tuple[str, ...] = ()
    cost: Decimal | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(RunEvent):
    """Something worth a line that changes no state (job "" means the run as a whole)."""

    text: str


EventListener = Callable[[RunEvent], None]


def is_heard(listener: EventListener, kind: object) -> bool:
    """Whether a listener does anything with events of a kind: all, but for one that names its `event_types`."""
    event_types = getattr(listener, "event_types", None)
    return event_types is None or kind in event_types
