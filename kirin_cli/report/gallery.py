"""A run as one page that opens offline: videos that play, prompts, parameters, costs, a timeline of the run.

The page loads nothing but the videos, and a content security policy says so to the browser. Style and script are two
constant files, named in that policy by their hashes.
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from importlib.resources import files
from pathlib import PurePath
from typing import Final

from kirin_cli.report.amounts import day_and_time, seconds_words
from kirin_cli.report.gallery_card import card, linked
from kirin_cli.report.gallery_plots import costs, timeline
from kirin_cli.report.markup import Markup, join, tag
from kirin_cli.report.record import Made, Problem, Report
from kirin_cli.report.sources import Embedding
from kirin_cli.run.amounts import money
from kirin_cli.spec.words import counted

_FILES: Final = ("gallery.css", "gallery.js")
_ICON: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16'"
    " rx='4' fill='%236d5cf0'/%3E%3Cpath d='M6 4.5v7l6-3.5z' fill='white'/%3E%3C/svg%3E"
)
_MARK: Final = Markup(
    '<svg class="mark" viewBox="0 0 16 16" width="22" height="22" aria-hidden="true">'
    '<rect width="16" height="16" rx="4"/><path d="M6 4.5v7l6-3.5z"/></svg>'
)


def render(report: Report) -> str:
    """The page; its videos lie where they are, and it links to them from where it lies itself."""
    return _page(report, linked(report.folder))


def render_embedded(report: Report) -> str:
    """The page with its videos inside; one that is not there as it was made, or too large, is linked to."""
    return _page(report, Embedding(linked(report.folder)))


def _page(report: Report, source: Callable[[Made], str]) -> str:
    style, script = (files("kirin_cli.report").joinpath("page", name).read_text("utf-8") for name in _FILES)
    head = join(
        tag("meta", {"charset": "utf-8"}),
        tag("meta", {"http-equiv": "Content-Security-Policy", "content": _policy(style, script)}),
        tag("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        tag("meta", {"name": "color-scheme", "content": "light dark"}),
        tag("meta", {"name": "referrer", "content": "no-referrer"}),
        tag("link", {"rel": "icon", "href": _ICON}),
        tag("title", {}, f"{title(report)} – kirin"),
        tag("style", {}, Markup(style)),
    )
    body = join(
        tag("a", {"class": "skip", "href": "#videos"}, "Skip to the videos"),
        _header(report),
        _problems(report),
        tag("div", {"class": "panels"}, timeline(report), costs(report)),
        _filters(report),
        _cards(report, source),
        tag("footer", {}, f"Made by kirin {report.version}".rstrip()),
        tag("script", {}, Markup(script)),
    )
    return f"<!doctype html>\n{tag('html', {'lang': 'en'}, tag('head', {}, head), tag('body', {}, body))}\n"


def _policy(style: str, script: str) -> str:
    rules = {
        "default-src": "'none'", "style-src": _hash(style), "script-src": _hash(script),
        "media-src": "'self' file: data:", "img-src": "'self' file: data:", "base-uri": "'none'",
        "form-action": "'none'",
    }  # fmt: skip
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def title(report: Report) -> str:
    """What the page is called: the job file, the only job, or how many there are."""
    sources = {job.file for job in report.jobs}
    if len(report.jobs) == 1:
        return report.jobs[0].name or "1 job"
    file = sources.pop() if len(sources) == 1 else ""
    return PurePath(file).stem or counted(len(report.jobs), "job")


def _header(report: Report) -> Markup:
    facts = [day_and_time(report.ended)] if report.ended else []
    facts += [f"run {report.run_id}"] if report.run_id else []
    facts += [report.broken_off] if report.broken_off else []
    return tag(
        "header", {"class": "hero"},
        tag("p", {"class": "brand"}, _MARK, "kirin"),
        tag("h1", {}, tag("bdi", {}, title(report))),
        tag("p", {"class": "sub"}, " · ".join(facts)),
        tag("dl", {"class": "stats"}, join(*(_stat(*one) for one in _stats(report)))),
    )  # fmt: skip


def _stats(report: Report) -> list[tuple[str, str, str, str]]:
    """Name, amount, what it is out of, and the class of each number at the top."""
    videos = sum(len(job.made) for job in report.jobs)
    bad = sum(job.state in {"failed", "rejected", "expired"} for job in report.jobs)
    rows = [
        ("Videos", str(videos), f"from {counted(len(report.jobs), 'job')}", ""),
        ("Cost", money(report.cost), "", ""),
    ]
    if report.seconds is not None:
        rows.append(("Took", seconds_words(report.seconds), "", ""))
    times = [job.seconds for job in report.jobs if job.seconds is not None]
    if times:
        rows.append(("Per video", seconds_words(sum(times) / len(times)), "on average", ""))
    rows += [("Failed", str(bad), "", "bad")] if bad else []
    rows += [("May be charged", str(report.perhaps_charged), "", "bad")] if report.perhaps_charged else []
    return rows


def _stat(name: str, amount: str, of: str, kind: str) -> Markup:
    small = tag("small", {}, of) if of else ""
    return tag("div", {"class": f"stat {kind}".strip()}, tag("dt", {}, name), tag("dd", {}, amount, small))


def _problems(report: Report) -> Markup:
    rows = [_problem(one) for one in report.problems]
    if report.missing:
        numbers = ", ".join(map(str, report.missing))
        rows.insert(0, tag("li", {}, f"There is no result of these shards: {numbers}."))
    if not rows:
        return Markup()
    return tag(
        "section", {"class": "panel problems"}, tag("h2", {}, "Problems"), tag("ul", {}, join(*rows)),
    )  # fmt: skip


def _problem(one: Problem) -> Markup:
    place = ":".join([one.file, *(str(number) for number in (one.line, one.column) if number)])
    return tag(
        "li", {}, tag("code", {}, place) if one.file else "", " ", tag("bdi", {}, one.message),
        tag("span", {"class": "hint"}, f" {one.hint}") if one.hint else "",
    )  # fmt: skip


def _filters(report: Report) -> Markup:
    models = dict.fromkeys(job.model for job in report.jobs if job.model)
    chips = [_chip(state, number) for state, number in report.states.items()]
    options = [tag("option", {"value": ""}, "All models"), *(tag("option", {"value": one}, one) for one in models)]
    shown = len(report.jobs) > 1
    return tag(
        "form", {"class": "filters", "role": "search", "hidden": not shown, "autocomplete": "off"},
        tag("label", {"class": "find"}, tag("span", {"class": "unseen"}, "Find"),
            tag("input", {"type": "search", "name": "q", "placeholder": "Find in names, prompts, parameters  ( / )"})),
        tag("fieldset", {"class": "chips"}, tag("legend", {"class": "unseen"}, "State"), join(*chips)),
        tag("label", {"class": "models", "hidden": len(models) < 2}, tag("span", {"class": "unseen"}, "Model"),
            tag("select", {"name": "model"}, join(*options))),
        tag("output", {"class": "count", "aria-live": "polite"}, counted(len(report.jobs), "job")),
    )  # fmt: skip


def _chip(state: str, number: int) -> Markup:
    box = tag("input", {"type": "checkbox", "name": "state", "value": state})
    return tag("label", {"class": f"chip {state}"}, box, tag("span", {}, state, " ", tag("b", {}, str(number))))


def _cards(report: Report, source: Callable[[Made], str]) -> Markup:
    cards = [card(number, job, source) for number, job in enumerate(report.jobs, start=1)]
    nothing = "Nothing was made." if not cards else "Nothing matches."
    empty = tag("p", {"class": "empty", "hidden": bool(cards)}, nothing)
    return tag("main", {"id": "videos", "tabindex": "-1"}, tag("div", {"class": "grid"}, join(*cards)), empty)
