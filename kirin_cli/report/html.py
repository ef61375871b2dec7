"""A run as one page that opens offline: videos that play, prompts, parameters, costs, a timeline of the run."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from pathlib import PurePath
from typing import Final

from kirin_cli.formatting import format_seconds, format_size, format_timestamp, format_usd
from kirin_cli.modelspec.text import pluralize
from kirin_cli.report.html_charts import Markup, join, render_costs, render_timeline, tag
from kirin_cli.report.markdown import file_link
from kirin_cli.report.report import CHARGED, STATES, Report, ReportFile, ReportJob

MAX_EMBEDDED: Final = 64 << 20
"""Bytes of one file; a larger one is linked to."""

MAX_EMBEDDED_TOTAL: Final = 128 << 20
"""Bytes of all files of a page."""

_MEDIA_TYPES: Final = {
    ".mp4": "video/mp4", ".mov": "video/quicktime", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}  # fmt: skip


VideoSource = Callable[[ReportFile], str]
"""The address of a file, as the page refers to it."""


class DataUriEmbedder:
    """Gives the content of each file as a data URI while there is room, and else what `otherwise` gives.

    A result may have come from anywhere and name any file of this machine; its size and its SHA-256 must be those
    that the result states, so nobody learns from the page what they do not know.
    """

    def __init__(self, otherwise: VideoSource) -> None:
        self._otherwise = otherwise
        self._bytes_left = MAX_EMBEDDED_TOTAL

    def __call__(self, file: ReportFile) -> str:
        """The address of a file."""
        media_type = _MEDIA_TYPES.get(file.path.suffix.lower())
        content = _read(file) if media_type and file.bytes <= min(MAX_EMBEDDED, self._bytes_left) else None
        if content is None:
            return self._otherwise(file)
        self._bytes_left -= len(content)
        return f"data:{media_type};base64,{b64encode(content).decode()}"


def _read(file: ReportFile) -> bytes | None:
    try:
        if not file.path.is_file() or file.path.stat().st_size != file.bytes:
            return None
        content = file.path.read_bytes()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == file.sha256 else None


MAX_PRELOADED: Final = 12
"""Videos of which the browser reads the beginning before anybody scrolls to them."""

_HIDDEN_PARAMS: Final = frozenset({"prompt", "external_task_id"})


def render_card(number: int, job: ReportJob, source: VideoSource) -> Markup:
    """The card of the job with this number on the page (from 1)."""
    screens = [_screen(job, file, source, preload=number <= MAX_PRELOADED) for file in job.files]
    blank = tag("div", {"class": f"screen blank {job.state}"}, tag("span", {}, STATES[job.state].no_video))
    take = f" · take {job.take}" if job.take > 1 else ""
    return tag(
        "article",
        {"class": "card", "id": f"job-{number}", "data-state": job.state, "data-model": job.model},
        join(*screens) or blank,
        tag("div", {"class": "body"},
            tag("div", {"class": "title"}, tag("h3", {}, tag("bdi", {}, job.name or job.external_id or job.task_id)),
                tag("span", {"class": f"badge {job.state}"}, job.state)),
            tag("p", {"class": "model"}, job.model + take),
            tag("p", {"class": "prompt", "dir": "auto"}, job.prompt) if job.prompt else "",
            _failure(job),
            tag("ul", {"class": "facts"}, join(*(tag("li", {"title": name}, value) for name, value in _facts(job)))),
            _details(job)),
    )  # fmt: skip


def _screen(job: ReportJob, file: ReportFile, source: VideoSource, *, preload: bool) -> Markup:
    address, label = source(file), f"{job.name}: {file.name}"
    if _MEDIA_TYPES.get(file.path.suffix.lower(), "").startswith("image/"):
        shown = tag("img", {"src": address, "alt": job.prompt or label, "loading": "lazy"})
    else:
        facts = {"controls": True, "loop": True, "playsinline": True, "preload": "metadata" if preload else "none"}
        shown = tag("video", {"src": address, "aria-label": label, **facts})
    return tag("div", {"class": "screen"}, shown)


def _failure(job: ReportJob) -> Markup:
    failure = job.failure
    if failure is None:
        return tag("p", {"class": "reason"}, job.reason) if job.reason else Markup()
    hint = tag("span", {"class": "hint"}, failure.hint) if failure.hint else ""
    return tag(
        "p", {"class": "trouble", "dir": "auto"}, tag("strong", {}, failure.message), " ",
        CHARGED.get(failure.charged, ""), " ", hint,
    )  # fmt: skip


def _facts(job: ReportJob) -> Iterator[tuple[str, str]]:
    if job.cost is not None:
        yield "Cost", format_usd(job.cost)
    for file in job.files[:1]:
        if file.duration:
            yield "Length of the video", f"{file.duration} s"
        yield "Size of the file", format_size(file.bytes)
    if job.seconds is not None:
        yield "From submission to file", f"made in {format_seconds(job.seconds)}"


def _details(job: ReportJob) -> Markup:
    params = ((name, format_param(value)) for name, value in job.params.items() if name not in _HIDDEN_PARAMS)
    origin = (
        ("job file", f"{job.file}:{job.line}" if job.line else job.file),
        ("task", job.task_id),
        ("external id", job.external_id),
    )
    times = ((stage, format_timestamp(seconds, to_the="second")) for stage, seconds in job.times.items())
    hashes = ((file.name, f"SHA-256 {file.sha256}" if file.sha256 else "") for file in job.files)
    service = ((f"service: {name}", format_param(value)) for name, value in job.service.items())
    rows = [
        tag("div", {}, tag("dt", {}, name), tag("dd", {}, tag("bdi", {}, value)))
        for name, value in (*params, *origin, *service, *times, *hashes)
        if value
    ]
    return tag("details", {}, tag("summary", {}, "Parameters and origin"), tag("dl", {}, join(*rows)))


def format_param(value: object) -> str:
    """A parameter as people read it: text as it is, a file by the beginning of its hash, anything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and set(value) == {"sha256"}:
        return f"file with SHA-256 {str(value['sha256'])[:12]}…"
    if isinstance(value, list) and all(isinstance(item, Mapping | str) for item in value):
        return "; ".join(format_param(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {format_param(item)}" for name, item in value.items())
    return json.dumps(value, ensure_ascii=False)


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
    return _page(report, lambda file: file_link(file.path, report.folder))


def render_embedded(report: Report) -> str:
    """The page with its videos inside; one that is not there as it was made, or too large, is linked to."""
    return _page(report, DataUriEmbedder(lambda file: file_link(file.path, report.folder)))


def _page(report: Report, source: VideoSource) -> str:
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
    cards = [render_card(number, job, source) for number, job in enumerate(report.jobs, start=1)]
    empty = tag("p", {"class": "empty", "hidden": bool(cards)}, "Nothing matches." if cards else "Nothing was made.")
    body = join(
        tag("a", {"class": "skip", "href": "#videos"}, "Skip to the videos"),
        _header(report),
        _problems(report),
        tag("div", {"class": "panels"}, render_timeline(report), render_costs(report)),
        _filters(report),
        tag("main", {"id": "videos", "tabindex": "-1"}, tag("div", {"class": "grid"}, join(*cards)), empty),
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


def _filters(report: Report) -> Markup:
    models = dict.fromkeys(job.model for job in report.jobs if job.model)
    chips = []
    for state, number in report.states.items():
        box = tag("input", {"type": "checkbox", "name": "state", "value": state})
        label = tag("span", {}, state, " ", tag("b", {}, str(number)))
        chips.append(tag("label", {"class": f"chip {state}"}, box, label))
    options = [
        tag("option", {"value": ""}, "All models"),
        *(tag("option", {"value": model}, model) for model in models),
    ]
    shown = len(report.jobs) > 1
    return tag(
        "form", {"class": "filters", "role": "search", "hidden": not shown, "autocomplete": "off"},
        tag("label", {"class": "find"}, tag("span", {"class": "unseen"}, "Find"),
            tag("input", {"type": "search", "name": "q", "placeholder": "Find in names, prompts, parameters  ( / )"})),
        tag("fieldset", {"class": "chips"}, tag("legend", {"class": "unseen"}, "State"), join(*chips)),
        tag("label", {"class": "models", "hidden": len(models) < 2}, tag("span", {"class": "unseen"}, "Model"),
            tag("select", {"name": "model"}, join(*options))),
        tag("output", {"class": "count", "aria-live": "polite"}, pluralize(len(report.jobs), "job")),
    )  # fmt: skip
