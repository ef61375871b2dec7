"""What differs between the fields of two models, by what a spec tells: presence, type, bounds, default."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.fields import AnyValue, Boolean, Choice, Field, Number, NumberChoice, Text, YesNo


class SpecChange(NamedTuple):
    """One difference at the path of a parameter: a fact and what it is here and there, "" for nothing.

    The fact `parameter` is its presence; then `here` or `there` is its type.
    """

    path: str
    fact: str
    here: str
    there: str

    @property
    def text(self) -> str:
        """The difference as a sentence."""
        if self.fact == "parameter":
            return f"{self.path} is new ({self.there})" if self.there else f"{self.path} is gone ({self.here})"
        return f"{self.path}: {self.fact} is {self.there or 'not set'}, here {self.here or 'not set'}"


def compare_fields(here: Iterable[Field], there: Iterable[Field]) -> list[SpecChange]:
    """Every difference, in the order of the parameters; of one that is new or gone nothing more is told."""
    ours, theirs = dict(_facts(here, "")), dict(_facts(there, ""))
    changes: list[SpecChange] = []
    unpaired: set[str] = set()
    for path in dict.fromkeys((*ours, *theirs)):
        mine, other = ours.get(path), theirs.get(path)
        if mine is None or other is None:
            if path.rpartition(".")[0].removesuffix("[]") not in unpaired:
                kinds = [facts["type"] if facts else "" for facts in (mine, other)]
                changes.append(SpecChange(path, "parameter", *kinds))
            unpaired.add(path)
            continue
        names = dict.fromkeys((*mine, *other))
        changes += [
            SpecChange(path, name, mine.get(name, ""), other.get(name, ""))
            for name in names
            if mine.get(name, "") != other.get(name, "")
        ]
    return changes


def _facts(fields: Iterable[Field], prefix: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The facts of each field by its path, those inside of others too."""
    for field in fields:
        path = f"{prefix}{field.name}"
        yield path, {name: text for name, text in _facts_of(field).items() if text}
        if isinstance(field, ObjectField):
            yield from _facts(field.fields, f"{path}.")
        elif isinstance(field, ListField):
            yield from _facts(field.members, f"{path}[].")


def _facts_of(field: Field) -> dict[str, str]:
    facts = {
        "type": _json_type(field),
        "required": "yes" if field.required else "",
        "default": "" if field.default is None else str(field.default),
    }
    if isinstance(field, Choice) and not isinstance(field, YesNo):
        facts["options"] = ", ".join(field.options)
    elif isinstance(field, YesNo):
        facts["options"] = "yes, no"
    elif isinstance(field, Number):
        facts |= {"minimum": _number(field.minimum), "maximum": _number(field.maximum)}
    elif isinstance(field, Text):
        facts |= {"min_length": _number(field.min_length or None), "max_length": _number(field.max_length)}
    elif isinstance(field, ListField):
        facts["max_items"] = _number(field.max_items)
    return facts


def _json_type(field: Field) -> str:
    """What travels: a picture and a word of a choice are text like any other."""
    if isinstance(field, ListField):
        return "array"
    if isinstance(field, AnyValue):
        return field.json_type or "any"
    if isinstance(field, NumberChoice):
        return "number"
    by_kind = {"integer": "integer", "number": "number", "object": "object"}
    return "boolean" if isinstance(field, Boolean) else by_kind.get(field.kind, "string")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
