"""The service's responses as facts: tasks and failures, from JSON that may be broken or hostile."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Final, TypeGuard

from kirin_cli.json_text import NestedTooDeeply, parse_json


class MalformedResponse(ValueError):
    """What the server sent is not an answer of this protocol."""


DECISIVE_NAMES: Final = frozenset(
    {"id", "external_task_id", "model", "status", "progress", "error", "code", "message", "error_message", "msg"}
    | {"output", "content", "type", "url", "usage", "cost", "data", "detail"}
)
"""The names in an answer that are read: of anything else a second value keeps nobody from a video that is paid for."""


def parse_response(body: bytes) -> object:
    """The value of a JSON document in UTF-8.

    Raises MalformedResponse for anything else: cut text, NaN and infinities, two values for a name that decides,
    integers of thousands of digits, nesting that does not fit the stack (faults S8, P9).
    """
    try:
        return parse_json(body, max_depth=None, decisive=DECISIVE_NAMES)  # it may tell of a task that is paid for
    except NestedTooDeeply:
        raise MalformedResponse("the answer is nested too deeply") from None
    except ValueError as error:
        raise MalformedResponse(f"the answer is not the JSON it should be: {str(error)[:200]}") from None


def clip_text(value: object, max_length: int) -> str:
    """`value` as text of at most `max_length` characters that can be encoded; "" for neither text nor a number."""
    if not isinstance(value, str):
        if not is_number(value):
            return ""
        value = str(value)
    text = value[: 4 * max_length].strip()
    text = text if len(text) <= max_length else text[: max_length - 1] + "…"
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether `value` is a number of a size that can be calculated with; true and NaN are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e300 < value < 1e300


class TaskState(Enum):
    """Whether a task still runs, and how it ended if not."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


GENERATED_STATUSES = frozenset({"completed", "success", "succeeded", "done"})
FAILED_STATUSES = frozenset({"failed", "error", "cancelled", "canceled", "expired", "rejected"})
RUNNING_STATUSES = frozenset(
    {"", "created", "pending", "queued", "in_queue", "submitted", "in_progress", "processing", "running"}
)
KNOWN_STATUSES = GENERATED_STATUSES | FAILED_STATUSES | RUNNING_STATUSES


def task_state(
    status: str, *, has_url: bool = False, has_error: bool = False, progress: float | None = None
) -> TaskState:
    """What the service's word `status` means, whatever its case (faults P3, P10); "" where the answer has none.

    `has_url`, `has_error`: the answer names a file, an error; without a word these decide, unless `progress` (0.0-1.0)
    says that the task is on its way.
    """
    word = status.strip().lower()
    if word in FAILED_STATUSES:
        return TaskState.FAILED
    if word in GENERATED_STATUSES:
        return TaskState.FAILED if has_error and not has_url else TaskState.COMPLETED
    if word:
        return TaskState.RUNNING
    if has_url and (progress is None or progress >= 1):
        return TaskState.COMPLETED
    return TaskState.FAILED if has_error and not has_url and progress is None else TaskState.RUNNING


def is_known_status(status: str) -> bool:
    """False for a word that deserves to be said once, because nobody has seen it yet (fault P3)."""
    return status.strip().lower() in KNOWN_STATUSES


