"""Serves the protocol on this machine until it is stopped."""

import json
import shlex
import signal
import threading

from kirin_cli.cli.console import talk
from kirin_cli.cli.sandbox import Serve
from kirin_cli.sandbox.server import Sandbox


def do(asked: Serve) -> int:
    """Serve until a signal; returns the exit code. Raises UsageError, and LocalFault for a port that is taken."""
    voice = talk(color=asked.color)
    with Sandbox(
        port=asked.port, key=asked.key, seed=asked.seed, speed=asked.speed, latency=asked.latency,
        fail_rate=asked.fail_rate, faults=tuple(asked.fault or ()),
    ) as served:  # fmt: skip
        if asked.json:
            voice.data(json.dumps({"base_url": served.base_url, "key": served.key}))
        else:
            key = shlex.quote(str(served.key))
            voice.data(f"export KIRIN_BASE_URL={served.base_url}", f"export KIRIN_API_KEY={key}")
        voice.note("the sandbox serves until Ctrl-C")
        _until_stopped()
    return 0


def _until_stopped() -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    while not stopped.wait(0.5):
        pass
