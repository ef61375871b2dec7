"""A model's parameters, rules and error codes as rows to print and as plain data for programs. Prints nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Final

from kirin_cli.spec.compounds import Group, Many
from kirin_cli.spec.fields import Field
from kirin_cli.spec.flags import Flag, flags_of
from kirin_cli.spec.laws import AnyLaw, Law
from kirin_cli.spec.model import Model
from kirin_cli.spec.problem import Severity
from kirin_cli.spec.words import listed

HEADINGS: Final = ("parameter", "flag", "takes", "default", "rule", "what it is")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter or member of one. `path` is written as in YAML, `image_list[].type`.

    `flags` are its spellings on the command line, none for what only its parent's flag sets. `rule` is the reference
    rule that a wrong value breaks; `default` is None where the service has none.
    """

    path: str
    flags: tuple[str, ...]
    kind: str
    bounds: str
    unit: str
    required: bool
    default: str | float | None
    rule: str
    help: str

    @property
    def row(self) -> tuple[str, ...]:
        """Its cells below HEADINGS."""
        takes = f"{self.kind}: {self.bounds}" if self.bounds else self.kind
        default = "required" if self.required else "" if self.default is None else f"{self.default}"
        unit = f" {self.unit}" if self.unit else ""
        return self.path, ", ".join(self.flags), takes + unit, default, self.rule, self.help


@dataclass(frozen=True, slots=True)
class Rule:
    """What the parameters of one request ask of each other, as a sentence; a breach stands at one of `at`."""

    rule: str
    at: tuple[str, ...]
    says: str
    severity: Severity


def parameters_of(model: Model) -> tuple[Parameter, ...]:
    """Every parameter with its members, in the order of the reference."""
    return tuple(_described(model.fields, flags_of(model), "", ()))


def rules_of(model: Model) -> tuple[Rule, ...]:
    """Every cross-field rule, in the order in which they are checked."""
    return tuple(_rule(law) for law in model.laws)


def as_data(model: Model) -> dict[str, object]:
    """All that is known of the model, as it goes into JSON."""
    return {
        "id": model.id,
        "command": model.command,
        "help": model.help,
        "parameters": [asdict(parameter) for parameter in parameters_of(model)],
        "rules": [asdict(rule) for rule in rules_of(model)],
        "errors": [{"code": code, "message": words} for code, words in model.error_codes.items()],
    }


def _described(
    fields: Iterable[Field], flags: tuple[Flag, ...], before: str, above: tuple[str, ...]
) -> Iterator[Parameter]:
    for part in fields:
        here, path = (*above, part.name), before + part.name
        yield Parameter(
            path=path,
            flags=tuple(_spelled(flag) for flag in flags if flag.path == here),
            kind=part.kind,
            bounds=part.bounds(),
            unit=part.unit,
            required=part.required,
            default=part.default,
            rule=part.rule,
            help=part.help,
        )
        match part:
            case Group():
                yield from _described(part.fields, flags, f"{path}.", here)
            case Many():
                yield from _described(part.of.fields, flags, f"{path}[].", here)


def _spelled(flag: Flag) -> str:
    return f"{flag.spelled}/--no-{flag.name}" if flag.switch else flag.spelled


def _rule(law: AnyLaw) -> Rule:
    at = law.places if isinstance(law, Law) else (law.at,)
    # The sentence of some laws goes on with the other places ("image" "or image_tail is required").
    subject = at[0] if all(place in law.says for place in at[1:]) else listed(at)
    return Rule(law.rule, at, f"{subject} {law.says}", law.severity)
