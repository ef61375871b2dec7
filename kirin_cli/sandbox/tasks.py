"""The simulated tasks of the sandbox: prices, durations, outcomes, demo clips. Knows no HTTP."""

import hashlib
import json
import random
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.types import MediaFile

CLIPS: Final = Path(__file__).with_name("clips")
RATIOS: Final = ("16:9", "9:16", "1:1")
MIN_CLIP_SECONDS: Final = 3
MAX_CLIP_SECONDS: Final = 10


def clip(ratio: str, seconds: int, mark: str) -> bytes:
    """An H.264 MP4 of this aspect ratio (one of RATIOS) and length (3-10 s), marked so that its bytes are unique."""
    return (CLIPS / f"{ratio.replace(':', 'x')}-{seconds}s.mp4").read_bytes() + free_box(mark)


def free_box(mark: str) -> bytes:
    """An ISO 14496-12 box that every player skips, holding `mark`."""
    content = mark.encode()
    return struct.pack(">I4s", 8 + len(content), b"free") + content


def nearest_ratio(width: int, height: int) -> str:
    """The one of RATIOS that a picture of `width` by `height` px comes closest to."""

    def distance(ratio: str) -> float:
        across, down = map(int, ratio.split(":"))
        shape, wanted = width / height, across / down
        return max(shape, wanted) / min(shape, wanted)

    return min(RATIOS, key=distance)


def nearest_length(seconds: float) -> int:
    """The whole number of seconds, 3-10, that is nearest."""
    return min(MAX_CLIP_SECONDS, max(MIN_CLIP_SECONDS, round(seconds)))


SANDBOX_USD_PER_SECOND: Final[Mapping[str, Mapping[str, Decimal]]] = {
    "kirin_v1_t2v": {"std": Decimal("0.056"), "pro": Decimal("0.098")},
    "kirin_v1_5_i2v": {"std": Decimal("0.056"), "pro": Decimal("0.098")},
    "kirin_v1_6_multi_i2v": {"std": Decimal("0.056"), "pro": Decimal("0.098")},
    "kirin_motion_control": {"std": Decimal("0.070"), "pro": Decimal("0.112")},
    "kirin_video_o1": {"std": Decimal("0.084"), "pro": Decimal("0.112")},
}
OTHERWISE_USD_PER_SECOND: Final = Decimal("0.070")
DEFAULT_SECONDS: Final = 5
# 60 s for 5 s of video and 100 s for 10 s: about what such services take; pro takes longer.
START_UP_SECONDS: Final = 20.0
WORK_PER_SECOND: Final = 8.0
PRO_TAKES: Final = 1.8


@dataclass(frozen=True, slots=True)
class RenderJob:
    """One video to make. `seconds` is its length (3-10), `ratio` its shape, `cost` in US dollars.

    `work` is how many seconds the real service would take, before chance.
    """

    seconds: int
    ratio: str
    cost: Decimal
    work: float


def render_job(model: Model, values: Mapping[str, object]) -> RenderJob:
    """What a request that passed the check asks for."""
    mode, seconds = str(_value(model, values, "mode")), _seconds(model, values)
    usd = SANDBOX_USD_PER_SECOND.get(model.id, {}).get(mode, OTHERWISE_USD_PER_SECOND)
    work = (START_UP_SECONDS + WORK_PER_SECOND * seconds) * (PRO_TAKES if mode == "pro" else 1)
    return RenderJob(seconds, _ratio(model, values), (usd * seconds).quantize(Decimal("0.01")), work)


def _value(model: Model, values: Mapping[str, object], name: str) -> object:
    defaults = {field.name: field.default for field in model.fields}
    return values.get(name, defaults.get(name))


def _seconds(model: Model, values: Mapping[str, object]) -> int:
    """The length asked for; an edited or imitated video gives its own, where it is known."""
    if _follows_video(model, values):
        return nearest_length(
            next((media_file.seconds for media_file in _media(values) if media_file.seconds), DEFAULT_SECONDS)
        )
    return nearest_length(float(str(_value(model, values, "duration"))))


def _follows_video(model: Model, values: Mapping[str, object]) -> bool:
    videos = values.get("video_list")
    edited = isinstance(videos, list) and any(video.get("refer_type", "base") == "base" for video in videos)
    return edited or "duration" not in model.names


def _ratio(model: Model, values: Mapping[str, object]) -> str:
    """The shape asked for, or that of the first medium whose size is known."""
    asked = values.get("aspect_ratio")
    if asked is None:
        sizes = ((media_file.width, media_file.height) for media_file in _media(values))
        asked = next((nearest_ratio(width, height) for width, height in sizes if width and height), None)
    return str(asked or _value(model, values, "aspect_ratio") or "16:9")


def _media(value: object) -> Iterator[MediaFile]:
    if isinstance(value, MediaFile):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _media(part)
    elif isinstance(value, list):
        for part in value:
            yield from _media(part)


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
    """One accepted request. `created` is in seconds since the epoch, `lasts` in seconds of this world's clock.

    `code` is the error code where the outcome is a failure, `job` the number under which the clip is filed.
    """

    id: str
    account: str
    model: Model
    external_id: str
    order: RenderJob
    created: float
    lasts: float
    outcome: SimulatedOutcome
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


class TaskStore:
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
        self._tasks: dict[str, SandboxTask] = {}
        self._by_external_id: dict[tuple[str, str], SandboxTask] = {}
        self._repeats: Counter[str] = Counter()
        self._lock = threading.Lock()

    def now(self) -> float:
        """The time of this world, in seconds since the epoch."""
        return self._clock()

    def create(
        self,
        account: str,
        model: Model,
        values: Mapping[str, object],
        outcome: SimulatedOutcome | None = None,
        code: str = "",
    ) -> SandboxTask:
        """A new task for a checked request; `outcome` and `code` override chance. Raises AlreadyExists."""
        asked, digest = render_job(model, values), _digest(model, values)
        external_id = str(values.get("external_task_id", ""))
        with self._lock:
            if external_id and (account, external_id) in self._by_external_id:
                raise AlreadyExists(external_id)
            task = self._new_task(account, model, asked, digest)
            task = replace(task, external_id=external_id)
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

    def _new_task(self, account: str, model: Model, asked: RenderJob, digest: str) -> SandboxTask:
        self._repeats[digest] += 1
        rng = random.Random(f"{self._root}/{digest}/{self._repeats[digest]}")  # noqa: S311  (nothing secret)
        return SandboxTask(
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


def _given(media_file: MediaFile) -> str:
    return media_file.given
