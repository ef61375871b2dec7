"""A command of the parser as data: what help, completions and documents are derived from. Loads no command."""

from typing import Any, Final

from kirin_cli.cli.examples import EXAMPLES
from kirin_cli.cli.rows import COMMANDS, Row
from kirin_cli.derive.commands import Argument, Command, Option, Takes, option_of
from kirin_cli.models import MODELS, ROWS

TAKES: Final[dict[str, Takes]] = {
    "FILE": "file", "DIR": "folder", "DIR|FILE": "file", "FILE…": "job file", "IMAGE": "image", "[RESULT…]": "file",
}  # fmt: skip
MODEL_WORDS: Final = (*(row.command for row in ROWS.values()), *ROWS)
TOPICS: Final = ("exit-codes", "environment", "job-files", "sandbox")
SUBJECTS: Final = tuple(dict.fromkeys((*TOPICS, *(row.name for row in COMMANDS if not row.hidden))))
HELP: Final = Option(spelled="--help", short="-h", help="Show help.", switch=True)


def described(row: Row, command: Any) -> Command:  # noqa: ANN401  (Typer's command has no public base)
    """One command as data. Its own name and the model's id say the same."""
    model = MODELS[row.model] if row.model else None
    own = {option.spelled: option for option in _model_options(row)}
    options = [
        _option(one) for one in command.params if one.param_type_name == "option" and not getattr(one, "hidden", False)
    ]
    return Command(
        name=model.command if model else row.name, help=row.help, about=command.help or row.help, panel=row.panel,
        examples=EXAMPLES.get(model.command if model else row.name, ()), also=(model.id,) if model else (),
        options=(
            *(own.get(option.spelled, option) for option in options),
            HELP.but(panel=options[-1].panel if options else ""),
        ),
        arguments=tuple(
            _argument(one) for one in command.params if one.param_type_name == "argument" and not one.hidden
        ),
    )  # fmt: skip


def _model_options(row: Row) -> tuple[Option, ...]:
    if not row.model:
        return ()
    from kirin_cli.spec.flags import flags_of  # noqa: PLC0415  (only for a model)

    return tuple(option_of(flag) for flag in flags_of(MODELS[row.model]))


def _option(one: Any) -> Option:  # noqa: ANN401  (Typer's parameters have no public base)
    longs = [name for name in one.opts if name.startswith("--")]
    shorts = [name for name in one.opts if not name.startswith("--")]
    metavar = one.metavar or ""
    return Option(
        spelled=longs[0], short=next(iter(shorts), ""), help=one.help or "", switch=bool(one.is_flag),
        negative=next(iter(one.secondary_opts), ""), choices=_choices(metavar), takes=TAKES.get(metavar, ""),
        repeats=bool(one.multiple), metavar=metavar, panel=getattr(one, "rich_help_panel", None) or "",
        bounds=_range(getattr(one, "type", one)), usual=_usual(one),
        env=one.envvar if isinstance(one.envvar, str) else "", required=bool(one.required),
    )  # fmt: skip


def _argument(one: Any) -> Argument:  # noqa: ANN401
    metavar = one.metavar or one.name
    choices = {"[MODEL]": MODEL_WORDS, "[SUBJECT]": SUBJECTS}.get(metavar) or _choices(metavar.strip("[]…"))
    return Argument(
        name=metavar.strip("[]…"), help=one.help or "", choices=choices, takes=TAKES.get(metavar, ""),
        required=bool(one.required), repeats=one.nargs == -1,
    )  # fmt: skip


def _choices(metavar: str) -> tuple[str, ...]:
    """The words of a metavar such as `auto|always|never`."""
    return tuple(metavar.split("|")) if "|" in metavar and metavar.islower() else ()


def _range(kind: Any) -> str:  # noqa: ANN401
    # Of the parameter, or of its type in Typer before 0.29.
    low, high = getattr(kind, "min", None), getattr(kind, "max", None)
    return f"{low} to {high}" if low is not None and high is not None else f"at least {low}" if low is not None else ""


def _usual(one: Any) -> str:  # noqa: ANN401
    """The default as text; "" for none, and where it says nothing: off, empty."""
    default = one.default
    if default in (None, False, "", ()) or callable(default) or isinstance(default, list):
        return ""
    return one.opts[0] if default is True else f"{default}"
