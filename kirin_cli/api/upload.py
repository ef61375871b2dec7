"""Multipart upload of a local file to a place that stores uploads; returns the URL that it has there."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from kirin_cli.api.client import is_web_page
from kirin_cli.api.credentials import scrub_body
from kirin_cli.api.exchange import MonotonicClock, TransportError
from kirin_cli.api.retry import RETRIES, parse_retry_after
from kirin_cli.api.transport import HttpReply, HttpRequest, Transport
from kirin_cli.api.url_policy import split_url
from kirin_cli.errors import GenerationFailed, NotPermitted, ServiceUnreachable, UsageError
from kirin_cli.media.local_files import open_unchanged, read_unchanged, sha256
from kirin_cli.modelspec.types import MediaFile
from kirin_cli.wire.responses import MalformedResponse, parse_error, parse_response

OnBytesSent = Callable[[int, int], None]
"""Gets the bytes that have left and the bytes of the whole upload. May raise, to end it."""

STORAGE_PATH: Final = "/api/v1/storage/files"
STEP: Final = 256 * 1024
MAX_UPLOAD_URL_LENGTH: Final = 4096
PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class UploadEndpoint:
    """Where files are sent. `key` is "" for any place but the service itself; it is in no repr."""

    url: str
    key: str = field(default="", repr=False)


def upload_endpoint(upload_url: str, base_url: str, key: str) -> UploadEndpoint:
    """The place at `upload_url`; it gets the key only if it has the origin of the base URL.

    Raises UsageError for what is no http(s) URL, and for user names and passwords in it.
    """
    try:
        parts = split_url(upload_url.strip())
    except ValueError as error:
        hint = f"give one like https://host.example{STORAGE_PATH}"
        raise UsageError(f"the upload URL cannot be used: {error}", hint=hint) from None
    if "@" in parts.netloc or parts.fragment or any(ord(letter) <= 32 for letter in parts.geturl()):
        raise UsageError("the upload URL must not hold a user name, a fragment or white space")
    same_origin = url_origin(upload_url.strip()) == url_origin(base_url.strip())
    return UploadEndpoint(parts.geturl(), key if same_origin else "")


def url_origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an absolute URL. Raises ValueError for any other."""
    parts = split_url(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or PORTS[parts.scheme]


class MultipartFile:
    """A multipart body (RFC 7578) with one file in the field `file`, read as it is sent; made anew for each attempt.

    The name of the person's file does not travel. Raises LocalError where the file has changed since inspection.
    """

    def __init__(self, media_file: MediaFile, tell: OnBytesSent = lambda _sent, _total: None) -> None:
        digest = sha256(media_file)
        self.boundary = f"kirin-{digest}"  # what is in the file cannot hold its own hash
        self._medium, self._tell = media_file, tell
        name, kind = (
            f"{digest[:16]}.{media_file.format}",
            "quicktime" if media_file.format == "mov" else media_file.format,
        )
        lines = (
            f"--{self.boundary}",
            f'Content-Disposition: form-data; name="file"; filename="{name}"',
            f"Content-Type: video/{kind}\r\n\r\n",
        )
        self._head, self._tail = "\r\n".join(lines).encode(), f"\r\n--{self.boundary}--\r\n".encode()

    def __len__(self) -> int:
        return len(self._head) + (self._medium.size or 0) + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        sent, total = len(self._head), len(self)
        with open_unchanged(self._medium, self._medium.label) as file:
            yield self._head
            for data in read_unchanged(self._medium, file, STEP, self._medium.label):
                yield data
                sent += len(data)
                self._tell(sent, total)
        yield self._tail
        self._tell(total, total)


class UploadClient:
    """Sends files to one place. Thread-safe. `deadline` is in seconds for one whole upload; `now` since the epoch."""

    def __init__(
        self,
        transport: Transport,
        to: UploadEndpoint,
        *,
        deadline: float = 3600.0,
        now: MonotonicClock = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.to = to
        self._transport, self._deadline, self._now, self._sleep = transport, deadline, now, sleep

    def send(self, media_file: MediaFile, tell: OnBytesSent = lambda _sent, _total: None) -> str:
        """Upload a local file; the URL that it has now.

        Raises ServiceUnreachable where the place cannot be reached, NotPermitted where it refuses the key,
        GenerationFailed where it refuses the file or names no URL, and LocalError where the file has changed.
        """
        form = MultipartFile(media_file, tell)
        headers = {"Content-Type": f"multipart/form-data; boundary={form.boundary}", "Accept": "application/json"}
        if self.to.key:
            headers["Authorization"] = f"Bearer {self.to.key}"
        request = HttpRequest("POST", self.to.url, headers, form)
        retries, failures = RETRIES["upload"], 0
        while True:
            retry_after: float | None = None
            try:
                reply = self._transport.send(request, deadline=self._deadline, fresh=True)
            except TransportError as error:
                reason, final, advice = error.message, error.kind not in retries.errors, error.hint
            else:
                reply = replace(reply, body=scrub_body(reply.body, self.to.key))
                if reply.status not in retries.statuses:
                    return _url(reply, media_file)
                reason, final, advice = _describe(reply), False, ""
                retry_after = parse_retry_after(reply.headers.get("Retry-After"), self._now()) or None
            failures += 1
            if final or retries.gives_up(failures):
                hint = "; ".join(filter(None, ("nothing was sent", advice or "run again")))
                raise ServiceUnreachable(f"{media_file.label} could not be uploaded: {reason}", hint=hint)
            self._sleep(retries.delay(failures, retry_after))


def _url(reply: HttpReply, media_file: MediaFile) -> str:
    """The URL in an answer: `{"url": …}` or `{"data": {"url": …}}`."""
    if reply.status in {401, 403} and is_web_page(reply):
        hint = "a web page is the answer of a firewall or a proxy; nothing was sent"
        raise ServiceUnreachable(f"{media_file.label} could not be uploaded: {_describe(reply)}", hint=hint)
    if reply.status in {401, 403}:
        hint = "check the key and the upload URL"
        raise NotPermitted(f"{media_file.label} may not be uploaded: {_describe(reply)}", hint=hint)
    if not 200 <= reply.status < 300:
        raise GenerationFailed(
            f"the upload of {media_file.label} was refused: {_describe(reply)}", hint="nothing was sent"
        )
    try:
        document = parse_response(reply.body)
    except MalformedResponse:
        document = None
    data = document.get("data") if isinstance(document, dict) else None
    for mapping in (document, data):
        url = mapping.get("url") if isinstance(mapping, dict) else None
        if isinstance(url, str) and len(url) <= MAX_UPLOAD_URL_LENGTH and url.isprintable() and " " not in url:
            with suppress(ValueError):
                split_url(url)
                return url
    raise GenerationFailed(f"the upload of {media_file.label} was answered without a URL", hint="check the upload URL")


def _describe(reply: HttpReply) -> str:
    message = parse_error(reply.body).message
    return f"HTTP {reply.status}" + (f": {message}" if message else "")
