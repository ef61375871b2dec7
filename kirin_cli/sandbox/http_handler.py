"""The HTTP/1.1 handler of the sandbox and its JSON replies; misbehaves where a fault rule says so. Knows no route."""

import json
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Final, TypeVar
from urllib.parse import unquote, urlsplit

from kirin_cli.sandbox.faults import FaultRule
from kirin_cli.sandbox.samples import RESULT_NAMES
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

    `duration`: the page has the length of the video. It goes out as a string: the provider's own clients read no other.
    """

    message: str = "message"
    duration: bool = False
    job_id: bool = True


RESPONSE_FORMATS: Final[Mapping[str, ResponseFormat]] = {
    "kirin_v1_t2v": ResponseFormat("error_message", duration=True),
    "kirin_v1_5_i2v": ResponseFormat("error_message", job_id=False),
    "kirin_v1_6_multi_i2v": ResponseFormat(),
    "kirin_motion_control": ResponseFormat(duration=True),
    "kirin_video_o1": ResponseFormat("error_message", duration=True),
}


def task_reply(task: SandboxTask, now: float, files_url: str) -> dict[str, object]:
    """The answer to a create or query request about `task`; its video stands under `files_url`."""
    status, page = task.status(now), RESPONSE_FORMATS.get(task.model.id, ResponseFormat())
    answer: dict[str, object] = {
        "id": task.id,
        "created_at": int(task.created),
        "status": status,
        "model": task.model.id,
        **({"external_task_id": task.external_id} if task.external_id else {}),
    }
    if status == "failed":
        message = task.model.error_codes.get(task.code, "Generation failed (sandbox)")
        return answer | {"error": {"code": task.code, page.message: message}}
    if status == "completed":
        cost = str(task.render.cost)
        usage = {"cost": cost, "discount": 1, "quantity": 1, "unit_price": cost}
        return answer | {"output": _output(task, page, files_url), "usage": usage, "metadata": {}}
    return answer | {"progress": round(task.progress(now), 2)}


def _output(task: SandboxTask, page: ResponseFormat, files_url: str) -> list[object]:
    if task.outcome == "no-output":
        return []
    kind = task.model.result
    content: dict[str, object] = {"type": kind, "url": f"{files_url}/files/{task.id}/{RESULT_NAMES[kind]}"}
    if page.duration:
        content["duration"] = str(float(task.render.seconds))
    if page.job_id:
        content["jobId"] = task.job
    return [{"content": [content]}]


def bad_request(status: int, message: str, **more: object) -> ErrorReply:
    """A refused request, in the most telling of the error bodies."""
    return ErrorReply(status, {"error": {"code": "invalid_request", "message": message, **more}})


def not_found(message: str) -> ErrorReply:
    """There is no such task, model or address."""
    return ErrorReply(404, {"status": {"code": 404, "message": message}})


JSON: Final = "application/json"
HTML_BODY: Final = b"<!doctype html><title>Gateway</title><h1>This is not the answer you were looking for</h1>\n"
BLOCK_BYTES: Final = 256 * 1024
MAX_DISCARDED_BYTES: Final = 1024 * 1024 * 1024


class SandboxHandler(BaseHTTPRequestHandler):
    """`pause` waits for a number of seconds and returns early when the sandbox stops; `log` is told of each request."""

    protocol_version = "HTTP/1.1"
    server_version = "kirin-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60.0
    pause: Callable[[float], object]
    log: Callable[[str], object] = staticmethod(lambda _: None)

    @property
    def request_path(self) -> str:
        """The decoded path of the address, without its query."""
        return unquote(urlsplit(self.path).path)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name in the base class)
        """Say nothing."""

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Tell which request is answered with which status."""
        request = f"{self.command} {self.path}" if hasattr(self, "path") else "a broken request"
        self.log(f"{request} {int(code) if isinstance(code, int) else code}")

    def handle_expect_100(self) -> bool:
        """Ask for the body at once: what is written waits in a buffer."""
        accepted = super().handle_expect_100()
        self.wfile.flush()
        return accepted

    def body_length(self, max_bytes: int) -> int:
        """Bytes of the request's body; ErrorReply 411, 400 or 413, after which the connection is closed."""
        text = self.headers.get("Content-Length")
        if text is None or self.headers.get("Transfer-Encoding"):
            refusal = bad_request(411, "Content-Length is required")
        elif not (text.isascii() and text.isdigit() and len(text) < 16):
            refusal = bad_request(400, "Content-Length is no number")
        elif int(text) > max_bytes:
            refusal = bad_request(413, f"the body may have at most {max_bytes} bytes")
        else:
            return int(text)
        self.close_connection = True
        raise refusal

    def answer_json(self, reply: SandboxReply) -> None:
        """Answer with JSON."""
        self.answer(reply.status, JSON, json.dumps(reply.payload).encode(), reply.headers)

    def answer(self, status: int, content_type: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> None:
        """Answer with a body that fits into memory."""
        self.begin(status, len(body), {"Content-Type": content_type, **headers})
        if self.command != "HEAD":
            self.wfile.write(body)
        if self.close_connection:
            # Read on for a while: an early close would reset the answer away under a client that sends.
            left = MAX_DISCARDED_BYTES
            self.wfile.flush()
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_WR)
                self.connection.settimeout(1.0)
                while left > 0 and (block := self.connection.recv(BLOCK_BYTES)):
                    left -= len(block)

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
            headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
            self.answer_json(SandboxReply(fault.status, {"error": f"sandbox fault: {fault.status}"}, headers))
        elif fault.what == "html":
            self.answer(200, "text/html", HTML_BODY)
        else:
            self.close_connection = True
            if fault.what != "cut" or not reply:
                self.log_request(fault.what)
            if fault.what == "cut" and reply:
                body = json.dumps(reply.payload).encode()
                self.begin(reply.status, len(body), {"Content-Type": JSON})
                self.wfile.write(body[: len(body) // 2])
            elif fault.what == "reset":
                # Linger for no time, with no shutdown before: the client sees a reset, not an end.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                socket.close(self.connection.detach())


_Handler = TypeVar("_Handler", bound=SandboxHandler)


def with_error_replies(serve: Callable[[_Handler], None]) -> Callable[[_Handler], None]:
    """Serve one request; an ErrorReply becomes its answer."""

    def do(self: _Handler) -> None:
        if self.command != "POST" and self.headers.get("Content-Length", "0") != "0":
            self.close_connection = True
        try:
            serve(self)
        except ErrorReply as refusal:
            self.answer_json(refusal.reply)

    return do