MAX_ID_LENGTH = 256
MAX_MESSAGE_LENGTH = 300
MAX_RESULT_URL_LENGTH = 8192
MAX_OUTPUT_DEPTH = 8
NO_ERROR = frozenset({"", "ok", "success", "succeeded", "none", "no error"})
"""Messages of an error object that says that there is none; its code is 0 or 200 then, or missing."""
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
TAGS = re.compile(r"<(style|script)\b.*?</\1\s*>|<[^<>]*>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OutputContent:
    """One file that a task made. `type` and `duration` (seconds, as text) are "" if not said.

    `type` is the service's label in lower case ("video", "image", "video_watermark"); what the file is, its bytes say.
    """

    type: str
    url: str
    duration: str = ""


@dataclass(frozen=True, slots=True)
class ServiceFailure:
    """What the service says went wrong: its code (or "") and its message, at most 300 characters.

    `request_id` is what its support asks for, "" where the answer has none.
    """

    code: str
    message: str
    request_id: str = ""


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
    external_id: str = ""  # as `model`: "" where the answer does not say
    model: str = ""


def parse_task(payload: object, *, created: bool = False) -> Task:
    """The task in the JSON value `payload`; of a creation (`created`) it must name a usable id.

    Raises MalformedResponse when the payload is no object, or a creation without a usable id (fault S8).
    """
    if isinstance(payload, dict) and "id" not in payload and isinstance(payload.get("data"), dict):
        payload = payload["data"]
    if not isinstance(payload, dict):
        raise MalformedResponse("the answer is no JSON object")
    task_id = valid_id(payload.get("id"))
    if created and not task_id:
        raise MalformedResponse("the answer names no usable task id")
    status = payload.get("status")
    status = clip_text(status, 100) if isinstance(status, str) else ""
    progress, created_at = payload.get("progress"), payload.get("created_at")
    progress = float(min(max(progress, 0), 1)) if is_number(progress) else None
    outputs, failure = _outputs(payload.get("output")), _error_of(payload.get("error"))
    state = task_state(status, has_url=bool(outputs), has_error=failure is not None, progress=progress)
    if state is TaskState.FAILED and failure is None:
        word = "" if status.strip().lower() == "failed" else status
        failure = _failure(payload) or _failure(payload.get("detail")) or _failure(word)
    return Task(
        id=task_id,
        external_id=clip_text(payload.get("external_task_id"), MAX_ID_LENGTH),
        model=clip_text(payload.get("model"), 100),
        status=status,
        state=state,
        progress=progress,
        created_at=int(created_at) if is_number(created_at) and 0 <= created_at < 2**53 else None,
        outputs=outputs,
        cost=_cost(payload.get("usage")),
        failure=failure,
        raw=payload,
    )


def parse_error(body: bytes, *, max_length: int = MAX_MESSAGE_LENGTH) -> ServiceFailure:
    """What an error body says, in any of the shapes of wire/README.md; of anything else its text, without tags.

    The message is cut to `max_length` characters. Never fails.
    """
    try:
        payload = parse_response(body)
    except MalformedResponse:
        text = TAGS.sub(" ", body[:8_000].decode("utf-8", "replace"))
        return ServiceFailure("", clip_text(" ".join(text.split()), max_length))
    if not isinstance(payload, dict):
        return _failure(payload, max_length) or ServiceFailure("", "")
    values = [payload.get(key) for key in ("error", "status", "detail")]
    objects = [value for value in values if isinstance(value, dict)]
    texts = [value for value in values if isinstance(value, str)]
    failures = [failure for value in (*objects, payload, *texts) if (failure := _failure(value, max_length))]
    code = next((failure.code for failure in failures if failure.code), "")
    return ServiceFailure(code, next((failure.message for failure in failures if failure.message), ""))


def valid_id(value: object) -> str:
    """`value` if it can be an id: 1-256 characters, no controls or surrogates, no step of a path (fault H5), or ""."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID_LENGTH:
        return ""
    return "" if CONTROL.search(value) or value.strip() in {"", ".", ".."} else value


def _outputs(output: object) -> tuple[OutputContent, ...]:
    """Every item with a URL, in order, each URL once; of its labels the first that is one (fault D16)."""
    contents: dict[str, OutputContent] = {}
    for _, content in content_items(output):
        seen = contents.get(content.url, content)
        contents[content.url] = OutputContent(seen.type or content.type, content.url, seen.duration or content.duration)
    return tuple(contents.values())


def content_items(
    value: object, depth: int = MAX_OUTPUT_DEPTH
) -> Iterator[tuple[Mapping[str, object], OutputContent]]:  # fmt: skip
    """The items with a URL in a list, in a group with `content`, or in one object or URL that stands for a list."""
    if isinstance(value, list) and depth:
        for item in value:
            yield from content_items(item, depth - 1)
    elif isinstance(value, str) and re.fullmatch(r"https?://\S+", value.strip(), re.IGNORECASE):
        yield from content_items({"url": value}, depth)
    elif isinstance(value, dict):
        label = value.get("type")
        # Some services write {"type": "video_url", "video_url": {"url": …}}.
        url = value.get("url") or (value.get(label) if isinstance(label, str) else None)
        url = url.get("url") if isinstance(url, dict) else url
        if isinstance(url, str) and 0 < len(url.strip()) <= MAX_RESULT_URL_LENGTH:
            kind, duration = clip_text(label, 40).lower(), clip_text(value.get("duration"), 32)
            yield value, OutputContent(kind, clip_text(url, MAX_RESULT_URL_LENGTH), duration)
        if depth and "content" in value:
            yield from content_items(value["content"], depth - 1)


def _cost(usage: object) -> Decimal | None:
    value = usage.get("cost") if isinstance(usage, dict) else None
    if value is None:
        return None
    try:
        cost = Decimal(clip_text(value, 40))
    except InvalidOperation:
        return None
    # A sum over a cost of a million digits would never end.
    return cost if cost.is_finite() and cost >= 0 and -12 <= cost.adjusted() <= 9 else None


def _error_of(error: object) -> ServiceFailure | None:
    """The error that stands beside a status; None for one that says that all is well."""
    failure = _failure(error)
    return None if failure and failure.code in {"", "0", "200"} and failure.message.lower() in NO_ERROR else failure


def _failure(error: object, max_length: int = MAX_MESSAGE_LENGTH) -> ServiceFailure | None:
    if not isinstance(error, dict):
        message = clip_text(error, max_length)
        return ServiceFailure("", message) if message else None
    texts = (clip_text(error.get(key), max_length) for key in ("error_message", "message", "msg"))
    code, message = clip_text(error.get("code"), 100), next((text for text in texts if text), "")
    return ServiceFailure(code, message) if code or message else None
