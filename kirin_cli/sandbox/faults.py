"""The rules of `--fault`: what goes wrong, where, and how often. Knows no model and no socket."""

import random
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kirin_cli.errors import UsageError

FAULT_ANSWERS: Final = ("STATUS", "reset", "close", "html", "cut", "delay=SECONDS")
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "post": (*FAULT_ANSWERS, "ANY-after-create"),
    "query": FAULT_ANSWERS,
    "upload": FAULT_ANSWERS,
    "download": (*FAULT_ANSWERS, "ignore-range"),
    "task": ("fail=CODE", "stuck", "no-output"),
}
VALUED: Final = ("delay", "fail")
DELAY: Final = re.compile(r"\d{1,6}(\.\d{1,6})?")
MAX_DELAY: Final = 86_400.0
AFTER_CREATE: Final = "-after-create"
RULE: Final = re.compile(
    r"(?P<where>[a-z]+):(?P<what>[a-z0-9-]+)(?:=(?P<value>[^,*@%]+))?(?:,retry-after=(?P<retry_after>[^*@%]*))?"
    r"(?:\*(?P<first>\d{1,9})|@(?P<nth>\d{1,9})|%(?P<percent>\d{1,3}(?:\.\d{1,9})?))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """One rule. `what` is a status ("503") or a word of CHOICES; `retry_after` None sends no such header.

    `value` is the text after `=`: seconds of a delay, the error code of a failure.
    """

    where: str
    what: str
    value: str = ""
    after_create: bool = False
    retry_after: str | None = None
    first: int | None = None
    nth: int | None = None
    percent: float | None = None

    @property
    def status(self) -> int | None:
        """The HTTP status that it answers, None where it does something else."""
        return int(self.what) if self.what.isdigit() else None

    @property
    def seconds(self) -> float:
        """How long a delay lasts."""
        return float(self.value) if self.what == "delay" else 0.0

    def matches(self, number: int, draw: float) -> bool:
        """Whether it strikes the request with this number (from 1), given a random `draw` in 0-1."""
        if self.first is not None:
            return number <= self.first
        if self.nth is not None:
            return number == self.nth
        return self.percent is None or draw * 100 < self.percent


def parse_fault(text: str) -> FaultRule:
    """The rule that `text` means; UsageError names the rule and the choices."""
    match = RULE.fullmatch(text)
    if not match:
        raise _bad_rule(text, "is no fault rule: WHERE:WHAT[=VALUE][,retry-after=TEXT][*N|@N|%P]", tuple(CHOICES))
    where, what = match["where"], match["what"].removesuffix(AFTER_CREATE)
    if where not in CHOICES:
        raise _bad_rule(text, f"names no place that can fail: {where}", tuple(CHOICES))
    fault = FaultRule(
        where=where,
        what=what,
        value=match["value"] or "",
        after_create=match["what"].endswith(AFTER_CREATE),
        retry_after=match["retry_after"],
        first=int(match["first"]) if match["first"] else None,
        nth=int(match["nth"]) if match["nth"] else None,
        percent=float(match["percent"]) if match["percent"] else None,
    )
    _check(text, fault)
    return fault


def _check(text: str, fault: FaultRule) -> None:
    choices = CHOICES[fault.where]
    names = tuple(choice.partition("=")[0] for choice in choices)
    if fault.status is None and fault.what not in names:
        raise _bad_rule(text, f"has nothing called {fault.what} for {fault.where}", choices)
    if fault.status is not None and not ("STATUS" in choices and 200 <= fault.status <= 599):
        raise _bad_rule(text, f"cannot answer {fault.what} here", choices)
    if (fault.what in VALUED) != bool(fault.value):
        raise _bad_rule(text, f"needs a value: {fault.what}=…" if fault.what in VALUED else "takes no value", choices)
    if fault.what == "delay" and not (DELAY.fullmatch(fault.value) and fault.seconds <= MAX_DELAY):
        raise _bad_rule(text, f"needs seconds from 0 to {MAX_DELAY:g}", choices)
    if fault.after_create and fault.where != "post":
        raise _bad_rule(text, f"can only be said of post: {AFTER_CREATE}", choices)
    if fault.retry_after is not None and fault.status is None:
        raise _bad_rule(text, "takes retry-after only with a status", choices)
    if not (fault.retry_after or "").isascii() or not (fault.retry_after or " ").isprintable():
        raise _bad_rule(text, "takes only printable ASCII after retry-after=", choices)
    if 0 in {fault.first, fault.nth, fault.percent} or (fault.percent or 0) > 100:
        raise _bad_rule(text, "counts from 1, and in percent up to 100", choices)


def _bad_rule(text: str, why: str, choices: tuple[str, ...]) -> UsageError:
    return UsageError(f'the fault rule "{text}" {why}', hint=f"choose one of: {', '.join(choices)}")


class FaultRules:
    """The rules of one sandbox with their counters; `rng` decides the percentages. May be used by many threads."""

    def __init__(self, rules: Iterable[FaultRule], rng: random.Random) -> None:
        self._rules = tuple(rules)
        self._rng = rng
        self._seen: dict[str, int] = {}
        self._lock = threading.Lock()

    def next_fault(self, where: str) -> FaultRule | None:
        """Count one more request at `where`; the first rule that fires for it, if any."""
        with self._lock:
            number = self._seen[where] = self._seen.get(where, 0) + 1
            draws = [(rule, self._rng.random()) for rule in self._rules if rule.where == where]
            return next((rule for rule, draw in draws if rule.matches(number, draw)), None)
