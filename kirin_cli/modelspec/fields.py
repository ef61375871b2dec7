"""The kinds of parameter that a model can have: what each accepts, in data. Knows no model and no flag parser."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from math import isfinite
from typing import ClassVar, Final

from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.text import join_or, quote, web_url_problem
from kirin_cli.modelspec.types import InspectMedia, Problem

Schema = dict[str, object]
UNSENDABLE: Final = re.compile("[\0\ud800-\udfff]")


MAX_EXACT_FLOAT: Final = 2.0**53
"""Beyond it a float no longer tells one whole number from the next."""


def whole_number(value: object) -> object:
    """A float that is a whole number (5.0, as spreadsheets and pandas write it) as that; anything else as it is."""
    if type(value) is float and value.is_integer() and abs(value) <= MAX_EXACT_FLOAT:
        return int(value)
    return value


class Invalid:
    """What stands in for a value that was refused."""


INVALID: Final = Invalid()


@dataclass(slots=True)
class CheckContext:
    """One check under way: how media are inspected, the problems so far, whether the size of a media file is known."""

    inspect: InspectMedia
    problems: list[Problem] = field(default_factory=list)
    media_sized: bool = False

    def add_problem(self, path: str, rule: str, message: str) -> Invalid:
        """Add an error at `path` and stand in for the value."""
        self.problems.append(Problem(path, rule, f"{path} {message}"))
        return INVALID

    def add_warning(self, path: str, rule: str, message: str) -> None:
        """Add a warning at `path`, whose value stays."""
        self.problems.append(Problem(path, rule, f"{path} {message}", "warning"))


class Field(Record, kw_only=True):
    """One parameter. `rule` is the id of the reference rule that its own problems raise.

    `flag` names its flag: None joins the group's flag and the name, "" takes the group's flag alone.
    """

    name: str
    help: str = ""
    rule: str = "A6"
    required: bool = False
    default: str | float | None = None  # a Boolean's is true or false, which are numbers in Python
    unit: str = ""
    flag: str | None = None
    short: str = ""
    panel: str = "Parameters"
    metavar: str = ""

    kind: ClassVar[str] = "value"

    def __init_subclass__(cls, **options: bool) -> None:
        super().__init_subclass__(**options)
        cls._defaults = {name: getattr(cls, name, None) for name in cls._fields}

    def check(self, value: object, path: str, context: CheckContext) -> object:
        """The value as it is sent, or INVALID with the problem added to `context`."""
        raise NotImplementedError

    def read(self, text: str) -> object:
        """The value that the text of a flag means; text that means none is left for `check` to refuse."""
        return text

    def describe_bounds(self) -> str:
        """What is accepted, in a few words."""
        return ""

    def describe(self) -> str:
        """What it is for, what is accepted and what holds without it, in one line."""
        unit = f" {self.unit}" if self.unit else ""
        bounds = self.describe_bounds() and self.describe_bounds() + unit
        default = "" if self.default is None else f"default {self.default}{unit}"
        notes = "; ".join(filter(None, (bounds, default)))
        return " ".join(filter(None, (self.help, notes and f"({notes})")))

    def schema(self) -> Schema:
        """JSON Schema of the values that `check` accepts."""
        raise NotImplementedError


class Text(Field):
    """Text of `min_length` to `max_length` Unicode code points."""

    min_length: int = 0
    max_length: int | None = None
    kind: ClassVar[str] = "text"

    def check(self, value: object, path: str, context: CheckContext) -> object:
        if not isinstance(value, str):
            return context.add_problem(path, self.rule, f"must be text, not {quote(value)}; put it in quotes")
        if len(value) < self.min_length:
            return context.add_problem(path, self.rule, f"is empty; it takes {self.describe_bounds()}")
        if self.max_length is not None and len(value) > self.max_length:
            return context.add_problem(
                path, self.rule, f"has {len(value)} characters; at most {self.max_length} are allowed"
            )
        if ("\0" in value or not value.isascii()) and UNSENDABLE.search(value):  # the search goes through all of it
            return context.add_problem(
                path, self.rule, "holds a NUL or half a surrogate pair, which is no text to send"
            )
        if self.min_length and value.isspace():
            context.add_warning(path, self.rule, "is blank, and is sent so")
        return value

    def describe_bounds(self) -> str:
        if self.max_length is None:
            return "at least 1 character" if self.min_length else ""
        return f"{f'{self.min_length}–' if self.min_length else 'at most '}{self.max_length} characters"

    def schema(self) -> Schema:
        maximum = {} if self.max_length is None else {"maxLength": self.max_length}
        return {"type": "string", "minLength": self.min_length, **maximum}


class Choice(Field):
    """One of a few words. A whole number stands for its digits (rule A7)."""

    options: tuple[str, ...]
    kind: ClassVar[str] = "choice"

    @property
    def spellings(self) -> tuple[tuple[str | float, str | float], ...]:
        """Every value that is accepted, with what is sent for it."""
        numbers = ((int(word), word) for word in self.options if word.isdigit())
        return (*zip(self.options, self.options, strict=True), *numbers)

    def check(self, value: object, path: str, context: CheckContext) -> object:
        words = _words_by_type(self).get(type(value))
        if words and value in words:
            return words[value]
        if type(value) is float and type(whole := whole_number(value)) is int:
            return self.check(whole, path, context)
        return context.add_problem(path, self.rule, f"is {quote(value)}; choose {join_or(self.options)}")

    def describe_bounds(self) -> str:
        return " | ".join(self.options)

    def schema(self) -> Schema:
        return {"enum": [spelling for spelling, _ in self.spellings]}


@cache
def _words_by_type(choice: Choice) -> Mapping[type, Mapping[object, str | float]]:
    """What is sent for each value, apart for text, numbers and booleans, which Python holds for equal."""
    spellings = choice.spellings
    return {kind: {value: word for value, word in spellings if type(value) is kind} for kind in (str, int, bool, float)}


class NumberChoice(Choice):
    """One of a few numbers, which are sent as numbers; text of one of them stands for it."""

    kind: ClassVar[str] = "number choice"

    @property
    def spellings(self) -> tuple[tuple[str | float, str | float], ...]:
        numbers = [(word, number_of(word)) for word in self.options]
        return (*numbers, *((number, number) for _, number in numbers))


def number_of(word: str) -> float:
    """The number that a word of a NumberChoice is: a whole one where it can be. Raises ValueError for any other."""
    if re.fullmatch(r"[+-]?[0-9]{1,31}", word, re.ASCII):
        return int(word)
    if not word.isascii() or "_" in word or not isfinite(number := float(word)):
        raise ValueError(f"{word} is no number")
    whole = whole_number(number)
    return whole if isinstance(whole, int) else number


class YesNo(Choice):
    """`yes` or `no` on the wire; booleans are accepted (rule A8)."""

    options: tuple[str, ...] = ("yes", "no")
    kind: ClassVar[str] = "yes/no"

    @property
    def spellings(self) -> tuple[tuple[str | float, str | float], ...]:
        return ("yes", "yes"), ("no", "no"), (True, "yes"), (False, "no")


class Boolean(Field):
    """True or false."""

    kind: ClassVar[str] = "boolean"

    def check(self, value: object, path: str, context: CheckContext) -> object:
        if not isinstance(value, bool):
            return context.add_problem(path, self.rule, f"is {quote(value)}; it must be true or false")
        return value

    def read(self, text: str) -> object:
        return {"true": True, "yes": True, "false": False, "no": False}.get(text.lower(), text)

    def schema(self) -> Schema:
        return {"type": "boolean"}


class Number(Field):
    """A finite number, `minimum` to `maximum` inclusive."""

    minimum: float | None = None
    maximum: float | None = None
    kind: ClassVar[str] = "number"
    types: ClassVar[tuple[type[int] | type[float], ...]] = (int, float)

    def check(self, value: object, path: str, context: CheckContext) -> object:
        if type(value) is float:
            value = whole_number(value)
        if not isinstance(value, self.types) or type(value) is bool:
            expected = ", ".join(
                filter(None, ("an integer" if self.types == (int,) else "a number", self.describe_bounds()))
            )
            return context.add_problem(path, self.rule, f"is {quote(value)}; it must be {expected}")
        low, high = self.minimum, self.maximum
        outside = (low is not None and value < low) or (high is not None and value > high)
        if outside or (type(value) is float and not isfinite(value)):
            bounds = self.describe_bounds() or "finite numbers"
            return context.add_problem(path, self.rule, f"is {quote(value)}; the range is {bounds}")
        return value

    def read(self, text: str) -> object:
        numeral = text if text.isascii() and "_" not in text else ""  # Python alone reads 1_000 and ٣ as numbers
        for convert in self.types:
            with suppress(ValueError):
                return convert(numeral)
        return text

    def describe_bounds(self) -> str:
        if self.minimum is None or self.maximum is None:
            bounds = {"at least": self.minimum, "at most": self.maximum}
            return "".join(f"{text} {_shown(bound)}" for text, bound in bounds.items() if bound is not None)
        return f"{_shown(self.minimum)} to {_shown(self.maximum)}"

    def schema(self) -> Schema:
        bounds = {"minimum": self.minimum, "maximum": self.maximum}
        return {"type": self.kind, **{name: bound for name, bound in bounds.items() if bound is not None}}


def _shown(bound: float) -> str:
    """A bound as text: a whole number with all its digits."""
    return str(bound) if isinstance(bound, int) else f"{bound:g}"


class Integer(Number):
    """A whole number. Of several videos of one command each has the next one, where it `counts_up`."""

    counts_up: bool = False
    kind: ClassVar[str] = "integer"
    types: ClassVar[tuple[type[int] | type[float], ...]] = (int,)


class AnyValue(Field):
    """A value of which the model's page tells no more than its `json_type` ("" for any), and perhaps not that."""

    json_type: str = ""
    kind: ClassVar[str] = "any"

    def check(self, value: object, path: str, context: CheckContext) -> object:
        if self.json_type in PYTHON_TYPES and not isinstance(value, PYTHON_TYPES[self.json_type]):
            return context.add_problem(path, self.rule, f"is {quote(value)}; it must be an {self.json_type}")
        return value

    def read(self, text: str) -> object:
        from kirin_cli.json_text import parse_json  # noqa: PLC0415  (help reads no values)

        try:
            return parse_json(text)
        except ValueError:
            return text

    def describe_bounds(self) -> str:
        return self.json_type

    def schema(self) -> Schema:
        return {"type": self.json_type} if self.json_type in PYTHON_TYPES else {}


