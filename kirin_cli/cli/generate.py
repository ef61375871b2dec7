"""The model commands: a signature for Typer, built from the spec. No model is named here, and nothing is done."""

from collections.abc import Callable
from dataclasses import fields

from kirin_cli.cli.flags import parameters
from kirin_cli.cli.given import Given
from kirin_cli.cli.records import keywords, signed
from kirin_cli.spec.model import Model

COMMON = tuple(field.name for field in fields(Given))


def command(model: Model) -> Callable[..., int]:
    """The function behind the model's command, with a flag for every parameter."""

    def generate(**values: object) -> int:
        common = Given(**{name: values.pop(name) for name in COMMON})  # type: ignore[arg-type]
        # What only a call needs: help is drawn without it.
        from kirin_cli.cli.asked import answer  # noqa: PLC0415

        return answer(model, common, values)

    first, *further = keywords(Given)
    return signed(generate, [first, *parameters(model), *further], model.help)
