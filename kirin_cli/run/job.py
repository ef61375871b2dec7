"""A job that is ready to be sent, and how jobs and runs end. Data only."""

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal, NamedTuple

from kirin_cli.errors import batch_exit_code
from kirin_cli.ledger.states import JobState
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.record import Record
from kirin_cli.run.identity import EXTERNAL_ID_PREFIX

Charged = Literal["no", "yes", "maybe"]
_NO_ITEMS: Final[Mapping[str, str]] = {}
MAX_TITLE: Final = 200
"""Characters of a prompt that are shown beside or in place of a name."""
_EMPTY_WORDS: Final = frozenset(
    {"a", "b", "c", "clip", "item", "job", "jobs", "my", "new", "render", "row", "scene", "shot", "take", "test"}
    | {"untitled", "v", "video"}
)
"""Words of a name that say nothing of what the video shows."""


def _find_words(name: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", name.casefold()))


class OutputTarget(NamedTuple):
    """Where the files of a job go: a folder, and a template of their names (jobs/filenames.py: `FIELDS`).

    `replace` permits to overwrite a file that is there.
    """

    folder: Path
    template: str
    replace: bool = False


class Job(Record, kw_only=True, eq=True):
    """One intent. `values` is what is sent but for the external id, media as MediaFile, `request` its canonical text.

    `label` is the name as people see it, unique in a run. `unsendable` says why it cannot be sent from here, though a
    task that the service has already can be gone on with. `masked`: `request` holds secrets of the environment by their
    SHA-256 alone. `needs` are the external ids of the jobs of this run whose results it refers to, by the names it
    uses. `attempt` counts from 1: how often this take was begun; `redo_round` is that of the ledger. `noted_task` is
    the id of the task that has it already, from a sidecar or the service, "" for none: then nothing is sent.
    `has_own_id`: a person gave the external id, so that a task which the service has under it may be another's.
    `position` is the place in the run, from 1, shards included; 0 for none. `tags` are those of the job file.
    """

    name: str
    model: Model
    values: Mapping[str, object]
    request: str
    external_id: str
    target: OutputTarget
    label: str
    take: int = 1
    attempt: int = 1
    redo_round: str = ""
    noted_task: str = ""
    scope: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    position: int = 0
    tags: tuple[str, ...] = ()
    unsendable: str = ""
    masked: bool = False
    has_own_id: bool = False
    needs: Mapping[str, str] = _NO_ITEMS

    @property
    def title(self) -> str:
        """What people are shown in place of the label: with the prompt where the name says nothing, "" for the label.

        A one-off has no name but a time, so its prompt stands alone; `job-1` is followed by it.
        """
        prompt = " ".join(str(self.values.get("prompt") or "")[:MAX_TITLE].split())
        words = {word for text in (self.model.id, Path(self.file).stem) for word in _find_words(text)}
        if not prompt or (self.file and not words.issuperset(_find_words(self.label) - _EMPTY_WORDS)):
            return ""
        return f"{self.label} {prompt}" if self.file else prompt

    @property
    def has_external_id(self) -> bool:
        """Whether a request is sent with `external_id`: a task that was taken up by its id alone has that there."""
        return self.has_own_id or self.external_id.startswith(EXTERNAL_ID_PREFIX)

    @property
    def request_values(self) -> dict[str, object]:
        """The parameters of the request, with the external id."""
        return {**self.values, "external_task_id": self.external_id}


class OutputFile(Record, kw_only=True, eq=True):
    """One file of a result. `bytes` is its size, `duration` seconds as the service says them ("" if it does not)."""

    type: str
    url: str
    path: Path
    bytes: int
    sha256: str
    duration: str = ""


class JobError(Record, kw_only=True, eq=True):
    """Why a job did not end well, with the exit code that this means for a run.

    `charged` says whether the job has cost money; `retry_safe` whether the same command again cannot cost twice; `next`
    is the exact command to go on with, "" for none (`run/follow_up.py`).
    """

    exit_code: int
    message: str
    hint: str = ""
    code: str = ""
    next: str = ""
    retry_safe: bool = False
    charged: Charged = "no"


class Outcome(Record, kw_only=True, eq=True):
    """How a job stands when the run ends. `times` are those of `outcomes.entry_times`.

    `service` is what the service says beyond that (wire.answer_record.service_facts).
    `charged` says whether it has cost money, in this run or an earlier one; "maybe" also where it may have cost twice.
    """

    job: Job
    state: JobState
    task_id: str = ""
    cost: Decimal | None = None
    outputs: tuple[OutputFile, ...] = ()
    error: JobError | None = None
    reason: str = ""
    charged: Charged = "no"
    times: Mapping[str, str] = _NO_ITEMS
    service: Mapping[str, object] = _NO_ITEMS

    @property
    def exit_code(self) -> int:
        """0, or what the error means."""
        return self.error.exit_code if self.error else 0


class Summary(Record, kw_only=True, eq=True):
    """A whole run. `signal` is 130 or 143 where it was interrupted, else 0.

    `started` and `ended` are seconds since the epoch, 0.0 where nobody looked at the clock.
    `shard` says which part of the jobs this is: number (from 1) and how many there are; None where it is all of them.
    `is_sandbox`: the costs are those of a sandbox, which are no money.
    """

    run_id: str
    outcomes: tuple[Outcome, ...]
    signal: int = 0
    started: float = 0.0
    ended: float = 0.0
    shard: tuple[int, int] | None = None
    is_sandbox: bool = False

    @property
    def exit_code(self) -> int:
        """The signal's code, or the gravest of the jobs' (README.md, Exit codes)."""
        return self.signal or batch_exit_code(outcome.exit_code for outcome in self.outcomes)

    @property
    def cost(self) -> Decimal:
        """What this run has paid for, in US dollars."""
        paid = (o.cost for o in self.outcomes if o.cost is not None and o.state != "skipped")
        return sum(paid, Decimal(0))
