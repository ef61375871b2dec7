"""The HTTP/1.1 handler of the sandbox and its JSON replies; misbehaves where a fault rule says so. Knows no route."""

import json
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from typing import Final
from urllib.parse import unquote, urlsplit

from kirin_cli.sandbox.faults import FaultRule
from kirin_cli.sandbox.tasks import SandboxTask

NO_HEADERS: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class SandboxReply:
    """An HTTP answer with a JSON body."""

    status: int
    payload: object
    headers: Mapping[str, str] = field(default_factory=dict)


class ErrorReply(Exception):
    """The request is answered with an error."""

    def __init__(self, status: int, payload: object) -> None:
        super().__init__(status)
        self.reply = SandboxReply(status, payload)


@dataclass(frozen=True, slots=True)
class ResponseFormat:
    """What the "Response format" of a reference page says beyond `type`, `url`, `cost` and `discount`.

    `duration` is the JSON type that the page (t2v: PROTOCOL) gives for the length, None where it has none.
    """

    message: str = "message"
    duration: type[str] | type[float] | None = None
    job_id: bool = True


RESPONSE_FORMATS: Final[Mapping[str, ResponseFormat]] = {
    "kirin_v1_t2v": ResponseFormat("error_message", duration=str),
    "kirin_v1_5_i2v": ResponseFormat("error_message", job_id=False),
    "kirin_v1_6_multi_i2v": ResponseFormat(),
    "kirin_motion_control": ResponseFormat(duration=float),
    "kirin_video_o1": ResponseFormat("error_message", duration=float),
}


def task_reply(task: SandboxTask, now: float, files_url: str) -> dict[str, object]:
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


def _error(task: SandboxTask) -> dict[str, str]:
    words = task.model.error_codes.get(task.code, "Generation failed (sandbox)")
    return {"code": task.code, RESPONSE_FORMATS.get(task.model.id, ResponseFormat()).message: words}


def _output(task: SandboxTask, files_url: str) -> list[object]:
    if task.outcome == "no-output":
        return []
    page = RESPONSE_FORMATS.get(task.model.id, ResponseFormat())
    content: dict[str, object] = {"type": "video", "url": f"{files_url}/files/{task.id}/video.mp4"}
    if page.duration:
        content["duration"] = page.duration(float(task.order.seconds))
    if page.job_id:
        content["jobId"] = task.job
    return [{"content": [content]}]


def _usage(cost: Decimal) -> dict[str, object]:
    return {"cost": str(cost), "discount": 1, "quantity": 1, "unit_price": str(cost)}


def bad_request(status: int, message: str, **more: object) -> ErrorReply:
    """A refused request, in the most telling of the error bodies."""
    return ErrorReply(status, {"error": {"code": "invalid_request", "message": message, **more}})


def unauthorized() -> ErrorReply:
    """The key is missing or wrong."""
    return ErrorReply(401, {"message": "API key missing or invalid"})


def not_found(message: str) -> ErrorReply:
    """There is no such task, model or address."""
    return ErrorReply(404, {"status": {"code": 404, "message": message}})


def fault_body(status: int) -> dict[str, str]:
    """The body of an error that a fault rule asks for."""
    return {"error": f"sandbox fault: {status}"}


JSON: Final = "application/json"
HTML: Final = b"<!doctype html><title>Gateway</title><h1>This is not the answer you were looking for</h1>\n"
BLOCK: Final = 256 * 1024
MAX_DISCARDED: Final = 1024 * 1024 * 1024


class SandboxHandler(BaseHTTPRequestHandler):
    """`pause` waits for a number of seconds and returns early when the sandbox stops."""

    protocol_version = "HTTP/1.1"
    server_version = "kirin-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60.0
    pause: Callable[[float], object]

    @property
    def request_path(self) -> str:
        """The decoded path of the address, without its query."""
        return unquote(urlsplit(self.path).path)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name in the base class)
        """Say nothing."""

    def handle_expect_100(self) -> bool:
        """Ask for the body at once: what is written waits in a buffer."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def with_error_replies(self, serve: Callable[[], None]) -> None:
        """Serve one request; a Refusal becomes its answer."""
        if self.command != "POST" and self.headers.get("Content-Length", "0") != "0":
            self.close_connection = True
        try:
            serve()
        except ErrorReply as refusal:
            self.answer_json(refusal.reply)

    def body_length(self, most: int) -> int:
        """Bytes of the request's body; Refusal 411, 400 or 413, after which the connection is closed."""
        text = self.headers.get("Content-Length")
        wrong = (
            bad_request(411, "Content-Length is required")
            if text is None or self.headers.get("Transfer-Encoding")
            else bad_request(400, "Content-Length is no number")
            if not (text.isascii() and text.isdigit() and len(text) < 16)
            else bad_request(413, f"the body may have at most {most} bytes")
            if int(text) > most
            else None
        )
        if wrong:
            self.close_connection = True
            raise wrong
        return int(text or 0)

    def read_body(self, most: int) -> bytes:
        """The whole body; ConnectionError where the client stops in the middle of it."""
        length = self.body_length(most)
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionAbortedError
        return body

    def answer_json(self, reply: SandboxReply) -> None:
        """Answer with JSON."""
        self.answer(reply.status, JSON, json.dumps(reply.payload).encode(), reply.headers)

    def answer(self, status: int, content_type: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> None:
        """Answer with a body that fits into memory."""
        self.begin(status, len(body), {"Content-Type": content_type, **headers})
        if self.command != "HEAD":
            self.wfile.write(body)
        if self.close_connection:
            self._hang_up_gently()

    def begin(self, status: int, length: int, headers: Mapping[str, str]) -> None:
        """Send the status line and headers of an answer whose body has `length` bytes."""
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(length)}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def apply_fault(self, fault: FaultRule, reply: SandboxReply | None = None) -> None:
        """Do what the rule says instead of answering; `reply` is what would have been said."""
        if fault.status:
            after = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
            self.answer_json(SandboxReply(fault.status, fault_body(fault.status), after))
        elif fault.what == "html":
            self.answer(200, "text/html", HTML)
        elif fault.what == "cut" and reply:
            self._answer_half(reply)
        elif fault.what == "reset":
            self._reset()
        else:
            self.close_connection = True

    def _answer_half(self, reply: SandboxReply) -> None:
        self.close_connection = True
        body = json.dumps(reply.payload).encode()
        self.begin(reply.status, len(body), {"Content-Type": JSON})
        self.wfile.write(body[: len(body) // 2])

    def _reset(self) -> None:
        """Close so that the client sees a reset, not an end: linger for no time, and no shutdown before."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        socket.close(self.connection.detach())

    def _hang_up_gently(self) -> None:
        """Read on for a while after the last answer: an early close would reset it away under a client that sends."""
        left = MAX_DISCARDED
        self.wfile.flush()
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(1.0)
            while left > 0 and (block := self.connection.recv(BLOCK)):
                left -= len(block)
