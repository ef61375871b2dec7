"""The sandbox: a local service of the same protocol, on two ports of this machine, or on one. Knows no flags."""

import random
import secrets
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from math import inf
from socket import AF_INET, AF_INET6, SHUT_RDWR, socket
from socketserver import TCPServer
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from kirin_cli.errors import LocalError, UsageError
from kirin_cli.models import MODELS
from kirin_cli.modelspec.model import Model
from kirin_cli.sandbox.api_handler import FILES, MAX_JSON_BYTES, ApiHandler, ApiService
from kirin_cli.sandbox.faults import MAX_DELAY, FaultRules, parse_fault
from kirin_cli.sandbox.files_handler import PREFIXES, FilesHandler, UploadStorage
from kirin_cli.sandbox.tasks import TaskStore
from kirin_cli.sandbox.validator import RequestValidator

HOST: Final = "127.0.0.1"
POLL_SECONDS: Final = 0.02
MAX_CLOSE_SECONDS: Final = 2.0


class SandboxHttpServer(ThreadingHTTPServer):
    """An HTTP server with a thread of its own, which knows its open connections and can end them.

    `crashes` holds what a handler raised besides the troubles of a connection: always a bug.
    """

    request_queue_size = 128
    daemon_threads = True
    # On Windows it would let two servers have one port.
    allow_reuse_address = sys.platform != "win32"

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.address_family = AF_INET6 if ":" in host else AF_INET
        super().__init__((host, port), BaseHTTPRequestHandler)
        self.crashes: list[BaseException] = []
        self._connections: set[socket] = set()
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self.serve_forever, args=(POLL_SECONDS,), name="sandbox", daemon=True)

    def start(self, handler: type[BaseHTTPRequestHandler]) -> None:
        """Begin to answer; until then clients wait."""
        self.RequestHandlerClass = handler
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, end what is open, and wait until it has ended (at most 2 s)."""
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join(MAX_CLOSE_SECONDS)
        with self._change:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(SHUT_RDWR)
            self._change.wait_for(lambda: not self._connections, MAX_CLOSE_SECONDS)
        self.server_close()

    @property
    def url(self) -> str:
        """Its origin, without a slash at the end, as this machine sees it."""
        host = HOST if is_wildcard(self.host) else f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.server_address[1]}"

    def server_bind(self) -> None:
        """Bind without asking the name service for this machine's name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.host, self.server_address[1]

    def get_request(self) -> tuple[socket, object]:
        """Accept a connection and remember it."""
        connection, address = super().get_request()
        with self._change:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: object) -> None:
        """Close a connection and forget it."""
        super().shutdown_request(request)  # type: ignore[arg-type]
        with self._change:
            self._connections.discard(request)
            self._change.notify_all()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that go away; keep everything else."""
        error = sys.exception()
        if error and not isinstance(error, OSError):
            self.crashes.append(error)


def is_wildcard(host: str) -> bool:
    """Whether it stands for every address of this machine (0.0.0.0, ::)."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether only this machine can speak with what listens there; False for a name but localhost."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class OnePortHandler(ApiHandler, FilesHandler):
    """Serves API and files together, for where one port is all there is: a container, a tunnel."""

    def do_GET(self) -> None:  # noqa: N802  (the name in the base class)
        """Deliver a file, or answer as the API does."""
        handler = FilesHandler if self.request_path.startswith(PREFIXES) else ApiHandler
        handler.do_GET(self)


DEFAULT_SPEED: Final = 30.0
KEY_PREFIX: Final = "sandbox-"


