"""`kirin version`: the version; with `--json` those of Python and the libraries too."""

import platform
import sys
from typing import Final

from kirin_cli import __version__
from kirin_cli.cli import options as o
from kirin_cli.cli.flags import command_from
from kirin_cli.modelspec.record import Record

LIBRARIES: Final = ("typer", "rich", "requests", "pyyaml", "platformdirs", "imagesize", "truststore")
"""What pyproject.toml declares."""
FURTHER_LIBRARIES: Final = ("urllib3", "certifi", "keyring", "av", "pillow", "textual-image")
"""What these bring, and what the extras are; named where it is installed."""


class VersionFlags(Record):
    """Print the version; with --json, also those of Python and the libraries, as a report of a bug needs them."""

    json: o.Json = False


def run_version(flags: VersionFlags) -> int:
    """Print it; returns the exit code."""
    from kirin_cli.cli.console import make_console

    console = make_console()
    if not flags.json:
        console.data(f"kirin {__version__}")
        return 0
    import ssl

    from kirin_cli.json_text import answer_json
    from kirin_cli.ledger.store import SQLITE_VERSION

    further = {name: version for name in FURTHER_LIBRARIES if (version := _library_version(name))}
    data = {
        "kirin": __version__, "python": platform.python_version(), "implementation": sys.implementation.name,
        "platform": platform.platform(), "executable": sys.executable, "sqlite": SQLITE_VERSION,
        "openssl": ssl.OPENSSL_VERSION, "libraries": {name: _library_version(name) for name in LIBRARIES} | further,
    }  # fmt: skip
    console.data(answer_json(data))
    return 0


def _library_version(name: str) -> str | None:
    """The version of an installed library; None where it is not there, or does not say."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return None


version = command_from(VersionFlags, run_version, examples=("kirin version", "kirin version --json"))
