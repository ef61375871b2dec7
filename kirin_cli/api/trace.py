"""The trace of exchanges (`-v`): a line for each request and each answer, without key, signatures and Base64.

Knows no stream: whoever asked for it is told the lines.
"""

import re
import time
from collections.abc import Callable, Mapping
from itertools import count
from typing import Final

from kirin_cli.api.credentials import scrub, scrub_body
from kirin_cli.redaction import mask_hidden, redact_urls

MAX_BODY_LENGTH: Final = 1500
"""Characters of a body that are shown."""
MIN_BASE64: Final = 200
"""Characters of one word from which on it is taken for Base64, whatever it is called."""
TEXT_TYPES: Final = ("json", "text/", "xml", "html")
BEARER: Final = "Bearer "
_BASE64: Final = re.compile(rf"[A-Za-z0-9+/=_-]{{{MIN_BASE64},}}")


class Tracer:
    """Tells `say` of every exchange in two lines that share a number. Thread-safe. `clock` counts seconds."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.say, self.clock = say, clock
        self._numbers = count(1)

    def begin(self, method: str, url: str, headers: Mapping[str, str], body: object = None) -> "TracedExchange":
        """Tell of a request that is about to be sent; a body is shown where it has an `outline`."""
        key = headers.get("Authorization", "").removeprefix(BEARER)
        traced = TracedExchange(self, next(self._numbers), key)
        length = len(body) if hasattr(body, "__len__") else 0
        shown = getattr(body, "outline", f"({length} bytes)" if length else "")
        ranged = f"Range: {headers['Range']}" if "Range" in headers else ""
        traced.tell(">", f"{method} {url}", ranged, shown)
        return traced


class TracedExchange:
    """One exchange of a trace: the request was told, what follows is."""

    def __init__(self, tracer: Tracer, number: int, key: str) -> None:
        self._tracer, self._number, self._key = tracer, number, key
        self._started = tracer.clock()

    def show_answer(self, status: int, headers: Mapping[str, str], body: bytes | None = None) -> None:
        """Tell of an answer: of one whose body is still to be read, how long that is."""
        kind = headers.get("Content-Type", "")
        request_id = headers.get("X-Request-Id", "")
        if body is None or not any(word in kind.lower() for word in TEXT_TYPES):
            length = headers.get("Content-Length", "") if body is None else len(body)
            shown = f"({length or 'some'} bytes{f', {kind}' if kind else ''})"
        else:
            shown = scrub_body(body, self._key).decode("utf-8", "replace")
        self.tell("<", f"{status} in {self._seconds:.2f} s", f"X-Request-Id: {request_id}" * bool(request_id), shown)

    def show_failure(self, why: str) -> None:
        """Tell that no whole answer came."""
        self.tell("<", f"no answer after {self._seconds:.2f} s: {why}")

    @property
    def _seconds(self) -> float:
        return self._tracer.clock() - self._started

    def tell(self, sign: str, *parts: str) -> None:
        """Tell one line, with nothing in it that nobody should see."""
        text = _BASE64.sub(lambda match: f"<{len(match[0])} characters>", " ".join(filter(None, parts)))
        text = mask_hidden(redact_urls(scrub(text, self._key)))
        cut = text[:MAX_BODY_LENGTH] + "…" * (len(text) > MAX_BODY_LENGTH)
        self._tracer.say(f"#{self._number} {sign} {cut}")
