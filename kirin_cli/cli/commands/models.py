"""`kirin models`: the models, or one model's parameters, bounds, defaults and rules."""

import json as json_module
from typing import Annotated

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.console import CommandConsole, make_console
from kirin_cli.docgen.commands import model_names
from kirin_cli.docgen.model_reference import HEADINGS, model_data, model_parameters, model_rules
from kirin_cli.errors import UsageError
from kirin_cli.models import MODELS
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.text import did_you_mean
from kirin_cli.ui.tables import render_table


def models(
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", help="Id or command of a model.")] = None,
    json: o.Json = False,
    color: o.Color = "auto",
) -> int:
    """Show the models, or one model's parameters and rules.

    The rules are those that every request is held against before it is sent.
    """
    console = make_console(color=color)
    chosen = [find_model(model)] if model else list(MODELS.values())
    if json:
        data = [model_data(one) for one in chosen]
        console.data(json_module.dumps(data[0] if model else {"models": data}, indent=2, ensure_ascii=True))
    elif model:
        _show(chosen[0], console)
    else:
        rows = [(one.command, one.id, one.help) for one in chosen]
        console.data(*render_table(("command", "model", "does"), rows, console.streams.out))
    return 0


def find_model(name: str) -> Model:
    """The model with this id or command. Raises UsageError with the nearest one."""
    for model in MODELS.values():
        if name in {model.id, model.command}:
            return model
    raise UsageError(f"there is no model {name!r}{did_you_mean(name, list(model_names(MODELS.values())))}")


def _show(model: Model, console: CommandConsole) -> None:
    out = console.streams.out
    console.data(f"{out.paint(model.id, 'strong')}  {model.help}  (kirin {model.command})", "")
    console.data(*render_table(HEADINGS, [model_parameter.row for model_parameter in model_parameters(model)], out))
    rules = [(rule.rule, rule.says, "" if rule.severity == "error" else rule.severity) for rule in model_rules(model)]
    if rules:
        console.data("", *render_table(("rule", "says", ""), rules, out))
    if model.error_codes:
        console.data("", *render_table(("error code", "means"), list(model.error_codes.items()), out))
