"""One HTTP/1.1 connection to the sandbox: reads bodies, answers, and misbehaves where a fault rule says so.

Quiet, and patient with broken clients. Knows no task, no model and no route.
"""

import json
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Final
from urllib.parse import unquote, urlsplit

from kirin_cli.sandbox.faults import Fault
from kirin_cli.sandbox.replies import NO_HEADERS, Refusal, Reply, refused, trouble

JSON: Final = "application/json"
HTML: Final = b"<!doctype html><title>Gateway</title><h1>This is not the answer you were looking for</h1>\n"
BLOCK: Final = 256 * 1024
MOST_DISCARDED: Final = 1024 * 1024 * 1024


class Conversation(BaseHTTPRequestHandler):
    """`pause` waits for a number of seconds and returns early when the sandbox stops."""

    protocol_version = "HTTP/1.1"
    server_version = "kirin-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60.0
    pause: Callable[[float], object]

    @property
    def place(self) -> str:
        """The decoded path of the address, without its query."""
        return unquote(urlsplit(self.path).path)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name in the base class)
        """Say nothing."""

    def handle_expect_100(self) -> bool:
        """Ask for the body at once: what is written waits in a buffer."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def guarded(self, serve: Callable[[], None]) -> None:
        """Serve one request; a Refusal becomes its answer."""
        if self.command != "POST" and self.headers.get("Content-Length", "0") != "0":
            self.close_connection = True
        try:
            serve()
        except Refusal as refusal:
            self.answer_json(refusal.reply)

    def body_length(self, most: int) -> int:
        """Bytes of the request's body; Refusal 411, 400 or 413, after which the connection is closed."""
        text = self.headers.get("Content-Length")
        wrong = (
            refused(411, "Content-Length is required")
            if text is None or self.headers.get("Transfer-Encoding")
            else refused(400, "Content-Length is no number")
            if not (text.isascii() and text.isdigit() and len(text) < 16)
            else refused(413, f"the body may have at most {most} bytes")
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

    def answer_json(self, reply: Reply) -> None:
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

    def suffer(self, fault: Fault, reply: Reply | None = None) -> None:
        """Do what the rule says instead of answering; `reply` is what would have been said."""
        if fault.status:
            after = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
            self.answer_json(Reply(fault.status, trouble(fault.status), after))
        elif fault.what == "html":
            self.answer(200, "text/html", HTML)
        elif fault.what == "cut" and reply:
            self._answer_half(reply)
        elif fault.what == "reset":
            self._reset()
        else:
            self.close_connection = True

    def _answer_half(self, reply: Reply) -> None:
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
        left = MOST_DISCARDED
        self.wfile.flush()
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(1.0)
            while left > 0 and (block := self.connection.recv(BLOCK)):
                left -= len(block)
