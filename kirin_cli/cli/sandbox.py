"""`kirin sandbox`: serve the protocol on this machine until stopped."""

from dataclasses import dataclass
from typing import Annotated

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.records import verb


@dataclass(slots=True, eq=False, repr=False)
class Serve:
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


sandbox = verb(Serve, "sandbox")
