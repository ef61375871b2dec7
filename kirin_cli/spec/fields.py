"""The kinds of parameter that a model can have: what each accepts, in data. Knows no model, file format or flag parser.

A field checks one value, reads it from the text of a flag, says its bounds in words and writes its JSON Schema.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from math import isfinite
from typing import ClassVar, Final

from kirin_cli.spec.addresses import is_web_url
from kirin_cli.spec.medium import Look
from kirin_cli.spec.problem import Problems
from kirin_cli.spec.record import Record
from kirin_cli.spec.words import listed, shown

Schema = dict[str, object]
UNSENDABLE: Final = re.compile("[\0\ud800-\udfff]")


class Broken:
    """What stands in for a value that was refused."""


BROKEN: Final = Broken()


class Check:
    """One check under way: where problems are noted, how media are looked at, whether the size of one is known."""

    __slots__ = ("look", "problems", "sized")

    def __init__(self, look: Look, problems: Problems) -> None:
        self.look = look
        self.problems = problems
        self.sized = False

    def refuse(self, at: str, rule: str, message: str) -> Broken:
        """Note an error at `at` and stand in for the value."""
        self.problems.error(at, rule, f"{at} {message}")
        return BROKEN


class Field(Record, kw_only=True):
    """One parameter. `rule` is the id of the reference rule that its own problems raise.

    `flag` names its flag: None joins the group's flag and the name, "" takes the group's flag alone.
    """

    name: str
    help: str = ""
    rule: str = "A6"
    required: bool = False
    default: str | float | None = None
    unit: str = ""
    flag: str | None = None
    short: str = ""
    panel: str = "Parameters"
    metavar: str = ""

    kind: ClassVar[str] = "value"

    def check(self, value: object, at: str, check: Check) -> object:
        """The value as it is sent, or BROKEN with the problem noted in `check`."""
        raise NotImplementedError

    def read(self, text: str) -> object:
        """The value that the text of a flag means; text that means none is left for `check` to refuse."""
        return text

    def bounds(self) -> str:
        """What is accepted, in a few words."""
        return ""

    def schema(self) -> Schema:
        """JSON Schema of the values that `check` accepts."""
        raise NotImplementedError


class Text(Field):
    """Text of `least` to `most` Unicode code points."""

    least: int = 0
    most: int | None = None
    kind: ClassVar[str] = "text"

    def check(self, value: object, at: str, check: Check) -> object:
        if not isinstance(value, str):
            return check.refuse(at, self.rule, f"must be text, not {shown(value)}; put it in quotes")
        if len(value) < self.least:
            return check.refuse(at, self.rule, f"is empty; it takes {self.bounds()}")
        if self.most is not None and len(value) > self.most:
            return check.refuse(at, self.rule, f"has {len(value)} characters; at most {self.most} are allowed")
        if ("\0" in value or not value.isascii()) and UNSENDABLE.search(value):  # the search goes through all of it
            return check.refuse(at, self.rule, "holds a NUL or half a surrogate pair, which is no text to send")
        return value

    def bounds(self) -> str:
        if self.most is None:
            return "at least 1 character" if self.least else ""
        return f"{self.least}–{self.most} characters" if self.least else f"at most {self.most} characters"

    def schema(self) -> Schema:
        longest = {} if self.most is None else {"maxLength": self.most}
        return {"type": "string", "minLength": self.least, **longest}


class Choice(Field):
    """One of a few words. A whole number stands for its digits (rule A7)."""

    of: tuple[str, ...]
    kind: ClassVar[str] = "choice"

    @property
    def spellings(self) -> tuple[tuple[str | int, str], ...]:
        """Every value that is accepted, with the word that is sent for it."""
        return (*zip(self.of, self.of, strict=True), *((int(word), word) for word in self.of if word.isdigit()))

    def check(self, value: object, at: str, check: Check) -> object:
        words = _words_by_type(self).get(type(value))
        if words and value in words:
            return words[value]
        return check.refuse(at, self.rule, f"is {shown(value)}; choose {listed(self.of)}")

    def bounds(self) -> str:
        return " | ".join(self.of)

    def schema(self) -> Schema:
        return {"enum": [spelling for spelling, _ in self.spellings]}


@cache
def _words_by_type(choice: Choice) -> Mapping[type, Mapping[object, str]]:
    """The word that is sent for each value, apart for text, numbers and booleans, which Python holds for equal."""
    spellings = choice.spellings
    return {kind: {value: word for value, word in spellings if type(value) is kind} for kind in (str, int, bool)}


class YesNo(Choice):
    """`yes` or `no` on the wire; booleans are accepted (rule A8)."""

    of: tuple[str, ...] = ("yes", "no")
    kind: ClassVar[str] = "yes/no"

    @property
    def spellings(self) -> tuple[tuple[str | int, str], ...]:
        return ("yes", "yes"), ("no", "no"), (True, "yes"), (False, "no")


class Boolean(Field):
    """True or false."""

    kind: ClassVar[str] = "boolean"

    def check(self, value: object, at: str, check: Check) -> object:
        if not isinstance(value, bool):
            return check.refuse(at, self.rule, f"is {shown(value)}; it must be true or false")
        return value

    def read(self, text: str) -> object:
        return {"true": True, "yes": True, "false": False, "no": False}.get(text.lower(), text)

    def schema(self) -> Schema:
        return {"type": "boolean"}


class Number(Field):
    """A finite number, `low` to `high` inclusive."""

    low: float | None = None
    high: float | None = None
    kind: ClassVar[str] = "number"
    types: ClassVar[tuple[type[int] | type[float], ...]] = (int, float)

    def check(self, value: object, at: str, check: Check) -> object:
        if not (type(value) is int or (type(value) is float and float in self.types)):
            return check.refuse(at, self.rule, f"is {shown(value)}; it must be {self._article()}")
        low, high = self.low, self.high
        outside = (low is not None and value < low) or (high is not None and value > high)
        if outside or (type(value) is float and not isfinite(value)):
            return check.refuse(at, self.rule, f"is {shown(value)}; the range is {self.bounds() or 'finite numbers'}")
        return int(value) if type(value) is float and value.is_integer() else value

    def read(self, text: str) -> object:
        numeral = text if text.isascii() and "_" not in text else ""  # Python alone reads 1_000 and ٣ as numbers
        for convert in self.types:
            with suppress(ValueError):
                return convert(numeral)
        return text

    def bounds(self) -> str:
        if self.low is None or self.high is None:
            sides = {"at least": self.low, "at most": self.high}
            return "".join(f"{words} {bound:g}" for words, bound in sides.items() if bound is not None)
        return f"{self.low:g} to {self.high:g}"

    def schema(self) -> Schema:
        sides = {"minimum": self.low, "maximum": self.high}
        return {"type": self.kind, **{side: bound for side, bound in sides.items() if bound is not None}}

    def _article(self) -> str:
        return f"a{'n' * (self.kind[0] in 'aeiou')} {self.kind}" + (f", {self.bounds()}" if self.bounds() else "")


class Integer(Number):
    """A whole number."""

    kind: ClassVar[str] = "integer"
    types: ClassVar[tuple[type[int] | type[float], ...]] = (int,)


class Url(Field):
    """An absolute http(s) URL (rule A3)."""

    kind: ClassVar[str] = "URL"

    def check(self, value: object, at: str, check: Check) -> object:
        if isinstance(value, str) and is_web_url(value):
            return value
        return check.refuse(at, self.rule, f"is {shown(value)}; it must be an absolute http:// or https:// URL")

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://\S+$"}
