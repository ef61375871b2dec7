"""The simulated tasks of the sandbox: prices, durations, outcomes. Knows no HTTP."""

import hashlib
import json
import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Literal

from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.types import MediaFile
from kirin_cli.sandbox.samples import MAX_CLIP_SECONDS, MIN_CLIP_SECONDS, nearest_ratio
from kirin_cli.tree import walk

SANDBOX_USD_PER_SECOND: Final[Mapping[str, Mapping[str, Decimal]]] = {
    "kirin_v1_t2v": {"std": Decimal("0.056"), "pro": Decimal("0.098")},
    "kirin_v1_5_i2v": {"std": Decimal("0.056"), "pro": Decimal("0.098")},
    "kirin_v1_6_multi_i2v": {"std": Decimal("0.056"), "pro": Decimal("0.098")},
    "kirin_motion_control": {"std": Decimal("0.070"), "pro": Decimal("0.112")},
    "kirin_video_o1": {"std": Decimal("0.084"), "pro": Decimal("0.112")},
}
DEFAULT_USD_PER_SECOND: Final = Decimal("0.070")
DEFAULT_SECONDS: Final = 5
MAX_SECONDS: Final = 3600
# 60 s for 5 s of video and 100 s for 10 s: about what such services take; pro takes longer.
START_UP_SECONDS: Final = 20.0
WORK_PER_SECOND: Final = 8.0
PRO_FACTOR: Final = 1.8


@dataclass(frozen=True, slots=True)
class RenderJob:
    """One video to make. `seconds` is its length (3-10), `ratio` its shape, `cost` in US dollars.

    `work_seconds` is how many seconds the real service would take, before chance.
    """

    seconds: int
    ratio: str
    cost: Decimal
    work_seconds: float


def _number_or(value: object, default: float) -> float:
    """The number that a parameter says, from 0 to an hour; the default where it says none: that of an added model."""
    try:
        number = float(str(value))
    except ValueError:
        return default
    return number if 0 <= number <= MAX_SECONDS else default


def _nearest_clip(text: str) -> str:
    """The one of RATIOS that `4:3` or `1280x720` comes closest to, 16:9 for any other text."""
    match = re.fullmatch(r"([1-9]\d{0,4})[:x*]([1-9]\d{0,4})", text, re.ASCII)
    return nearest_ratio(int(match[1]), int(match[2])) if match else "16:9"


def render_job(model: Model, values: Mapping[str, object]) -> RenderJob:
    """What a request that passed the check asks for."""
    params = {field.name: field.default for field in model.fields} | dict(values)
    media = [leaf for _, leaf in walk(values) if isinstance(leaf, MediaFile)]
    mode, videos, ratio = str(params.get("mode")), values.get("video_list"), values.get("aspect_ratio")
    items = [video for video in videos if isinstance(video, Mapping)] if isinstance(videos, list) else []
    edits = any(video.get("refer_type", "base") == "base" for video in items)
    if edits or "duration" not in model.names:  # as long as the video that is edited or imitated, where that is known
        duration = next((file.seconds for file in media if file.seconds), DEFAULT_SECONDS)
    else:
        duration = _number_or(params["duration"], DEFAULT_SECONDS)
    seconds = min(MAX_CLIP_SECONDS, max(MIN_CLIP_SECONDS, round(duration)))
    if ratio is None:
        sizes = ((file.width, file.height) for file in media)
        ratio = next((nearest_ratio(width, height) for width, height in sizes if width and height), None)
    usd = SANDBOX_USD_PER_SECOND.get(model.id, {}).get(mode, DEFAULT_USD_PER_SECOND)
    return RenderJob(
        seconds=seconds,
        ratio=_nearest_clip(str(ratio or params.get("aspect_ratio"))),
        cost=(usd * seconds).quantize(Decimal("0.01")),
        work_seconds=(START_UP_SECONDS + WORK_PER_SECOND * seconds) * (PRO_FACTOR if mode == "pro" else 1),
    )


SimulatedOutcome = Literal["completed", "failed", "stuck", "no-output"]

ID_LETTERS: Final = "0123456789abcdefghijklmnopqrstuv"
ID_LENGTH: Final = 20
SHARE_WAITING: Final = 0.1
JITTER: Final = (0.9, 1.1)
OWN_NAMES: Final = ("external_task_id", "callback_url")
NO_CODE: Final = "generation_failed"


