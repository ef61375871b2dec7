"""A model: its fields and laws as data, and what follows from them. Knows no particular model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from kirin_cli.spec.compounds import check_fields, object_schema
from kirin_cli.spec.fields import Check, Field, Schema
from kirin_cli.spec.laws import AnyLaw
from kirin_cli.spec.medium import Look
from kirin_cli.spec.problem import Problem, Problems
from kirin_cli.spec.record import Record
from kirin_cli.spec.view import Outline, Undecided, View

NO_CODES: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Checked:
    """A request after its check: `values` as they are sent (media as Medium), meaningful where there is no error."""

    values: dict[str, object]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What forbids sending."""
        return tuple(problem for problem in self.problems if problem.severity == "error")


class Model(Record, kw_only=True):
    """One model of the service.

    `documented_under` names the object that holds the parameters in the documented body ("" for none);
    `error_codes` explains the codes of the model's reference page.
    """

    id: str
    command: str
    help: str
    fields: tuple[Field, ...]
    laws: tuple[AnyLaw, ...] = ()
    documented_under: str = ""
    error_codes: Mapping[str, str] = NO_CODES

    def check(self, params: Mapping[str, object], look: Look) -> Checked:
        """Hold `params` against every field and law; all problems come at once."""
        problems = Problems()
        check = Check(look, problems)
        values = check_fields(self.fields, params, "", check)
        for name in [name for name, value in values.items() if not value and isinstance(value, list)]:
            del values[name]
        whole = not problems.found
        laws = _open_laws(self, *values, sized=check.sized) if whole else self.laws
        self._hold(laws, View(self.fields, values, whole=whole, sized=check.sized), problems)
        return Checked(values, tuple(problems.found))

    def _hold(self, laws: Iterable[AnyLaw], view: View, problems: Problems) -> None:
        for law in laws:
            breaches = law.problems(view)
            problems.found += breaches
            if law.drops and breaches:
                for breach in breaches:
                    _drop(view.values, breach.path)
                now = View(self.fields, view.values, whole=view.whole, sized=view.sized)
                self._hold(self.laws[self.laws.index(law) + 1 :], now, problems)
                return

    def schema(self) -> Schema:
        """JSON Schema (draft-07) of `params`, with the cross-field laws."""
        laws = [schema for law in self.laws if (schema := law.schema(self.fields)) is not None]
        return object_schema(self.fields) | ({"allOf": laws} if laws else {})

    def named(self, name: str) -> Field:
        """The top-level field called `name`; KeyError where there is none."""
        return {part.name: part for part in self.fields}[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the parameters."""
        return tuple(part.name for part in self.fields)


@lru_cache(maxsize=1024)  # most of thousands of jobs give the same parameters
def _open_laws(model: Model, *given: str, sized: bool) -> tuple[AnyLaw, ...]:
    """The laws that a request which gives just these parameters may break, by their values or by what is given."""
    outline = Outline(model.fields, given, sized=sized)
    return tuple(law for law in model.laws if _is_open(law, outline))


def _is_open(law: AnyLaw, outline: Outline) -> bool:
    try:
        return bool(law.problems(outline))
    except Undecided:
        return True


def _drop(values: dict[str, object], path: str) -> None:
    name, _, inner = path.partition(".")
    below = values.get(name)
    if inner and isinstance(below, dict):
        _drop(below, inner)
    else:
        values.pop(name, None)
