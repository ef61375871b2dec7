"""Cross-field laws: what the parameters of one request ask of each other. Knows no model.

Every law says itself in a sentence about the field where its problem stands, carries its rule id, and waits only
for the values that it reads.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from kirin_cli.spec.conditions import All, Always, Any, Condition, Fields, Has, Is, Not
from kirin_cli.spec.fields import Schema
from kirin_cli.spec.problem import Problem, Severity
from kirin_cli.spec.record import Record
from kirin_cli.spec.view import View
from kirin_cli.spec.words import listed

ALWAYS: Final = Always()
Finds = Callable[[View], Iterable[tuple[str, str]]]


class Law(Record):
    """Where `when` holds, `need` must hold too.

    The problem stands at the first of `at` that is given, or at the first. `says` continues a sentence whose subject
    is the first of `at`, and may go on with the others ("and element_list take at most …"). With `drops` a breach is a
    warning and the field is left out of the request.
    """

    rule: str
    at: str | tuple[str, ...]
    says: str
    need: Condition
    when: Condition = ALWAYS
    drops: bool = False

    @property
    def reads(self) -> tuple[str, ...]:
        """The paths whose values decide."""
        return (*self.when.reads, *self.need.reads)

    @property
    def severity(self) -> Severity:
        """A dropped field is worth a warning, anything else an error."""
        return "warning" if self.drops else "error"

    def problems(self, view: View) -> list[Problem]:
        """The breach, if there is one and its values can be read."""
        if (not view.whole and view.spoiled(self.reads)) or not self.when.holds(view) or self.need.holds(view):
            return []
        at = next(filter(view.has, self.places), self.places[0])
        says = self.says.replace(at, self.places[0])  # the two change places where the subject is another one
        now = ", ".join(self.need.now(view))
        return [Problem(at, self.rule, f"{at} {says}" + (f" ({now})" if now else ""), self.severity)]

    @property
    def places(self) -> tuple[str, ...]:
        """Where its problem can stand."""
        return (self.at,) if isinstance(self.at, str) else self.at

    def schema(self, fields: Fields) -> Schema | None:
        """JSON Schema that refuses sure breaches; None for a warning."""
        if self.drops:
            return None
        need = self.need.schema(fields, sure=False)
        return need if isinstance(self.when, Always) else {"if": self.when.schema(fields, sure=True), "then": need}


class Where(Record):
    """A law that only code can find: `finds` yields (path, rest of the sentence) of every breach."""

    rule: str
    at: str
    says: str
    reads: tuple[str, ...]
    finds: Finds
    severity: Severity = "error"
    drops: bool = False

    def problems(self, view: View) -> list[Problem]:
        """Every breach, if its values can be read."""
        if not view.whole and view.spoiled(self.reads):
            return []
        return [Problem(at, self.rule, f"{at} {words}", self.severity) for at, words in self.finds(view)]

    def schema(self, _: Fields) -> Schema | None:
        """JSON Schema has no words for it."""
        return None


AnyLaw = Law | Where


def needs(rule: str, at: str | tuple[str, ...], says: str, **wanted: str) -> Law:
    """The fields at `at` may only be given where the parameters named in `wanted` have these values."""
    places = (at,) if isinstance(at, str) else at
    given = Any(*(Has(name) for name in places))
    return Law(rule, at, says, need=All(*(Is(name, value) for name, value in wanted.items())), when=given)


def at_least_one(rule: str, names: tuple[str, ...], says: str) -> Law:
    """One of `names` must be given; a missing alternative stands at the first."""
    return Law(rule, names, says, need=Any(*(Has(name) for name in names)))


def at_most_one(rule: str, groups: tuple[tuple[str, ...], ...]) -> tuple[Law, ...]:
    """The groups of parameters exclude one another; the problem stands at the later one."""
    laws = []
    for index, group in enumerate(groups[1:], start=1):
        earlier = tuple(name for names in groups[:index] for name in names)
        given, excluded = (Any(*(Has(name) for name in names)) for names in (group, earlier))
        laws.append(Law(rule, group, f"cannot be combined with {listed(earlier)}", need=Not(excluded), when=given))
    return tuple(laws)


def same_ratio(rule: str, image: str, masks: tuple[str, ...], percent: int) -> Where:
    """The media at `masks` have the aspect ratio of `image`, to so many percent, where both are known."""

    def finds(view: View) -> Iterator[tuple[str, str]]:
        for _, width, height in view.sizes(image):
            for at, wide, high in view.sizes(*masks):
                if abs(wide * height - width * high) * 100 > percent * width * high:
                    sizes = f"{wide} × {high} px, {image} is {width} × {height} px"
                    yield at, f"is {sizes}; a mask must have the aspect ratio of the image"

    return Where(rule, " and ".join(masks), f"must have the aspect ratio of {image}", (), finds)


def same_size(rule: str, paths: tuple[str, ...]) -> Where:
    """All media at `paths` have one resolution, where known; the problem stands at those unlike the first."""

    def finds(view: View) -> Iterator[tuple[str, str]]:
        masks = view.sizes(*paths)
        for at, wide, high in masks[1:]:
            first, width, height = masks[0]
            if (wide, high) != (width, height):
                sizes = f"{wide} × {high} px, {first} is {width} × {height} px"
                yield at, f"is {sizes}; all masks must have one resolution"

    return Where(rule, " and ".join(paths), "must have one and the same resolution", (), finds)
