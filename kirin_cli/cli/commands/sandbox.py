"""`kirin sandbox`: serve the protocol on this machine until stopped."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import ChainMap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import command_from
from kirin_cli.cli.parameters import OptionSpec
from kirin_cli.cli.settings_schema import choice
from kirin_cli.cli.shell_syntax import SHELL_SYNTAXES, guess_shell
from kirin_cli.errors import UsageError
from kirin_cli.models import MODEL_ENTRIES, MODELS
from kirin_cli.modelspec.record import Record

if TYPE_CHECKING:
    from kirin_cli.modelspec.model import Model


class SandboxFlags(Record):
    """Serve the protocol on this machine until Ctrl-C: for trying things and for testing pipelines.

    Prints the environment variables that point kirin at it, as the shell sets them: to be typed in another terminal.
    Nothing it makes costs anything.

    In a container: --host 0.0.0.0 --port 8080 --one-port --key TEXT, with that one port published.
    """

    host: Annotated[
        str, OptionSpec("--host", metavar="ADDRESS", help="Where it listens; beyond this machine only with --key.")
    ] = "127.0.0.1"
    port: Annotated[int, OptionSpec("--port", metavar="N", min=0, max=65535, help="Port of the API; 0: any.")] = 0
    one_port: Annotated[
        bool, OptionSpec("--one-port", help="Serve files at the port of the API too, instead of one of their own.")
    ] = False
    key: Annotated[
        str | None, OptionSpec("--key", metavar="TEXT", help="The API key it takes; a random one by default.")
    ] = None
    seed: Annotated[int | None, OptionSpec("--seed", metavar="N", help="Make ids, times and failures repeatable.")] = (
        None
    )
    speed: Annotated[
        float, OptionSpec("--speed", metavar="N", help="How many times faster than the service it works.")
    ] = 30.0
    latency: Annotated[
        float, OptionSpec("--latency", metavar="SECONDS", help="Time that it waits before each answer.")
    ] = 0.0
    fail_rate: Annotated[
        float, OptionSpec("--fail-rate", metavar="SHARE", help="Share of tasks that fail, 0 to 1.")
    ] = 0.0
    fault: Annotated[
        list[str] | None, OptionSpec("--fault", metavar="RULE", help="What goes wrong, e.g. post:503@2. Repeatable.")
    ] = None
    models: Annotated[
        list[Path] | None,
        OptionSpec("--models", metavar="FILE", help="Serve and judge by this model too, beside yours. Repeatable."),
    ] = None
    shell: Annotated[
        str, OptionSpec("--shell", metavar="|".join(SHELL_SYNTAXES), help="For which shell it prints the variables.")
    ] = ""
    json: o.Json = False
    verbose: Annotated[bool, OptionSpec("--verbose", "-v", help="Show each request that comes in.")] = False
    color: o.Color = "auto"


def run_sandbox(flags: SandboxFlags) -> int:
    """Serve until a signal; returns the exit code. Raises UsageError, and LocalError for a port that is taken."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.sandbox.server import Sandbox

    console = make_console(color=flags.color)
    shell = flags.shell or guess_shell(os.environ)
    choice(*SHELL_SYNTAXES)(shell, "--shell")

    def log(text: str) -> None:
        if flags.verbose:
            console.info(f"{time.strftime('%H:%M:%S')} {text}")

    with Sandbox(
        host=flags.host, port=flags.port, one_port=flags.one_port, key=flags.key, seed=flags.seed, speed=flags.speed,
        latency=flags.latency, fail_rate=flags.fail_rate, faults=tuple(flags.fault or ()), log=log,
        models=served_models(flags.models or ()),
    ) as server:  # fmt: skip
        variables = {
            "KIRIN_BASE_URL": server.base_url, "KIRIN_UPLOAD_URL": server.upload_url, "KIRIN_API_KEY": str(server.key),
        }  # fmt: skip
        if flags.json:
            urls = {"base_url": server.base_url, "upload_url": server.upload_url, "files_url": server.files_url}
            console.data(json.dumps({**urls, "key": server.key, "environment": variables}))
        else:
            console.data(*(SHELL_SYNTAXES[shell](name, value) for name, value in variables.items()))
        console.info("the sandbox serves until Ctrl-C")
        _wait_for_signal()
    return 0


def _wait_for_signal() -> None:
    stopped = threading.Event()
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: stopped.set())
    while not stopped.wait(0.5):
        pass


def served_models(paths: Iterable[Path]) -> Mapping[str, Model]:
    """The models of kirin, of the project and of the user, and those of the files, which go before the added ones.

    Raises UsageError for a file that is no model, and for one of a model that comes with kirin.
    """
    from kirin_cli.model_files.model_reader import read_model_file

    files = {file.model.id: file.model for file in (read_model_file(path, follow_links=True) for path in paths)}
    for model_id in files.keys() & MODEL_ENTRIES.keys():
        raise UsageError(f"--models: {model_id} comes with kirin, and is judged by what kirin knows of it")
    return ChainMap(files, MODELS) if files else MODELS  # type: ignore[arg-type]  # which is never written to


sandbox = command_from(
    SandboxFlags, run_sandbox, examples=("kirin sandbox --port 8080 -v", "kirin sandbox --fault post:503@2 --seed 1")
)
