"""The service's answers: tasks as the reference pages show them, errors as PROTOCOL lists them. Knows no sockets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from kirin_cli.sandbox.world import Task

NO_HEADERS: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer with a JSON body."""

    status: int
    payload: object
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """The request is answered with an error."""

    def __init__(self, status: int, payload: object) -> None:
        super().__init__(status)
        self.reply = Reply(status, payload)


@dataclass(frozen=True, slots=True)
class Page:
    """What the "Response format" of a reference page says beyond `type`, `url`, `cost` and `discount`.

    `duration` is the JSON type that the page (t2v: PROTOCOL) gives for the length, None where it has none.
    """

    message: str = "message"
    duration: type[str] | type[float] | None = None
    job_id: bool = True


PAGES: Final[Mapping[str, Page]] = {
    "kirin_v1_t2v": Page("error_message", duration=str),
    "kirin_v1_5_i2v": Page("error_message", job_id=False),
    "kirin_v1_6_multi_i2v": Page(),
    "kirin_motion_control": Page(duration=float),
    "kirin_video_o1": Page("error_message", duration=float),
}


def task_reply(task: Task, now: float, files_url: str) -> dict[str, object]:
    """The answer to a create or query request about `task`; its video stands under `files_url`."""
    status = task.status(now)
    answer: dict[str, object] = {
        "id": task.id,
        "created_at": int(task.created),
        "status": status,
        "model": task.model.id,
        **({"external_task_id": task.external_id} if task.external_id else {}),
    }
    if status == "failed":
        return answer | {"error": _error(task)}
    if status == "completed":
        return answer | {"output": _output(task, files_url), "usage": _usage(task.order.cost), "metadata": {}}
    return answer | {"progress": round(task.progress(now), 2)}


def _error(task: Task) -> dict[str, str]:
    words = task.model.error_codes.get(task.code, "Generation failed (sandbox)")
    return {"code": task.code, PAGES.get(task.model.id, Page()).message: words}


def _output(task: Task, files_url: str) -> list[object]:
    if task.outcome == "no-output":
        return []
    page = PAGES.get(task.model.id, Page())
    content: dict[str, object] = {"type": "video", "url": f"{files_url}/files/{task.id}/video.mp4"}
    if page.duration:
        content["duration"] = page.duration(float(task.order.seconds))
    if page.job_id:
        content["jobId"] = task.job
    return [{"content": [content]}]


def _usage(cost: Decimal) -> dict[str, object]:
    return {"cost": str(cost), "discount": 1, "quantity": 1, "unit_price": str(cost)}


def refused(status: int, message: str, **more: object) -> Refusal:
    """A refused request, in the most telling of the error bodies."""
    return Refusal(status, {"error": {"code": "invalid_request", "message": message, **more}})


def unauthorized() -> Refusal:
    """The key is missing or wrong."""
    return Refusal(401, {"message": "API key missing or invalid"})


def not_found(message: str) -> Refusal:
    """There is no such task, model or address."""
    return Refusal(404, {"status": {"code": 404, "message": message}})


def trouble(status: int) -> dict[str, str]:
    """The body of an error that a fault rule asks for."""
    return {"error": f"sandbox fault: {status}"}
