"""The service's responses as facts: tasks and failures, from JSON that may be broken or hostile."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from math import isfinite
from typing import TypeGuard


class MalformedResponse(ValueError):
    """What the server sent is not an answer of this protocol."""


def parse_json(body: bytes) -> object:
    """The value of a JSON document in UTF-8.

    Raises MalformedResponse for anything else: cut text, NaN and infinities, duplicate keys, integers of thousands of
    digits, nesting that does not fit the stack (faults S8, P9).
    """
    try:
        return json.loads(
            body.decode("utf-8-sig"),
            parse_constant=_no_constant,
            parse_float=_finite,
            object_pairs_hook=_reject_duplicates,
        )
    except RecursionError:
        raise MalformedResponse("the answer is nested too deeply") from None
    except ValueError as error:
        raise MalformedResponse(f"the answer is not the JSON it should be: {str(error)[:200]}") from None


def clip_text(value: object, most: int) -> str:
    """`value` as text of at most `most` characters that can be encoded; "" for what is neither text nor a number."""
    if is_number(value):
        value = str(value)
    if not isinstance(value, str):
        return ""
    text = value[: 4 * most].strip()
    text = text if len(text) <= most else text[: most - 1] + "…"
    return text.encode("utf-8", "replace").decode("utf-8")


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether `value` is a number of a size that can be calculated with; true and NaN are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e300 < value < 1e300


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError("a number is out of range")
    return number


def _reject_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


class TaskState(Enum):
    """Whether a task still runs, and how it ended if not."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


TERMINAL_STATUSES = {"completed": TaskState.COMPLETED, "failed": TaskState.FAILED}
KNOWN_STATUSES = frozenset(
    {*TERMINAL_STATUSES, "", "created", "pending", "queued", "submitted", "in_progress", "processing", "running"}
)


def task_state(word: str) -> TaskState:
    """What the service's word `word` means, whatever its case (fault P3)."""
    return TERMINAL_STATUSES.get(_plain(word), TaskState.RUNNING)


def is_known_status(word: str) -> bool:
    """False for a word that deserves to be said once, because nobody has seen it yet (fault P3)."""
    return _plain(word) in KNOWN_STATUSES


def _plain(word: str) -> str:
    return word.strip().lower()


__all__ = [
    "MalformedResponse",
    "OutputContent",
    "ServiceFailure",
    "Task",
    "TaskState",
    "parse_error",
    "parse_json",
    "parse_task",
]