class AlreadyExists(ValueError):
    """The account has a task with this external id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxTask:
    """One accepted request. `created` is in seconds since the epoch, `work_seconds` in seconds of this world's clock.

    `code` is the error code where the outcome is a failure, `job` the number under which the clip is filed.
    """

    id: str
    account: str
    model: Model
    external_id: str
    render: RenderJob
    created: float
    work_seconds: float
    outcome: SimulatedOutcome
    code: str
    job: str

    def progress(self, now: float) -> float:
        """0.0-1.0 at the time `now`; a stuck task never gets past 0.99."""
        done = max(0.0, min(1.0, (now - self.created) / self.work_seconds))
        return min(done, 0.99) if self.outcome == "stuck" else done

    def status(self, now: float) -> str:
        """The service's word for how the task stands at the time `now`."""
        done = self.progress(now)
        if done < SHARE_WAITING:
            return "submitted"
        if done < 1:
            return "in_progress"
        return "failed" if self.outcome == "failed" else "completed"


class TaskStore:
    """All tasks of all accounts. May be used by many threads.

    `speed` says how many times faster than the real service it works (> 0), `fail_rate` is the share (0-1) that fails.
    """

    def __init__(
        self, *, clock: Callable[[], float], rng: random.Random, speed: float = 1.0, fail_rate: float = 0.0
    ) -> None:
        self.now = clock
        self._root = rng.getrandbits(64)
        self._speed = speed
        self._fail_rate = fail_rate
        self._tasks: dict[str, SandboxTask] = {}
        self._by_external_id: dict[tuple[str, str], SandboxTask] = {}
        self._repeats: Counter[str] = Counter()
        self._lock = threading.Lock()

    def create(
        self,
        account: str,
        model: Model,
        values: Mapping[str, object],
        outcome: SimulatedOutcome | None = None,
        code: str = "",
    ) -> SandboxTask:
        """A new task for a checked request; `outcome` and `code` override chance. Raises AlreadyExists."""
        external_id = str(values.get("external_task_id", ""))
        with self._lock:
            if external_id and (account, external_id) in self._by_external_id:
                raise AlreadyExists(external_id)
            task = self._new_task(account, model, values)
            if outcome:
                task = replace(task, outcome=outcome, code=code or task.code)
            self._tasks[task.id] = self._by_external_id[account, external_id or task.id] = task
        return task

    def find(self, account: str, either_id: str) -> SandboxTask | None:
        """The account's task with this task id or external id."""
        task = self._tasks.get(either_id)
        if task and task.account == account:
            return task
        return self._by_external_id.get((account, either_id))

    def finished_task(self, task_id: str) -> SandboxTask | None:
        """The task with this id if its video is there by now."""
        task = self._tasks.get(task_id)
        return task if task and task.outcome == "completed" and task.progress(self.now()) == 1 else None

    def __len__(self) -> int:
        return len(self._tasks)

    def _new_task(self, account: str, model: Model, values: Mapping[str, object]) -> SandboxTask:
        """A task that chance decides on: the same for the same request, apart from the names its sender gave it."""
        render = render_job(model, values)
        params = {name: value for name, value in values.items() if name not in OWN_NAMES}
        text = json.dumps([model.id, params], sort_keys=True, default=lambda media_file: media_file.given)
        digest = hashlib.sha256(text.encode()).hexdigest()
        self._repeats[digest] += 1
        rng = random.Random(f"{self._root}/{digest}/{self._repeats[digest]}")  # noqa: S311  (nothing secret)
        # Of the codes on the model's page, those that speak of generating, not of the request.
        codes = [code for code, message in model.error_codes.items() if "eneration" in message] or [NO_CODE]
        return SandboxTask(
            id="".join(rng.choices(ID_LETTERS, k=ID_LENGTH)),
            account=account,
            model=model,
            external_id=str(values.get("external_task_id", "")),
            render=render,
            created=self.now(),
            work_seconds=render.work_seconds * rng.uniform(*JITTER) / self._speed,
            outcome="failed" if rng.random() < self._fail_rate else "completed",
            code=rng.choice(codes),
            job=str(rng.randrange(10**17, 10**18)),
        )
