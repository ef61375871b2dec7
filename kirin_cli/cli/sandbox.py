"""`kirin sandbox`: serve the protocol on this machine until stopped."""

import json as json_module
import signal
import threading
from typing import Annotated

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.console import talk
from kirin_cli.sandbox.server import USUAL_SPEED, Sandbox


def sandbox(
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="Port of the API; 0: any.")] = 0,
    key: Annotated[
        str | None, typer.Option("--key", metavar="TEXT", help="The API key it takes; a random one by default.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Make ids, times and failures repeatable.")
    ] = None,
    speed: Annotated[
        float, typer.Option("--speed", metavar="N", help="How many times faster than the service it works.")
    ] = USUAL_SPEED,
    latency: Annotated[
        float, typer.Option("--latency", metavar="SECONDS", help="Time that it waits before each answer.")
    ] = 0.0,
    fail_rate: Annotated[
        float, typer.Option("--fail-rate", metavar="SHARE", help="Share of tasks that fail, 0 to 1.")
    ] = 0.0,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", metavar="RULE", help="What goes wrong, e.g. post:503@2. Repeatable."),
    ] = None,
    json: o.Json = False,
    color: o.Color = "auto",
) -> int:
    """Serve the protocol on this machine until Ctrl-C: for trying things and for testing pipelines.

    Prints the environment variables that point kirin at it. Nothing it makes costs anything.
    """
    voice = talk(color=color)
    rules = tuple(fault or ())
    with Sandbox(
        port=port, key=key, seed=seed, speed=speed, latency=latency, fail_rate=fail_rate, faults=rules
    ) as served:
        if json:
            voice.data(json_module.dumps({"base_url": served.base_url, "key": served.key}))
        else:
            voice.data(f"export KIRIN_BASE_URL={served.base_url}", f"export KIRIN_API_KEY={served.key}")
        voice.note("the sandbox serves until Ctrl-C")
        _until_stopped()
    return 0


def _until_stopped() -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    while not stopped.wait(0.5):
        pass
