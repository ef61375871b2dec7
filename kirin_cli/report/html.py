"""A run as one page that opens offline: videos that play, prompts, parameters, costs, a timeline of the run."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path, PurePath
from typing import Final

from kirin_cli.formatting import format_seconds, format_timestamp, format_usd
from kirin_cli.modelspec.text import pluralize
from kirin_cli.report.html_cards import FileSource, render_cards
from kirin_cli.report.html_charts import Markup, join, render_costs, render_timeline, tag
from kirin_cli.report.html_embedding import (
    MAX_EMBEDDED,
    MAX_EMBEDDED_TOTAL,
    MAX_SMALL,
    MAX_SMALL_TOTAL,
    DataUriEmbedder,
    InputPictures,
)
from kirin_cli.report.report import STATES, Report
from kirin_cli.report.result_files import file_link

_PAGE_FILES: Final = ("gallery.css", "gallery.js")
_ICON: Final = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16'"
    " rx='4' fill='%236d5cf0'/%3E%3Cpath d='M6 4.5v7l6-3.5z' fill='white'/%3E%3C/svg%3E"
)
_LOGO: Final = Markup(
    '<svg class="mark" viewBox="0 0 16 16" width="22" height="22" aria-hidden="true">'
    '<rect width="16" height="16" rx="4"/><path d="M6 4.5v7l6-3.5z"/></svg>'
)


def render(report: Report) -> str:
    """The page; its videos lie where they are, and it links to them from where it lies itself."""
    link = _link_from(report.folder)
    return _page(report, link, InputPictures(link, DataUriEmbedder(link, MAX_SMALL, MAX_SMALL_TOTAL)))


def render_embedded(report: Report) -> str:
    """The page with its videos inside; one that is not there as it was made, or too large, is linked to."""
    link = _link_from(report.folder)
    embed = DataUriEmbedder(link, MAX_EMBEDDED, MAX_EMBEDDED_TOTAL)
    return _page(report, embed, InputPictures(link, embed))


def _link_from(folder: Path) -> FileSource:
    return lambda file: file_link(file.path, folder)


def _page(report: Report, source: FileSource, pictures: InputPictures) -> str:
    style, script = (files("kirin_cli.report").joinpath("page", name).read_text("utf-8") for name in _PAGE_FILES)
    head = join(
        tag("meta", {"charset": "utf-8"}),
        tag("meta", {"http-equiv": "Content-Security-Policy", "content": _policy(style, script)}),
        tag("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        tag("meta", {"name": "color-scheme", "content": "light dark"}),
        tag("meta", {"name": "referrer", "content": "no-referrer"}),
        tag("link", {"rel": "icon", "href": _ICON}),
        tag("title", {}, f"{_title(report)} – kirin"),
        tag("style", {}, Markup(style)),
    )
    cards = render_cards(report, source, pictures)
    empty = tag("p", {"class": "empty", "hidden": bool(cards)}, "Nothing matches." if cards else "Nothing was made.")
    body = join(
        tag("a", {"class": "skip", "href": "#videos"}, "Skip to the videos"),
        _header(report),
        _problems(report),
        tag("div", {"class": "panels"}, render_timeline(report), render_costs(report)),
        _filters(report),
        tag("main", {"id": "videos", "tabindex": "-1"}, tag("div", {"class": "grid"}, join(*cards)), empty),
        tag("svg", {"class": "unseen", "aria-hidden": "true"}, join(*pictures.symbols)) if pictures.symbols else "",
        tag("p", {"class": "unseen", "id": "said", "role": "status"}),
        tag("footer", {}, f"Made by kirin {report.version}".rstrip()),
        tag("script", {}, Markup(script)),
    )
    return f"<!doctype html>\n{tag('html', {'lang': 'en'}, tag('head', {}, head), tag('body', {}, body))}\n"


def _policy(style: str, script: str) -> str:
    hashes = [b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    rules = {
        "default-src": "'none'", "style-src": f"'sha256-{hashes[0]}'", "script-src": f"'sha256-{hashes[1]}'",
        "media-src": "'self' file: data:", "img-src": "'self' file: data:", "base-uri": "'none'",
        "form-action": "'none'",
    }  # fmt: skip
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _title(report: Report) -> str:
    """What the page is called: the job file, the only job, or how many there are."""
    sources = {job.file for job in report.jobs}
    if len(report.jobs) == 1:
        return report.jobs[0].name or "1 job"
    file = sources.pop() if len(sources) == 1 else ""
    return PurePath(file).stem or pluralize(len(report.jobs), "job")


def _header(report: Report) -> Markup:
    facts = [format_timestamp(report.ended)] if report.ended else []
    facts += [f"run {report.run_id}"] if report.run_id else []
    facts += [report.broken_off] if report.broken_off else []
    facts += ["made in a sandbox, for no money"] if report.is_sandbox else []
    stats = []
    for name, amount, of, kind in _stats(report):
        value = tag("dd", {}, amount, tag("small", {}, of) if of else "")
        stats.append(tag("div", {"class": f"stat {kind}".strip()}, tag("dt", {}, name), value))
    return tag(
        "header", {"class": "hero"},
        tag("p", {"class": "brand"}, _LOGO, "kirin"),
        tag("h1", {}, tag("bdi", {}, _title(report))),
        tag("p", {"class": "sub"}, " · ".join(facts)),
        tag("dl", {"class": "stats"}, join(*stats)),
    )  # fmt: skip


def _stats(report: Report) -> list[tuple[str, str, str, str]]:
    """Name, amount, what it is out of, and the class of each number at the top."""
    videos = sum(len(job.files) for job in report.jobs)
    bad = sum(STATES[job.state].counts_as == "failed" for job in report.jobs)
    rows = [
        ("Videos", str(videos), f"from {pluralize(len(report.jobs), 'job')}", ""),
        ("Cost", format_usd(report.cost), "", ""),
    ]
    if report.seconds is not None:
        rows.append(("Took", format_seconds(report.seconds), "", ""))
    times = [job.seconds for job in report.jobs if job.seconds is not None]
    if times:
        rows.append(("Per video", format_seconds(sum(times) / len(times)), "on average", ""))
    rows += [("Failed", str(bad), "", "bad")] if bad else []
    rows += [("May be charged", str(report.perhaps_charged), "", "bad")] if report.perhaps_charged else []
    return rows


def _problems(report: Report) -> Markup:
    rows = []
    if report.missing_shards:
        numbers = ", ".join(map(str, report.missing_shards))
        rows.append(tag("li", {}, f"There is no result of these shards: {numbers}."))
    for problem in report.problems:
        position = tag("code", {}, problem.file + problem.line_column) if problem.file else ""
        hint = tag("span", {"class": "hint"}, f" {problem.hint}") if problem.hint else ""
        rows.append(tag("li", {}, position, " ", tag("bdi", {}, problem.message), hint))
    if not rows:
        return Markup()
    return tag("section", {"class": "panel problems"}, tag("h2", {}, "Problems"), tag("ul", {}, join(*rows)))


_SORTS: Final = {
    "": "In order", "name": "By name", "cost": "Dearest", "seconds": "Slowest", "time": "Latest", "state": "Gravest",
}  # fmt: skip
_GROUPS: Final = {
    "": "No groups", "job": "By job", "model": "By model", "tags": "By tag", "state": "By state", "file": "By file",
}  # fmt: skip


def _filters(report: Report) -> Markup:
    """What the script filters, sorts and groups by; without it there is nothing to be shown of this."""
    chips = []
    for state, number in report.states.items():
        box = tag("input", {"type": "checkbox", "name": "state", "value": state})
        label = tag("span", {}, state, " ", tag("b", {}, str(number)))
        chips.append(tag("label", {"class": f"chip {state}"}, box, label))
    models = dict.fromkeys(job.model for job in report.jobs if job.model)
    tags = dict.fromkeys(word for job in report.jobs for word in job.tags)
    many = {"job": 2, "model": len(models), "tags": 1 + len(tags), "state": len(chips)}
    many["file"] = len({job.file for job in report.jobs})
    groups = {name: text for name, text in _GROUPS.items() if not name or many[name] > 1}
    return tag(
        "form", {"class": "filters", "role": "search", "hidden": True, "autocomplete": "off"},
        tag("label", {"class": "find"}, tag("span", {"class": "unseen"}, "Find"),
            tag("input", {"type": "search", "name": "q", "placeholder": "Find in names, prompts, parameters  ( / )"})),
        tag("fieldset", {"class": "chips"}, tag("legend", {"class": "unseen"}, "State"), join(*chips)),
        _select("Model", "model", {"": "All models", **{model: model for model in models}}) if len(models) > 1 else "",
        _select("Tag", "tag", {"": "All tags", **{word: word for word in sorted(tags)}}) if tags else "",
        _select("Group", "group", groups),
        _select("Sort", "sort", _SORTS),
        tag("output", {"class": "count", "aria-live": "polite"}, pluralize(len(report.jobs), "job")),
    )  # fmt: skip


def _select(label: str, name: str, options: Mapping[str, str]) -> Markup:
    shown = [tag("option", {"value": value}, text) for value, text in options.items()]
    seen = tag("span", {"class": "unseen"}, label)
    return tag("label", {"class": "select"}, seen, tag("select", {"name": name}, join(*shown)))
