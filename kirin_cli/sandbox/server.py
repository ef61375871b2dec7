"""The sandbox: a local service of the same protocol, on two ports of the loopback interface. Knows no flags."""

import random
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from kirin_cli.errors import LocalFault, UsageError
from kirin_cli.sandbox.delivery import FileConversation, Shelf
from kirin_cli.sandbox.faults import LONGEST_DELAY, Faults, parse_fault
from kirin_cli.sandbox.gateway import MOST_JSON, ApiConversation, Service
from kirin_cli.sandbox.judge import Judge
from kirin_cli.sandbox.listener import Listener
from kirin_cli.sandbox.storage import Storage
from kirin_cli.sandbox.world import World

USUAL_SPEED: Final = 30.0
KEY_PREFIX: Final = "sandbox-"


@dataclass(kw_only=True, eq=False)
class Sandbox:
    """A sandbox from `start()` to `stop()`, or as a context manager. One use each.

    `seed` makes ids, times and failures repeatable; `speed` is how many times faster than the service it works (> 0);
    `latency` is waited before every API answer, in seconds; `fail_rate` is the share (0-1) of tasks that fail;
    `faults` are rules of the `--fault` language; `port` is that of the API (0: any), the files have another one;
    `key` is the API key (None: a random one) and each of `more_keys` another account; `clock` gives seconds since the
    epoch, `sleep` waits for latencies and delays (None: a real wait that ends with the sandbox). Raises UsageError for
    values out of range, and at the start LocalFault for a port that cannot be had.
    """

    seed: int | None = None
    speed: float = USUAL_SPEED
    latency: float = 0.0
    fail_rate: float = 0.0
    faults: Sequence[str] = ()
    port: int = 0
    key: str | None = field(default=None, repr=False)
    more_keys: Sequence[str] = field(default=(), repr=False)
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], object] | None = None
    most_json: int = MOST_JSON
    world: World = field(init=False)

    def __post_init__(self) -> None:
        if not 0 < self.speed < inf:
            raise UsageError(f"the sandbox's speed must be more than 0, not {self.speed:g}")
        if not 0 <= self.latency <= LONGEST_DELAY:
            raise UsageError(f"the sandbox's latency must be 0 to {LONGEST_DELAY:g} s, not {self.latency:g}")
        if not 0 <= self.fail_rate <= 1:
            raise UsageError(f"the sandbox's fail rate must be a share from 0 to 1, not {self.fail_rate:g}")
        rng = random.Random(self.seed)  # noqa: S311  (repeatable on purpose; the key comes from secrets)
        self.key = self.key or KEY_PREFIX + secrets.token_urlsafe(18)
        self.world = World(clock=self.clock, rng=rng, speed=self.speed, fail_rate=self.fail_rate)
        self._faults = Faults(map(parse_fault, self.faults), rng)
        self._storage = Storage()
        self._stopping = threading.Event()
        self._pause = self.sleep or self._stopping.wait
        self._listeners: list[Listener] = []

    def start(self) -> Self:
        """Listen on both ports and answer from now on."""
        api, files = self._listen(self.port), self._listen(0)
        api.start(self._api_handler(api.url, files.url))
        files.start(self._file_handler())
        return self

    def stop(self) -> None:
        """End every connection, free both ports, remove uploaded files. May be called more than once."""
        self._stopping.set()
        for listener in self._listeners:
            listener.stop()
        self._storage.clear()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        """The origin of the API, once started; its paths are those of PROTOCOL."""
        return self._listeners[0].url

    @property
    def files_url(self) -> str:
        """The origin of the results and uploads, once started."""
        return self._listeners[1].url

    @property
    def crashes(self) -> list[BaseException]:
        """Bugs of the sandbox itself that ended a connection."""
        return [crash for listener in self._listeners for crash in listener.crashes]

    def _listen(self, port: int) -> Listener:
        try:
            self._listeners.append(Listener(port))
        except (OSError, OverflowError) as fault:
            self.stop()
            why = f"the sandbox cannot listen on port {port}: {fault}"
            raise LocalFault(why, hint="choose another port, or 0 for any") from None
        return self._listeners[-1]

    def _api_handler(self, base_url: str, files_url: str) -> type[ApiConversation]:
        class Api(ApiConversation):
            pass

        Api.pause = staticmethod(self._pause)
        Api.service = Service(
            judge=Judge(frozenset((str(self.key), *self.more_keys)), self._uploaded),
            world=self.world,
            faults=self._faults,
            storage=self._storage,
            base_url=base_url,
            files_url=files_url,
            latency=self.latency,
            most_json=self.most_json,
        )
        return Api

    def _file_handler(self) -> type[FileConversation]:
        class Files(FileConversation):
            pass

        Files.pause = staticmethod(self._pause)
        Files.shelf = Shelf(self.world, self._storage, self._faults)
        return Files

    def _uploaded(self, url: str) -> Path | None:
        """The file behind a URL of this sandbox's own storage."""
        return self._storage.find(url.removeprefix(self.files_url))
