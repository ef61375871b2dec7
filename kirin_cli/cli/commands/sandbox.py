"""`kirin sandbox`: serve the protocol on this machine until stopped."""

import json
import shlex
import signal
import threading
from typing import Annotated

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import command_from
from kirin_cli.modelspec.record import Record


class SandboxFlags(Record):
    """Serve the protocol on this machine until Ctrl-C: for trying things and for testing pipelines.

    Prints the environment variables that point kirin at it. Nothing it makes costs anything.
    """

    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="Port of the API; 0: any.")] = 0
    key: Annotated[
        str | None, typer.Option("--key", metavar="TEXT", help="The API key it takes; a random one by default.")
    ] = None
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Make ids, times and failures repeatable.")
    ] = None
    speed: Annotated[
        float, typer.Option("--speed", metavar="N", help="How many times faster than the service it works.")
    ] = 30.0
    latency: Annotated[
        float, typer.Option("--latency", metavar="SECONDS", help="Time that it waits before each answer.")
    ] = 0.0
    fail_rate: Annotated[
        float, typer.Option("--fail-rate", metavar="SHARE", help="Share of tasks that fail, 0 to 1.")
    ] = 0.0
    fault: Annotated[
        list[str] | None, typer.Option("--fault", metavar="RULE", help="What goes wrong, e.g. post:503@2. Repeatable.")
    ] = None
    json: o.Json = False
    color: o.Color = "auto"


def run_sandbox(flags: SandboxFlags) -> int:
    """Serve until a signal; returns the exit code. Raises UsageError, and LocalError for a port that is taken."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.sandbox.server import Sandbox

    console = make_console(color=flags.color)
    with Sandbox(
        port=flags.port, key=flags.key, seed=flags.seed, speed=flags.speed, latency=flags.latency,
        fail_rate=flags.fail_rate, faults=tuple(flags.fault or ()),
    ) as server:  # fmt: skip
        if flags.json:
            console.data(json.dumps({"base_url": server.base_url, "key": server.key}))
        else:
            key = shlex.quote(str(server.key))
            console.data(f"export KIRIN_BASE_URL={server.base_url}", f"export KIRIN_API_KEY={key}")
        console.info("the sandbox serves until Ctrl-C")
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        while not stopped.wait(0.5):
            pass
    return 0


sandbox = command_from(
    SandboxFlags, run_sandbox, examples=("kirin sandbox --port 8080", "kirin sandbox --fault post:503@2 --seed 1")
)
