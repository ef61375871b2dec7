"""Looks at images and videos behind URLs with a few Range requests: size, format, pixels, length, frame rate.

Judges no limits (I3 to I5, V2, V3). What could not be learned stays None, and is said in a remark.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Final, Self

from kirin_cli import media
from kirin_cli.api.adapter import Adapter
from kirin_cli.api.exchange import Clock
from kirin_cli.api.faults import TransportFault
from kirin_cli.api.network import Network
from kirin_cli.api.probe_facts import Facts, picture_facts, video_facts
from kirin_cli.api.probe_parts import Bounds, Parts
from kirin_cli.errors import KirinError, ResultUnavailable
from kirin_cli.media.addresses import shortened
from kirin_cli.spec.medium import Kind, Medium, UnreadableMedium

LookIn = Callable[[str, Kind, Path], Medium]
Wanted = tuple[str, Kind]
AT_ONCE: Final = 8
DEFAULT: Final = Bounds()
RULES: Final[Mapping[Kind, str]] = {"image": "I1", "video": "V1"}


class Prober:
    """Looks at each URL once, however often it is asked. Sends no key. Thread-safe.

    `look` finds out what everything else is.
    """

    def __init__(
        self, network: Network, *, look: LookIn = media.look, clock: Clock = time.monotonic, bounds: Bounds = DEFAULT
    ) -> None:
        self._look = look
        self._adapter = Adapter(network)
        self._parts = partial(Parts, network=network, adapter=self._adapter, clock=clock, bounds=bounds)
        self._expected: dict[Wanted, None] = {}
        self._known: dict[Wanted, Facts | UnreadableMedium] = {}

    def look(self, given: str, kind: Kind, base: Path) -> Medium:
        """As `media.look`, with the facts of what a URL leads to.

        Raises UnreadableMedium too where a URL cannot be fetched (I1, V1), is no JPEG, PNG, MP4 or MOV by its content
        (I2, V1), is cut short or broken (I6, V1), or is longer than any image may be (I3).
        """
        medium = self._look(given, kind, base)
        if medium.form != "url":
            return medium
        found = self._facts((given, kind))
        if isinstance(found, UnreadableMedium):
            raise UnreadableMedium(found.rule, found.message)
        return replace(
            medium, format=found.format, size=found.size, width=found.width, height=found.height,
            seconds=found.seconds, fps=found.fps,
        )  # fmt: skip

    def expect(self, given: str, kind: Kind, base: Path) -> Medium:
        """As the plain look; what is a URL will be looked at by `ahead`."""
        medium = self._look(given, kind, base)
        if medium.form == "url":
            self._expected[given, kind] = None
        return medium

    def ahead(self) -> None:
        """Look at the expected URLs, several at once, before they are asked for one by one."""
        # Daemons: an interrupted command does not wait for somebody's slow server.
        count = min(AT_ONCE, len(self._expected))
        threads = [Thread(target=self._serve, name="probe", daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def remark(self, given: str) -> tuple[str, str] | None:
        """Rule and sentence where something could not be learned of a URL that can be used."""
        for kind, rule in RULES.items():
            found = self._known.get((given, kind))
            if isinstance(found, Facts) and found.remark:
                return rule, found.remark
        return None

    def close(self) -> None:
        """Close the idle connections."""
        self._adapter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self) -> None:
        with suppress(KeyError, KirinError):  # none left; what is wrong with the network is raised by `look`
            while True:
                self._facts(self._expected.popitem()[0])

    def _facts(self, wanted: Wanted) -> Facts | UnreadableMedium:
        if wanted not in self._known:
            self._known[wanted] = self._learned(*wanted)
        return self._known[wanted]

    def _learned(self, url: str, kind: Kind) -> Facts | UnreadableMedium:
        facts = video_facts if kind == "video" else picture_facts
        name = shortened(url)
        try:
            return facts(self._parts(url), name)
        except UnreadableMedium as unreadable:
            return unreadable
        except (ResultUnavailable, TransportFault) as fault:
            return UnreadableMedium(RULES[kind], f"{name} cannot be fetched: {fault}")


def still_there(url: str, size: int, network: Network, *, bounds: Bounds = DEFAULT) -> bool:
    """Whether a URL gives a file of `size` bytes; where its server does not say how long it is, that it gives one."""
    adapter = Adapter(network)
    try:
        return Parts(url, network, adapter, time.monotonic, bounds).get(0, 1, 1).total in {None, size}
    except (ResultUnavailable, TransportFault):
        return False
    finally:
        adapter.close()
