"""Escaped HTML and SVG elements, and the charts of the page: the timeline and the cost of each model."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from html import escape
from typing import Final

from kirin_cli.formatting import format_seconds, format_usd
from kirin_cli.modelspec.text import pluralize
from kirin_cli.report.report import PHASES, Phase, Report, ReportJob

_VOID_ELEMENTS: Final = frozenset({"meta", "link", "input", "img", "br"})


_SPECIAL: Final = re.compile("[&<>\"']")


class Markup(str):
    """Text that is markup already. Only what functions of this module give and constants of this package may be."""

    __slots__ = ()


def _escape(text: str) -> str:
    return escape(text) if _SPECIAL.search(text) else text  # most have nothing to escape, and looking is cheap


def tag(name: str, attributes: Mapping[str, str | bool] | None = None, /, *children: str) -> Markup:
    """An element. An attribute that is False is left out, one that is True has no value."""
    opening = f"<{name}"
    for key, value in (attributes or {}).items():
        if value is True:
            opening += f" {key}"
        elif value is not False:
            opening += f' {key}="{_escape(value)}"'
    if name in _VOID_ELEMENTS:
        return Markup(f"{opening}>")
    content = "".join([child if type(child) is Markup else _escape(child) for child in children])
    return Markup(f"{opening}>{content}</{name}>")


def describe(term: str, value: str) -> Markup:
    """A row of a description list; like `tag`, but the thousands of a page cost a third."""
    return Markup(f"<div><dt>{_escape(term)}</dt><dd><bdi>{_escape(value)}</bdi></dd></div>")


def join(*children: str) -> Markup:
    """The children one after another, escaped where they are not markup."""
    return Markup("".join([child if type(child) is Markup else _escape(child) for child in children]))


MAX_UNCUT: Final = 24
"""Characters of a name in the timeline; a longer one may lose some of its middle."""
END_LENGTH: Final = 14
"""Characters at the end of such a name that are always seen."""

Spans = Sequence[tuple[Phase, float, float]]
TimelineRow = tuple[int, ReportJob, Spans]

MAX_TICKS: Final = 5
_TICK_SECONDS: Final = (
    0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400,
)  # fmt: skip
_MAX_GAP_FACTOR: Final = 12
"""Where jobs lie further apart than so many times the longest, each is drawn from its own beginning."""


def render_timeline(report: Report) -> Markup:
    """A bar for each job that ran, with its phases; nothing where no times are known."""
    rows, together = _timeline_rows(report)
    if not rows:
        return Markup()
    length = max(end for _, _, spans in rows for _, _, end in spans) or 1.0
    step = next((step for step in _TICK_SECONDS if length / step <= MAX_TICKS), length / MAX_TICKS)
    ticks = [step * number for number in range(1, int(length / step) + 1)]
    heading = "Timeline" if together else "Time for each job"
    kinds = [*PHASES, *(["failed"] if report.states.keys() & {"failed", "rejected"} else [])]
    legend = [tag("span", {"class": f"key {kind}"}, kind) for kind in kinds]
    texts = []
    for tick in ticks:
        label = f"{tick:.1f} s" if tick < 1 else f"{tick:g} s" if tick < 60 else format_seconds(tick)
        texts.append(tag("text", {"x": _percent(tick / length), "y": "12"}, label))
    axis = tag("svg", {"class": "bar", "aria-hidden": "true"}, join(*texts))
    bars = [_bar(row, length, ticks) for row in rows]
    return tag(
        "section", {"class": "panel timeline"},
        tag("div", {"class": "heading"}, tag("h2", {}, heading), tag("p", {"class": "legend"}, join(*legend))),
        tag("div", {"class": "scroll", "tabindex": "0", "role": "group", "aria-label": heading},
            tag("div", {"class": "row axis"}, tag("span"), axis), join(*bars)),
    )  # fmt: skip


def render_costs(report: Report) -> Markup:
    """A bar for each model with what it cost, the dearest first; nothing where nothing was paid."""
    paid: defaultdict[str, list[ReportJob]] = defaultdict(list)
    for job in report.jobs:
        if job.cost and job.state != "skipped":
            paid[job.model].append(job)
    if not paid:
        return Markup()
    sums = {model: sum((job.cost or Decimal(0) for job in jobs), Decimal(0)) for model, jobs in paid.items()}
    rows = []
    for model in sorted(paid, key=lambda model: (-sums[model], model)):
        times = [job.seconds for job in paid[model] if job.seconds is not None]
        each = f" · {format_seconds(sum(times) / len(times))} each" if times else ""
        small = tag("small", {}, pluralize(len(paid[model]), "job") + each)
        bar = tag("svg", {"class": "bar", "aria-hidden": "true"}, _rect("cost", 0, sums[model] / max(sums.values())))
        amount = tag("span", {"class": "amount"}, format_usd(sums[model]))
        rows.append(tag("div", {"class": "cost"}, tag("span", {"class": "name"}, model, small), amount, bar))
    return tag("section", {"class": "panel costs"}, tag("h2", {}, "Cost by model"), join(*rows))


def _timeline_rows(report: Report) -> tuple[list[TimelineRow], bool]:
    """The jobs with their spans from a common zero, or, where they lie far apart, each from its own."""
    first, last = report.started or 0.0, report.ended or float("inf")
    timed: list[TimelineRow] = []
    for number, job in enumerate(report.jobs, start=1):
        # What lies within the run: a job may have been submitted in an earlier one.
        cut = [(phase, max(begin, first), min(end, last)) for phase, begin, end in job.spans]
        spans = [(phase, begin, end) for phase, begin, end in cut if end > begin]
        if spans and job.state != "skipped":
            timed.append((number, job, spans))
    if not timed:
        return [], True
    begins = [min(begin for _, begin, _ in spans) for _, _, spans in timed]
    ends = [max(end for _, _, end in spans) for _, _, spans in timed]
    longest = max(end - begin for begin, end in zip(begins, ends, strict=True))
    together = max(ends) - min(begins) <= _MAX_GAP_FACTOR * longest * max(1, len(timed) // 10)
    zeros = [min(begins)] * len(timed) if together else begins
    return [
        (number, job, [(phase, begin - zero, end - zero) for phase, begin, end in spans])
        for (number, job, spans), zero in zip(timed, zeros, strict=True)
    ], together


def _bar(row: TimelineRow, length: float, ticks: Iterable[float]) -> Markup:
    number, job, spans = row
    label = ", ".join(f"{phase} {format_seconds(end - begin)}" for phase, begin, end in spans)
    positions = [_percent(tick / length) for tick in ticks]
    lines = [tag("line", {"x1": x, "x2": x, "y1": "0", "y2": "100%"}) for x in positions]
    rects = []
    for phase, begin, end in spans:
        kind = "failed" if job.state in {"failed", "rejected"} and phase == "generating" else phase
        rects.append(_rect(kind, begin / length, (end - begin) / length))
    facts = {"class": "bar", "role": "img", "aria-label": label}
    plot = tag("svg", facts, tag("title", {}, label), join(*lines), join(*rects))
    name = tag("a", {"class": "name", "href": f"#job-{number}", "title": job.name}, *_name_parts(job))
    return tag("div", {"class": "row", "data-row": f"job-{number}"}, name, plot)


def _name_parts(job: ReportJob) -> Iterator[Markup]:
    """The name as a row has it, whose end is seen where its middle has no room: that is what differs in a matrix."""
    head, tail = job_label(job)
    if not tail and len(head) > MAX_UNCUT:
        head, tail = "", head
    if head:
        yield tag("bdi", {"class": "head"}, head)
    if tail:
        cut = max(len(tail) - END_LENGTH, 0) if len(tail) > MAX_UNCUT else 0
        start = tag("span", {"class": "cut"}, tail[:cut]) if cut else ""
        yield tag("bdi", {"class": "tail"}, start, tag("span", {"class": "end"}, tail[cut:]))


def job_label(job: ReportJob) -> tuple[str, str]:
    """The name of a job before its matrix, and what tells it from the others: "city" and "16:9, std, take 2"."""
    name = job.name or job.external_id or job.task_id
    head, bracket, rest = name.partition("[")
    if not bracket or not head or not rest.endswith("]"):
        head, rest = name, ""
    values = [part.partition("=")[2] or part for part in rest[:-1].replace("][", ",").split(",")]
    tail = [", ".join(values)] if rest else []
    return head, ", ".join([*tail, *([f"take {job.take}"] if job.take > 1 else [])])


def _rect(kind: str, begin: float, width: float | Decimal) -> Markup:
    x, shown = _percent(begin), _percent(max(float(width), 0.002))
    return tag("rect", {"class": kind, "x": x, "width": shown, "y": "3", "height": "9", "rx": "2"})


def _percent(share: float) -> str:
    return f"{100 * share:.2f}%"
