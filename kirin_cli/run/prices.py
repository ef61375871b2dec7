"""Prices of jobs: from `--assume-cost`, the tables `[prices]`, or what earlier tasks cost. US dollars as decimals.

Where nothing tells a price there is none: a guess would let `--max-cost` buy what it should have refused (fault S20).
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING, Final, Literal

from kirin_cli.errors import BalanceInsufficient
from kirin_cli.formatting import format_usd
from kirin_cli.modelspec.pricing import PER_SECOND, PriceClass, classify_price, input_seconds, unknown_params
from kirin_cli.modelspec.record import Record
from kirin_cli.run.job import Job

if TYPE_CHECKING:
    from kirin_cli.run.limits import CostBudget

PriceSource = Literal["assumed", "project file", "user file", "history"]
MAX_DECIMALS: Final = Decimal("0.0001")
"""To which a price that was computed from seconds is rounded up."""
CENTS: Final = Decimal("0.01")


class PriceTableRow(Record, kw_only=True, eq=True):
    """One row of a table `[prices]`: the price of every class of the model that has all these words.

    Of a class with parameters that the model does not know it says nothing unless it has the words of all of them.
    `position` says where it stands; `usd` is of one job, with `per_second` of each second of its input.
    """

    model: str
    words: frozenset[str]
    usd: Decimal
    source: PriceSource
    position: str
    per_second: bool = False

    def covers(self, price_class: PriceClass) -> bool:
        """Whether it tells the price of the class; one by the second says nothing of a whole job, nor the reverse."""
        same = (self.model, self.per_second) == (price_class.model, price_class.per_second)
        return same and set(price_class.unknown) <= self.words <= set(price_class.all_words)


class PastCost(Record, eq=True):
    """What an earlier task cost, and the seconds of input that it was billed for; None where it was not by these."""

    usd: Decimal
    seconds: int | None = None


class JobPrice(Record, eq=True):
    """What one job is taken to cost, who says so, and in more words why."""

    usd: Decimal
    source: PriceSource
    detail: str


History = Callable[[PriceClass], Sequence[PastCost]]
"""What earlier tasks of a class cost at this service, under this account."""


def price_class_of(job: Job) -> PriceClass:
    """The class that decides what the job costs."""
    if job.model.pricing.params is not None and not unknown_params(job.model, job.values):
        return classify_price(job.model, job.values)
    # A task that was taken up by its id alone has no request here, and no values.
    return classify_price(job.model, job.values, json.loads(job.request)["params"] if job.values else {})


def task_class_of(job: Job) -> tuple[str, str, str]:
    """The price class as the ledger has it: the model, the first word and the rest of them (`pro`, `5 feature`).

    Jobs that are alike in these cost alike and, but for the length of a video that is billed, take alike long.
    """
    return ledger_class(price_class_of(job))


def ledger_class(price_class: PriceClass) -> tuple[str, str, str]:
    """As `task_class_of`, of a class alone."""
    first, *rest = price_class.all_words or ("",)
    return price_class.model, first, " ".join(rest)


class PriceList:
    """Everything that tells prices. `assumed` is that of each job, whatever it asks for; `learn` adds to it.

    Of several rows of a table the one with the most words holds, and of those the dearest: the user's file before a
    project's, which may make a price higher but not lower than the user's file and the history have it.
    """

    def __init__(
        self, history: History, *, assumed: Decimal | None = None, table: Sequence[PriceTableRow] = ()
    ) -> None:
        self.history, self.assumed, self.table = history, assumed, table
        self._seen: dict[PriceClass, PastCost] = {}

    def price(self, job: Job, seconds: int | None = None) -> JobPrice | None:
        """The price of a job whose input is so long, where the job does not tell that itself; None: not known."""
        return self.price_of_class(price_class_of(job), input_seconds(job.model, job.values) or seconds)

    def price_of_class(self, price_class: PriceClass, seconds: int | None) -> JobPrice | None:
        """The price of each job of a class, with so many seconds of input where that is billed; None: not known."""
        told = self._told(price_class, seconds)
        seen = self._seen.get(price_class)
        dearer = _of_history((seen,), price_class, seconds) if seen else None
        return max(filter(None, (told, dearer)), key=lambda price: price.usd, default=None)

    def trusted_price(self, job: Job, seconds: int | None = None) -> JobPrice | None:
        """The price that counts for --max-cost: none that only a project's file tells, which any checkout may hold."""
        price = self.price(job, seconds)
        if price is None or price.source != "project file":
            return price
        price_class, seconds = price_class_of(job), input_seconds(job.model, job.values) or seconds
        is_known = price_class in self._seen or self._ours(price_class, seconds) is not None
        return price if is_known else None

    def learn(self, job: Job, cost: Decimal, seconds: int | None = None) -> None:
        """A task of this run turned out to cost so much: the next one of its class will not cost less."""
        price_class = price_class_of(job)
        seconds = (input_seconds(job.model, job.values) or seconds) if price_class.per_second else None
        before = self._seen.get(price_class)
        if price_class.per_second and not seconds:
            return
        if before is None or cost * (before.seconds or 1) > before.usd * (seconds or 1):
            self._seen[price_class] = PastCost(cost, seconds)

    def ways_to_tell(self, job: Job) -> tuple[str, str]:
        """Why the price of a job is not known, and what makes it known."""
        price_class = price_class_of(job)
        theirs = self.price(job)
        row = f'[prices] {_toml_key(job.model.id)} = {{{json.dumps(str(price_class))} = "…"}} in your config.toml'
        ways = f"--assume-cost USD says what each job may cost; {row} says it for good; or run one without --max-cost:"
        ways += " its cost is remembered"
        if price_class.per_second and input_seconds(job.model, job.values) is None:
            return (
                f"its price is not known: it is billed {PER_SECOND} of its video, whose length is not known",
                f"--check-urls finds out how long the video is; {ways}",
            )
        if theirs is not None:
            return f"only {theirs.detail}, which came with a checkout, tells its price", ways
        why = f"its price is not known ({job.model.id}, {price_class})"
        if names := unknown_params(job.model, job.values):
            why += f": the model does not know {' and '.join(names)}, and only the same values tell what they cost"
        return why, ways

    def _told(self, price_class: PriceClass, seconds: int | None) -> JobPrice | None:
        if self.assumed is not None:
            return JobPrice(self.assumed, "assumed", "--assume-cost")
        ours = self._of_user(price_class, seconds)
        theirs = _of_table((row for row in self.table if row.source == "project file"), price_class, seconds)
        if ours and not theirs:
            return ours
        prices = (theirs, self._ours(price_class, seconds))
        return max(filter(None, prices), key=lambda price: price.usd, default=None)

    def _of_user(self, price_class: PriceClass, seconds: int | None) -> JobPrice | None:
        return _of_table((row for row in self.table if row.source == "user file"), price_class, seconds)

    def _ours(self, price_class: PriceClass, seconds: int | None) -> JobPrice | None:
        """What the person's own file says, else the ledger."""
        return self._of_user(price_class, seconds) or _of_history(self.history(price_class), price_class, seconds)


