"""All commands with their flags as data, read from the real commands: what completions and documents derive from."""

from typing import Any, Final

from kirin_cli.cli.app import COMMANDS, Row, loaded
from kirin_cli.cli.console import COLOURS, MODES
from kirin_cli.derive.commands import Argument, Command, Option, Takes, model_words, option_of
from kirin_cli.derive.completions import SHELLS
from kirin_cli.models import MODELS
from kirin_cli.spec.flags import flags_of

TAKES: Final[dict[str, Takes]] = {
    "FILE": "file", "DIR": "folder", "DIR|FILE": "file", "FILE…": "job file", "IMAGE": "image",
}  # fmt: skip
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "--color": COLOURS,
    "--progress": MODES,
    "[MODEL]": model_words(MODELS.values()),
    "bash|zsh|fish|powershell": tuple(SHELLS),
}
HELP: Final = Option(spelled="--help", short="-h", help="Show help.", switch=True)
VERSION: Final = Option(spelled="--version", help="Print the version.", switch=True)
ROOT: Final = Command(name="", help="", options=(VERSION, HELP))


def commands() -> tuple[Command, ...]:
    """Every command that the help shows, in its order, after `kirin` itself."""
    return (ROOT, *(_command(row) for row in COMMANDS if not row.hidden))


def _command(row: Row) -> Command:
    model = next((model for model in MODELS.values() if model.command == row.name), None)
    own = {flag.spelled: option_of(flag) for flag in flags_of(model)} if model else {}
    params = loaded(row).params
    options = [_option(one) for one in params if one.param_type_name == "option" and not getattr(one, "hidden", False)]
    return Command(
        name=row.name, help=row.help, panel=row.panel, also=(model.id,) if model else (),
        options=(*(own.get(option.spelled, option) for option in options), HELP),
        arguments=tuple(_argument(one) for one in params if one.param_type_name == "argument"),
    )  # fmt: skip


def _option(one: Any) -> Option:  # noqa: ANN401  (Typer's parameters have no public base)
    longs = [name for name in one.opts if name.startswith("--")]
    shorts = [name for name in one.opts if not name.startswith("--")]
    metavar = one.metavar or ""
    return Option(
        spelled=longs[0], short=next(iter(shorts), ""), help=one.help or "", switch=bool(one.is_flag),
        negative=next(iter(one.secondary_opts), ""), choices=CHOICES.get(longs[0], ()), takes=TAKES.get(metavar, ""),
        repeats=bool(one.multiple), metavar=metavar,
    )  # fmt: skip


def _argument(one: Any) -> Argument:  # noqa: ANN401
    metavar = one.metavar or one.name
    return Argument(
        name=metavar.strip("[]…"), help=one.help or "", choices=CHOICES.get(metavar, ()), takes=TAKES.get(metavar, ""),
        required=bool(one.required), repeats=one.nargs == -1,
    )  # fmt: skip