MAX_ID_LENGTH = 256
MAX_MESSAGE_LENGTH = 300
MAX_RESULT_URL_LENGTH = 8192
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
TAGS = re.compile(r"<(style|script)\b.*?</\1\s*>|<[^<>]*>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OutputContent:
    """One file that a task made: `type` is video or image, `duration` is in seconds, as text, "" if not said."""

    type: str
    url: str
    duration: str = ""


@dataclass(frozen=True, slots=True)
class ServiceFailure:
    """What the service says went wrong: its code (or "") and its message, at most 300 characters."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Task:
    """A task as one answer describes it. `raw` is the whole answer and may hold lone surrogates."""

    id: str  # "" where an answer to a query does not name it
    status: str  # the service's own word, "" if missing
    state: TaskState
    progress: float | None  # 0.0-1.0; may go backwards from one answer to the next
    created_at: int | None  # seconds since the epoch
    outputs: tuple[OutputContent, ...]
    cost: Decimal | None  # US dollars
    failure: ServiceFailure | None
    raw: Mapping[str, object]


def parse_task(payload: object, *, created: bool = False) -> Task:
    """The task in the JSON value `payload`; of a creation (`created`) it must name a usable id.

    Raises MalformedResponse when the payload is no object, or a creation without a usable id (fault S8).
    """
    answer = _unwrapped(payload)
    task_id = valid_id(answer.get("id"))
    if created and not task_id:
        raise MalformedResponse("the answer names no usable task id")
    word = answer.get("status")
    status = clip_text(word, 100) if isinstance(word, str) else ""
    return Task(
        id=task_id,
        status=status,
        state=task_state(status),
        progress=_progress(answer.get("progress")),
        created_at=_seconds(answer.get("created_at")),
        outputs=tuple(dict.fromkeys(_contents(answer.get("output")))),
        cost=_cost(answer.get("usage")),
        failure=_failure(answer.get("error")),
        raw=answer,
    )


def parse_error(body: bytes, *, most: int = MAX_MESSAGE_LENGTH) -> ServiceFailure:
    """What an error body says, in any of the shapes of wire/README.md; of anything else its text, without tags.

    The message is cut to `most` characters. Never fails.
    """
    try:
        payload = parse_json(body)
    except MalformedResponse:
        text = TAGS.sub(" ", body[:8_000].decode("utf-8", "replace"))
        return ServiceFailure("", clip_text(" ".join(text.split()), most))
    if not isinstance(payload, dict):
        return _failure(payload, most) or ServiceFailure("", "")
    parts = [payload.get(key) for key in ("error", "status", "detail")]
    nested = [part for part in parts if isinstance(part, dict)]
    plain = [part for part in parts if isinstance(part, str)]
    found = [failure for part in (*nested, payload, *plain) if (failure := _failure(part, most))]
    code = next((failure.code for failure in found if failure.code), "")
    return ServiceFailure(code, next((failure.message for failure in found if failure.message), ""))


def valid_id(value: object) -> str:
    """`value` if it can be an id: 1-256 characters, no controls or surrogates, no step of a path (fault H5), or ""."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID_LENGTH:
        return ""
    return "" if CONTROL.search(value) or value.strip() in {"", ".", ".."} else value


def _unwrapped(payload: object) -> Mapping[str, object]:
    if isinstance(payload, dict) and "id" not in payload and isinstance(payload.get("data"), dict):
        payload = payload["data"]
    if not isinstance(payload, dict):
        raise MalformedResponse("the answer is no JSON object")
    return payload


def _progress(value: object) -> float | None:
    return float(min(max(value, 0), 1)) if is_number(value) else None


def _seconds(value: object) -> int | None:
    return int(value) if is_number(value) and 0 <= value < 2**53 else None


def _contents(output: object) -> Iterator[OutputContent]:
    for group in _objects(output):
        entries = _objects(group["content"]) if "content" in group else [group]
        for entry in entries:
            content = _content(entry)
            if content:
                yield content


def _content(entry: Mapping[str, object]) -> OutputContent | None:
    kind, url = clip_text(entry.get("type"), 20).lower(), entry.get("url")
    if kind not in {"video", "image"} or not isinstance(url, str) or not 0 < len(url.strip()) <= MAX_RESULT_URL_LENGTH:
        return None
    return OutputContent(kind, clip_text(url, MAX_RESULT_URL_LENGTH), clip_text(entry.get("duration"), 32))


def _objects(value: object) -> list[dict[str, object]]:
    """The objects in a list, or one object that stands where a list was expected."""
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


def _cost(usage: object) -> Decimal | None:
    value = usage.get("cost") if isinstance(usage, dict) else None
    try:
        cost = Decimal(clip_text(value, 40))
    except InvalidOperation:
        return None
    # A sum over a cost of a million digits would never end.
    sane = cost.is_finite() and cost >= 0 and -12 <= cost.adjusted() <= 9
    return cost if sane else None


def _failure(error: object, most: int = MAX_MESSAGE_LENGTH) -> ServiceFailure | None:
    if not isinstance(error, dict):
        message = clip_text(error, most)
        return ServiceFailure("", message) if message else None
    texts = (clip_text(error.get(key), most) for key in ("error_message", "message", "msg"))
    code, message = clip_text(error.get("code"), 100), next((text for text in texts if text), "")
    return ServiceFailure(code, message) if code or message else None
