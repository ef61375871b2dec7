"""What the service answers, as facts: tasks and failures. Tolerant as PROTOCOL.md ("Responses") asks for.

Takes parsed JSON or bytes; knows nothing of HTTP statuses and asks nothing. Every text comes from the server: it is cut
and can be encoded, but it is hostile all the same.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from kirin_cli.wire.documents import MalformedAnswer, clean, is_number, parse_json
from kirin_cli.wire.states import TaskState, state_of
from kirin_cli.wire.waits import retry_after

__all__ = [
    "Content",
    "Failure",
    "MalformedAnswer",
    "Task",
    "TaskState",
    "parse_json",
    "read_error",
    "read_task",
    "retry_after",
]

LONGEST_ID = 256
LONGEST_MESSAGE = 300
LONGEST_URL = 8192
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
TAGS = re.compile(r"<(style|script)\b.*?</\1\s*>|<[^<>]*>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Content:
    """One file that a task made: `type` is video or image, `duration` is in seconds, as text, "" if not said."""

    type: str
    url: str
    duration: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
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
    outputs: tuple[Content, ...]
    cost: Decimal | None  # US dollars
    failure: Failure | None
    raw: Mapping[str, object]


def read_task(payload: object, *, created: bool = False) -> Task:
    """The task in the JSON value `payload`; of a creation (`created`) it must name a usable id.

    Raises MalformedAnswer when the payload is no object, or a creation without an id of 1-256 plain characters (S8).
    """
    answer = _unwrapped(payload)
    task_id = usable_id(answer.get("id"))
    if created and not task_id:
        raise MalformedAnswer("the answer names no usable task id")
    word = answer.get("status")
    status = clean(word, 100) if isinstance(word, str) else ""
    return Task(
        id=task_id,
        status=status,
        state=state_of(status),
        progress=_progress(answer.get("progress")),
        created_at=_seconds(answer.get("created_at")),
        outputs=tuple(dict.fromkeys(_contents(answer.get("output")))),
        cost=_cost(answer.get("usage")),
        failure=_failure(answer.get("error")),
        raw=answer,
    )


def read_error(body: bytes, *, most: int = LONGEST_MESSAGE) -> Failure:
    """What an error body says, in any of the shapes of PROTOCOL.md; of anything else its text, without tags.

    The message is cut to `most` characters. Never fails.
    """
    try:
        payload = parse_json(body)
    except MalformedAnswer:
        text = TAGS.sub(" ", body[:8_000].decode("utf-8", "replace"))
        return Failure("", clean(" ".join(text.split()), most))
    if not isinstance(payload, dict):
        return _failure(payload, most) or Failure("", "")
    parts = [payload.get(key) for key in ("error", "status", "detail")]
    nested = [part for part in parts if isinstance(part, dict)]
    plain = [part for part in parts if isinstance(part, str)]
    found = [failure for part in (*nested, payload, *plain) if (failure := _failure(part, most))]
    code = next((failure.code for failure in found if failure.code), "")
    return Failure(code, next((failure.message for failure in found if failure.message), ""))


def usable_id(value: object) -> str:
    """`value` where it can be an id: 1-256 characters, no controls or surrogates, no step of a path (H5); else ""."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        return ""
    return "" if CONTROL.search(value) or value.strip() in {"", ".", ".."} else value


def _unwrapped(payload: object) -> Mapping[str, object]:
    if isinstance(payload, dict) and "id" not in payload and isinstance(payload.get("data"), dict):
        payload = payload["data"]
    if not isinstance(payload, dict):
        raise MalformedAnswer("the answer is no JSON object")
    return payload


def _progress(value: object) -> float | None:
    return float(min(max(value, 0), 1)) if is_number(value) else None


def _seconds(value: object) -> int | None:
    return int(value) if is_number(value) and 0 <= value < 2**53 else None


def _contents(output: object) -> Iterator[Content]:
    for group in _listed(output):
        entries = _listed(group["content"]) if "content" in group else [group]
        for entry in entries:
            content = _content(entry)
            if content:
                yield content


def _content(entry: Mapping[str, object]) -> Content | None:
    kind, url = clean(entry.get("type"), 20).lower(), entry.get("url")
    if kind not in {"video", "image"} or not isinstance(url, str) or not 0 < len(url.strip()) <= LONGEST_URL:
        return None
    return Content(kind, clean(url, LONGEST_URL), clean(entry.get("duration"), 32))


def _listed(value: object) -> list[dict[str, object]]:
    """The objects in a list, or one object that stands where a list was expected."""
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


def _cost(usage: object) -> Decimal | None:
    value = usage.get("cost") if isinstance(usage, dict) else None
    try:
        cost = Decimal(clean(value, 40))
    except InvalidOperation:
        return None
    # A sum over a cost of a million digits would never end.
    sane = cost.is_finite() and cost >= 0 and -12 <= cost.adjusted() <= 9
    return cost if sane else None


def _failure(error: object, most: int = LONGEST_MESSAGE) -> Failure | None:
    if not isinstance(error, dict):
        message = clean(error, most)
        return Failure("", message) if message else None
    texts = (clean(error.get(key), most) for key in ("error_message", "message", "msg"))
    code, message = clean(error.get("code"), 100), next((text for text in texts if text), "")
    return Failure(code, message) if code or message else None
