"""The tasks of the sandbox and how they go on: a clock that runs fast, chance that can be repeated. Knows no HTTP.

Everything random about a task follows from the request and the world's generator, not from the order of arrival,
so that the same seed and the same requests give the same ids, times and failures.
"""

import hashlib
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from kirin_cli.sandbox.order import Order, order
from kirin_cli.spec.medium import Medium
from kirin_cli.spec.model import Model

Outcome = Literal["completed", "failed", "stuck", "no-output"]

ID_LETTERS: Final = "0123456789abcdefghijklmnopqrstuv"
ID_LENGTH: Final = 20
SHARE_WAITING: Final = 0.1
JITTER: Final = (0.9, 1.1)
OWN_NAMES: Final = ("external_task_id", "callback_url")
NO_CODE: Final = "generation_failed"


class AlreadyExists(ValueError):
    """The account has a task with this external id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One accepted request. `created` is in seconds since the epoch, `lasts` in seconds of this world's clock.

    `code` is the error code where the outcome is a failure, `job` the number under which the clip is filed.
    """

    id: str
    account: str
    model: Model
    external_id: str
    order: Order
    created: float
    lasts: float
    outcome: Outcome
    code: str
    job: str

    def progress(self, now: float) -> float:
        """0.0-1.0 at the time `now`; a stuck task never gets past 0.99."""
        done = max(0.0, min(1.0, (now - self.created) / self.lasts))
        return min(done, 0.99) if self.outcome == "stuck" else done

    def status(self, now: float) -> str:
        """The service's word for how the task stands at the time `now`."""
        done = self.progress(now)
        if done < SHARE_WAITING:
            return "submitted"
        if done < 1:
            return "in_progress"
        return "failed" if self.outcome == "failed" else "completed"


class World:
    """All tasks of all accounts. May be used by many threads.

    `speed` says how many times faster than the real service it works (> 0), `fail_rate` is the share (0-1) that fails.
    """

    def __init__(
        self, *, clock: Callable[[], float], rng: random.Random, speed: float = 1.0, fail_rate: float = 0.0
    ) -> None:
        self._clock = clock
        self._root = rng.getrandbits(64)
        self._speed = speed
        self._fail_rate = fail_rate
        self._tasks: dict[str, Task] = {}
        self._by_external_id: dict[tuple[str, str], Task] = {}
        self._repeats: Counter[str] = Counter()
        self._lock = threading.Lock()

    def now(self) -> float:
        """The time of this world, in seconds since the epoch."""
        return self._clock()

    def create(
        self, account: str, model: Model, values: Mapping[str, object], outcome: Outcome | None = None, code: str = ""
    ) -> Task:
        """A new task for a checked request; `outcome` and `code` override chance. Raises AlreadyExists."""
        asked, digest = order(model, values), _digest(model, values)
        external_id = str(values.get("external_task_id", ""))
        with self._lock:
            if external_id and (account, external_id) in self._by_external_id:
                raise AlreadyExists(external_id)
            task = self._imagine(account, model, asked, digest)
            task = replace(task, external_id=external_id)
            if outcome:
                task = replace(task, outcome=outcome, code=code or task.code)
            self._tasks[task.id] = self._by_external_id[account, external_id or task.id] = task
        return task

    def find(self, account: str, either_id: str) -> Task | None:
        """The account's task with this task id or external id."""
        task = self._tasks.get(either_id)
        if task and task.account == account:
            return task
        return self._by_external_id.get((account, either_id))

    def made(self, task_id: str) -> Task | None:
        """The task with this id if its video is there by now."""
        task = self._tasks.get(task_id)
        return task if task and task.outcome == "completed" and task.progress(self.now()) == 1 else None

    def __len__(self) -> int:
        return len(self._tasks)

    def _imagine(self, account: str, model: Model, asked: Order, digest: str) -> Task:
        self._repeats[digest] += 1
        rng = random.Random(f"{self._root}/{digest}/{self._repeats[digest]}")  # noqa: S311  (nothing secret)
        return Task(
            id="".join(rng.choices(ID_LETTERS, k=ID_LENGTH)),
            account=account,
            model=model,
            external_id="",
            order=asked,
            created=self._clock(),
            lasts=asked.work * rng.uniform(*JITTER) / self._speed,
            outcome="failed" if rng.random() < self._fail_rate else "completed",
            code=rng.choice(_failure_codes(model)),
            job=str(rng.randrange(10**17, 10**18)),
        )


def _failure_codes(model: Model) -> tuple[str, ...]:
    """The codes of the model's page that speak of generating, not of the request."""
    return tuple(code for code, words in model.error_codes.items() if "eneration" in words) or (NO_CODE,)


def _digest(model: Model, values: Mapping[str, object]) -> str:
    """What a request asks for, apart from the names that its sender gave it."""
    asked = {name: value for name, value in values.items() if name not in OWN_NAMES}
    text = json.dumps([model.id, asked], sort_keys=True, default=_given)
    return hashlib.sha256(text.encode()).hexdigest()


def _given(medium: Medium) -> str:
    return medium.given
