"""A model's parameters, rules and error codes as rows to print and as plain data for programs. Prints nothing."""

from collections.abc import Iterable, Iterator
from typing import Final

from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.fields import Field
from kirin_cli.modelspec.flags import Flag, model_flags
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.rules import Rule
from kirin_cli.modelspec.text import join_or
from kirin_cli.modelspec.types import Severity

HEADINGS: Final = ("parameter", "flag", "takes", "default", "rule", "what it is")
NOTE_HEADINGS: Final = ("note on", "says")


class ParameterInfo(Record):
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


class RuleInfo(Record):
    """What the parameters of one request ask of each other, as a sentence; a breach stands at one of `at`."""

    rule: str
    at: tuple[str, ...]
    says: str
    severity: Severity


def model_parameters(model: Model) -> tuple[ParameterInfo, ...]:
    """Every parameter with its members, in the order of the reference."""
    return tuple(_parameters(model.fields, model_flags(model), "", ()))


def model_rules(model: Model) -> tuple[RuleInfo, ...]:
    """Every cross-field rule, in the order in which they are checked."""
    infos = []
    for rule in model.rules:
        paths = rule.paths if isinstance(rule, Rule) else (rule.path,)
        # The sentence of some rules goes on with the other paths ("image" "or image_tail is required").
        subject = paths[0] if all(path in rule.message for path in paths[1:]) else join_or(paths)
        infos.append(RuleInfo(rule.rule, paths, f"{subject} {rule.message}", rule.severity))
    return tuple(infos)


def model_notes(model: Model) -> list[tuple[str, str]]:
    """The notes as rows below NOTE_HEADINGS."""
    return [(note.path, note.text) for note in model.notes]


def model_data(model: Model) -> dict[str, object]:
    """All that is known of the model, as it goes into JSON; the path of a note on the whole model is null."""
    return {
        "id": model.id,
        "command": model.command,
        "help": model.help,
        "parameters": [vars(parameter) for parameter in model_parameters(model)],
        "rules": [vars(rule) for rule in model_rules(model)],
        "notes": [
            {"path": note.path or None, "text": note.text, "costs": note.costs, "source": note.source}
            for note in model.notes
        ],
        "errors": [{"code": code, "message": message} for code, message in model.error_codes.items()],
    }


def _parameters(
    fields: Iterable[Field], flags: tuple[Flag, ...], before: str, above: tuple[str, ...]
) -> Iterator[ParameterInfo]:
    for field in fields:
        keys, path = (*above, field.name), before + field.name
        spellings = [
            f"{flag.option}/--no-{flag.name}" if flag.is_switch else flag.option for flag in flags if flag.path == keys
        ]
        yield ParameterInfo(
            path=path,
            flags=tuple(spellings),
            kind=field.kind,
            bounds=field.describe_bounds(),
            unit=field.unit,
            required=field.required,
            default=field.default,
            rule=field.rule,
            help=field.help,
        )
        match field:
            case ObjectField():
                yield from _parameters(field.fields, flags, f"{path}.", keys)
            case ListField():
                yield from _parameters(field.members, flags, f"{path}[].", keys)