PYTHON_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {"object": dict, "array": (list, tuple)}


class Url(Field):
    """An absolute http(s) URL (rule A3)."""

    kind: ClassVar[str] = "URL"

    def check(self, value: object, path: str, context: CheckContext) -> object:
        problem = web_url_problem(value) if isinstance(value, str) else "must be an absolute http:// or https:// URL"
        return context.add_problem(path, self.rule, f"is {quote(value)}; it {problem}") if problem else value

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://\S+$"}


INTERPOLATED: Final[Schema] = {"type": "string", "pattern": r"\$[{$]"}
PLAIN_TEXT: Final[Schema] = {"type": "string", "not": INTERPOLATED}
NULL: Final[Schema] = {"type": "null"}
NO_ITEMS: Final[Schema] = {"type": "array", "maxItems": 0}
ZERO: Final[Schema] = {"const": 0}


def any_of(*schemas: Schema, sure: bool) -> Schema:
    """One of these, or where that is enough, text that may become one."""
    return {"anyOf": [*schemas, *([] if sure else [INTERPOLATED])]}


def none_of(*schemas: Schema, sure: bool) -> Schema:
    """None of these; surely so, where it is no text that may become one."""
    return {"not": any_of(*schemas, sure=not sure)}


def member_schema(name: str, schema: Schema, *, required: bool = True) -> Schema:
    """An object whose member is so, if it is there; `required` asks that it is."""
    return {**({"required": [name]} if required else {}), "properties": {name: schema}}


def nested_members(groups: list[str], schema: Schema, *, sure: bool) -> Schema:
    """An object with these groups inside one another, the innermost of which is so."""
    for group in reversed(groups):
        schema = member_schema(group, any_of({"type": "object", **schema}, sure=sure))
    return schema
