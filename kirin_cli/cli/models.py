"""`kirin models`: the models, or one model's parameters, bounds, defaults and rules."""

import json as json_module
from typing import Annotated

import typer

from kirin_cli.cli import options as o
from kirin_cli.cli.console import Talk, talk
from kirin_cli.derive.commands import model_words
from kirin_cli.derive.parameters import HEADINGS, as_data, parameters_of, rules_of
from kirin_cli.errors import UsageError
from kirin_cli.models import MODELS
from kirin_cli.spec.model import Model
from kirin_cli.spec.words import nearest
from kirin_cli.ui.tables import table


def models(
    model: Annotated[str | None, typer.Argument(metavar="[MODEL]", help="Id or command of a model.")] = None,
    json: o.Json = False,
    color: o.Color = "auto",
) -> int:
    """Show the models, or one model's parameters and rules.

    The rules are those that every request is held against before it is sent.
    """
    voice = talk(color=color)
    chosen = [named(model)] if model else list(MODELS.values())
    if json:
        data = [as_data(one) for one in chosen]
        voice.data(json_module.dumps(data[0] if model else {"models": data}, indent=2, ensure_ascii=True))
    elif model:
        _show(chosen[0], voice)
    else:
        rows = [(one.command, one.id, one.help) for one in chosen]
        voice.data(*table(("command", "model", "does"), rows, voice.streams.out))
    return 0


def named(name: str) -> Model:
    """The model with this id or command. Raises UsageError with the nearest one."""
    for model in MODELS.values():
        if name in {model.id, model.command}:
            return model
    raise UsageError(f"there is no model {name!r}{nearest(name, list(model_words(MODELS.values())))}")


def _show(model: Model, voice: Talk) -> None:
    out = voice.streams.out
    voice.data(f"{out.paint(model.id, 'strong')}  {model.help}  (kirin {model.command})", "")
    voice.data(*table(HEADINGS, [one.row for one in parameters_of(model)], out))
    rules = [(rule.rule, rule.says, "" if rule.severity == "error" else rule.severity) for rule in rules_of(model)]
    if rules:
        voice.data("", *table(("rule", "says", ""), rules, out))
    if model.error_codes:
        voice.data("", *table(("error code", "means"), list(model.error_codes.items()), out))
