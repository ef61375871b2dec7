"""The plan for people: a table where it fits or is piped, else a few lines for each job; and the line of totals."""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from kirin_cli.formatting import format_clock, format_seconds, format_usd
from kirin_cli.modelspec.notes import notes_of_request, numbering_lines
from kirin_cli.modelspec.text import pluralize
from kirin_cli.redaction import redact_urls
from kirin_cli.ui.tables import render_table
from kirin_cli.ui.terminal_text import cell_width, ellipsize, pad, wrap

if TYPE_CHECKING:
    from kirin_cli.run.plan import PlannedJob
    from kirin_cli.ui.console import TerminalInfo

HEADINGS: Final = (
    "job", "would", "because", "model", "mode", "seconds", "prompt", "file", "time", "price", "price from", "numbering",
)  # fmt: skip
MAX_PROMPT_WIDTH: Final = 40
NO_PRICE: Final = "no price known yet"
_INDENT: Final = "  "


def render_plan(plans: Sequence["PlannedJob"], terminal: "TerminalInfo") -> list[str]:
    """The lines: one a job in a pipe and on a terminal that is wide enough for all columns."""
    rows = [_row(plan, terminal) for plan in plans]
    if not terminal.is_tty or _table_width(rows) <= terminal.width:
        return render_table(HEADINGS, rows, terminal) if rows else []
    return [line for row in rows for line in _block(row, terminal)]


def note_lines(plans: Sequence["PlannedJob"]) -> list[str]:
    """The notes of what would be sent, each once, under the models that they are of."""
    lines: dict[str, dict[str, None]] = {}
    for plan in plans:
        model = plan.job.model
        if plan.action == "send" and len(texts := lines.setdefault(model.command, {})) < len(model.notes):
            texts.update((f"  {note.text}", None) for note in notes_of_request(model, plan.job.values))
    return [line for model, texts in lines.items() if texts for line in (f"notes on {model}:", *texts)]


def totals_line(plans: Sequence["PlannedJob"], likely_seconds: float | None) -> str:
    """How many jobs would go which way, and what that may cost and take."""
    if not plans:
        return "there is no job to do"
    actions = ", ".join(f"{number} {action}" for action, number in Counter(plan.action for plan in plans).items())
    prices = [plan.price for plan in plans if plan.action == "send"]
    if not prices:
        return f"{actions}; nothing to pay"
    known = [price.usd for price in prices if price]
    cost = f"likely cost {format_usd(sum(known, Decimal(0)))}"
    if len(known) < len(prices):
        cost = f"{cost} and {pluralize(len(prices) - len(known), 'job')} without a known price" if known else NO_PRICE
    return f"{actions}; {cost}" + (f", about {format_seconds(likely_seconds)}" if likely_seconds else "")


def _row(plan: "PlannedJob", terminal: "TerminalInfo") -> tuple[str, ...]:
    """The cells, by HEADINGS; of what is not sent neither time nor price matters."""
    prompt = " ".join(str(plan.job.values.get("prompt") or "").split())
    facts = (plan.job.model.id, plan.mode, plan.duration)
    prompt = ellipsize(terminal.escape(prompt), MAX_PROMPT_WIDTH, terminal.ellipsis)
    row = (plan.job.label, plan.action, plan.reason, *facts, prompt, str(plan.path))
    if plan.action != "send":
        return (*row, "", "", "", "")
    time = "" if plan.seconds is None else format_clock(plan.seconds)
    references = redact_urls("; ".join(numbering_lines(plan.job.model, plan.job.values)))
    return (*row, time, format_usd(plan.price.usd) if plan.price else NO_PRICE, plan.price_detail, references)


def _table_width(rows: Sequence[tuple[str, ...]]) -> int:
    columns = [column for column in zip(*rows, strict=True) if any(column)]
    headings = [heading for heading, column in zip(HEADINGS, zip(*rows, strict=True), strict=False) if any(column)]
    widths = [max(map(cell_width, (heading, *column))) for heading, column in zip(headings, columns, strict=True)]
    return sum(widths) + 2 * (len(widths) - 1)


def _block(row: tuple[str, ...], terminal: "TerminalInfo") -> Iterator[str]:
    """A job in lines: what would happen to it and for how much, then what it is, why, and where its video goes."""
    job, action, reason, model, mode, seconds, prompt, path, time, price, price_from, references = map(
        terminal.escape, row
    )
    width = max(20, terminal.width)
    head = ellipsize(f"{action}  {job}", width - cell_width(price) - 2, terminal.ellipsis)
    yield terminal.paint(pad(head, width - cell_width(price)) + price if price else head, "strong")
    about = f"about {time}" if time else ""
    facts = (
        " · ".join(filter(None, (model, mode, f"{seconds} s" if seconds else "", prompt))),
        " · ".join(filter(None, (reason, about, f"price: {price_from}" if price_from else ""))),
        references,
        f"→ {path}",
    )
    for fact in filter(None, facts):
        for line in wrap(terminal.escape(fact), width - len(_INDENT)):
            yield _INDENT + line