@dataclass(kw_only=True, eq=False)
class Sandbox:
    """A sandbox from `start()` to `stop()`, or as a context manager. One use each.

    `seed` makes ids, times and failures repeatable; `speed` is how many times faster than the service it works (> 0);
    `latency` is waited before every API answer, in seconds; `fail_rate` is the share (0-1) of tasks that fail;
    `faults` are rules of the `--fault` language; `port` is that of the API (0: any), the files have another one unless
    `one_port`; `host` is the address that both listen at, which beyond this machine asks for a `key`;
    `key` is the API key (None: a random one) and each of `more_keys` another account; `models` are those that it
    serves and judges by; `clock` gives seconds since the
    epoch, `sleep` waits for latencies and delays (None: a real wait that ends with the sandbox). Raises UsageError for
    values out of range, and at the start LocalError for a port that cannot be had.
    """

    seed: int | None = None
    speed: float = DEFAULT_SPEED
    latency: float = 0.0
    fail_rate: float = 0.0
    faults: Sequence[str] = ()
    host: str = HOST
    port: int = 0
    one_port: bool = False
    log: Callable[[str], object] = field(default=lambda _: None, repr=False)
    key: str | None = field(default=None, repr=False)
    more_keys: Sequence[str] = field(default=(), repr=False)
    models: Mapping[str, Model] = field(default_factory=lambda: MODELS, repr=False)
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], object] | None = None
    max_json: int = MAX_JSON_BYTES
    tasks: TaskStore = field(init=False)

    def __post_init__(self) -> None:
        if not 0 < self.speed < inf:
            raise UsageError(f"the sandbox's speed must be more than 0, not {self.speed:g}")
        if not 0 <= self.latency <= MAX_DELAY:
            raise UsageError(f"the sandbox's latency must be 0 to {MAX_DELAY:g} s, not {self.latency:g}")
        if not 0 <= self.fail_rate <= 1:
            raise UsageError(f"the sandbox's fail rate must be a share from 0 to 1, not {self.fail_rate:g}")
        if not is_loopback(self.host) and not self.key:
            message = f"the sandbox would be open to other machines at {self.host}: it needs a key of your choice"
            raise UsageError(message, hint="--key TEXT")
        rng = random.Random(self.seed)  # noqa: S311  (repeatable on purpose; the key comes from secrets)
        self.key = self.key or KEY_PREFIX + secrets.token_urlsafe(18)
        self.tasks = TaskStore(clock=self.clock, rng=rng, speed=self.speed, fail_rate=self.fail_rate)
        self._faults = FaultRules(map(parse_fault, self.faults), rng)
        self._uploads = UploadStorage()
        self._stopping = threading.Event()
        self._pause = self.sleep or self._stopping.wait
        self._servers: list[SandboxHttpServer] = []

    def start(self) -> Self:
        """Listen and answer from now on."""
        api = self._listen(self.port)
        files = api if self.one_port else self._listen(0)
        keys = frozenset((str(self.key), *self.more_keys))
        shared = {
            "pause": staticmethod(self._pause), "log": staticmethod(self.log), "tasks": self.tasks,
            "uploads": self._uploads, "faults": self._faults,
        }  # fmt: skip
        service = ApiService(
            validator=RequestValidator(keys, lambda url: self._uploads.find(urlsplit(url).path), self.models),
            tasks=self.tasks,
            faults=self._faults,
            uploads=self._uploads,
            base_url=api.url,
            files_url=files.url,
            follows_host=self.one_port or is_wildcard(self.host),
            latency=self.latency,
            max_json_bytes=self.max_json,
        )
        if self.one_port:
            api.start(type("OnePort", (OnePortHandler,), {**shared, "service": service}))
        else:
            api.start(type("Api", (ApiHandler,), {**shared, "service": service}))
            files.start(type("Files", (FilesHandler,), shared))
        return self

    def stop(self) -> None:
        """End every connection, free both ports, remove uploaded files. May be called more than once."""
        self._stopping.set()
        for server in self._servers:
            server.stop()
        self._uploads.clear()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        """The origin of the API, once started; its paths are those of wire/README.md."""
        return self._servers[0].url

    @property
    def files_url(self) -> str:
        """The origin of the results and uploads, once started."""
        return self._servers[-1].url

    @property
    def upload_url(self) -> str:
        """Where local videos are uploaded to, once started."""
        return self.base_url + FILES

    @property
    def crashes(self) -> list[BaseException]:
        """Bugs of the sandbox itself that ended a connection."""
        return [crash for server in self._servers for crash in server.crashes]

    def _listen(self, port: int) -> SandboxHttpServer:
        try:
            self._servers.append(SandboxHttpServer(self.host, port))
        except (OSError, OverflowError, UnicodeError) as error:
            self.stop()
            at = "" if self.host == HOST else f" at {self.host}"
            message = f"the sandbox cannot listen on port {port}{at}: {error}"
            hint = "choose another port, or 0 for any" if not at else "choose another address or port"
            raise LocalError(message, hint=hint) from None
        return self._servers[-1]