def _toml_key(text: str) -> str:
    """A key of TOML, in quotes where it is no bare one: the id of an added model may hold a slash or a dot."""
    return text if re.fullmatch("[A-Za-z0-9_-]+", text) else json.dumps(text)


def over_budget_error(job: Job, price: JobPrice | None, budget: "CostBudget", prices: PriceList) -> BalanceInsufficient:
    """Why the job is not sent under the limit, and what would let it go."""
    if price is None:
        why, hint = prices.ways_to_tell(job)
        return BalanceInsufficient(f"{why}, so --max-cost {budget.limit} cannot be kept", hint=hint)
    left = "" if budget.remaining is None else f" leaves {format_usd(budget.remaining)}"
    why = f"it may cost {format_usd(price.usd)} ({price.detail}), and --max-cost {budget.limit}{left}"
    return BalanceInsufficient(why, hint="a higher --max-cost goes on")


def _of_table(rows: Iterable[PriceTableRow], price_class: PriceClass, seconds: int | None) -> JobPrice | None:
    row = max((row for row in rows if row.covers(price_class)), key=lambda row: (len(row.words), row.usd), default=None)
    if row is None or (row.per_second and not seconds):
        return None
    return JobPrice(row.usd * (seconds if row.per_second and seconds else 1), row.source, row.position)


def _of_history(costs: Sequence[PastCost], price_class: PriceClass, seconds: int | None) -> JobPrice | None:
    """The dearest, brought to the length of the input where that is billed."""
    if price_class.per_second:
        amounts = [past.usd * seconds / past.seconds for past in costs if past.seconds and seconds]
    else:
        amounts = [past.usd for past in costs]
    if not amounts:
        return None
    usd, number = max(amounts).quantize(MAX_DECIMALS, ROUND_UP), len(amounts)
    usd = usd.quantize(CENTS) if usd == usd.quantize(CENTS) else usd
    by = f", {PER_SECOND} of input" if price_class.per_second else ""
    return JobPrice(
        usd, "history", f"the dearest of {number} earlier tasks{by}" if number > 1 else f"an earlier task{by}"
    )
