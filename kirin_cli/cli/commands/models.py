"""`kirin models`: the models, or one model's parameters, bounds, defaults, rules and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import command_from
from kirin_cli.errors import UsageError
from kirin_cli.models import MODEL_ENTRIES, MODELS
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.docgen.model_reference import ParameterInfo
    from kirin_cli.modelspec.model import Model
    from kirin_cli.ui.console import TerminalInfo


class ModelsFlags(Record):
    """Show the models, or one model's parameters, rules and notes.

    The rules are those that every request is held against before it is sent; the notes say what no check can tell.
    """

    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", help="Id or command of a model.")] = None
    json: o.Json = False
    color: o.Color = "auto"


def run_models(flags: ModelsFlags) -> int:
    """Print the models or the one; returns the exit code. Raises UsageError for a model that there is not."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.docgen.model_reference import model_data
    from kirin_cli.json_text import answer_json
    from kirin_cli.ui.tables import render_table

    console = make_console(color=flags.color)
    models = [find_model(flags.model)] if flags.model else list(MODELS.values())
    if flags.json:
        data = [model_data(model) for model in models]
        console.data(answer_json(data[0] if flags.model else {"models": data}))
    elif flags.model:
        _print_model(models[0], console)
    else:
        rows = [(model.command, model.id, model.help) for model in models]
        console.data(*render_table(("command", "model", "does"), rows, console.streams.out))
    return 0


def find_model(name: str) -> Model:
    """The model with this id or command. Raises UsageError with the nearest one."""
    for model_id, entry in MODEL_ENTRIES.items():
        if name in {model_id, entry.command}:
            return MODELS[model_id]
    known = [*(entry.command for entry in MODEL_ENTRIES.values()), *MODEL_ENTRIES]
    raise UsageError(f"there is no model {name!r}{did_you_mean(name, known)}")


def _print_model(model: Model, console: CommandConsole) -> None:
    from kirin_cli.docgen.model_reference import NOTE_HEADINGS, model_notes, model_parameters, model_rules
    from kirin_cli.ui.tables import render_table
    from kirin_cli.ui.terminal_text import wrap

    out = console.streams.out
    about = f"{model.help}  (kirin {model.command})"
    title = f"{model.id}  {about}"
    name = out.paint(model.id, "strong")
    console.data(
        *((f"{name}  {about}",) if len(title) <= out.width or not out.is_tty else (name, *wrap(about, out.width)))
    )
    console.data("", *_parameter_lines(model_parameters(model), out))
    rules = [(rule.rule, rule.says, "" if rule.severity == "error" else rule.severity) for rule in model_rules(model)]
    if rules:
        console.data("", *render_table(("rule", "says", ""), rules, out))
    if model.notes:
        console.data("", *render_table(NOTE_HEADINGS, model_notes(model), out))
    if model.error_codes:
        console.data("", *render_table(("error code", "means"), list(model.error_codes.items()), out))


def _parameter_lines(parameters: Sequence[ParameterInfo], out: TerminalInfo) -> list[str]:
    """A table where it fits or is piped; else a few lines for each parameter, so that no flag is cut."""
    from kirin_cli.docgen.model_reference import HEADINGS
    from kirin_cli.ui.tables import render_table
    from kirin_cli.ui.terminal_text import wrap

    rows = [parameter.row for parameter in parameters]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    if not out.is_tty or sum(widths) + 2 * (len(widths) - 1) <= out.width:
        return render_table(HEADINGS, rows, out)
    lines = []
    for path, flags, takes, default, rule, text in rows:
        facts = "; ".join(
            filter(None, (takes, default and f"default: {default}".replace("default: required", "required")))
        )
        lines.append(f"{out.paint(path, 'strong')}  {rule}")
        for fact in (flags, text, facts):
            lines += [f"  {line}" for line in wrap(out.escape(fact), out.width - 2) if line]
    return lines


models = command_from(ModelsFlags, run_models, examples=("kirin models", "kirin models v1-t2v"))
