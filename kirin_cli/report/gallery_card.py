"""One job on the gallery page: its videos, what was asked for, what it cost, and what went wrong."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from kirin_cli.report.amounts import day_and_time, seconds_words
from kirin_cli.report.markdown import link
from kirin_cli.report.markup import Markup, join, tag
from kirin_cli.report.record import JobRecord, Made
from kirin_cli.run.amounts import money, size

Source = Callable[[Made], str]
"""The address of a file, as the page refers to it."""

LOADED_AT_ONCE: Final = 12
"""Videos of which the browser reads the beginning before anybody scrolls to them."""

_HIDDEN_PARAMS: Final = frozenset({"prompt", "external_task_id"})
_CHARGED: Final = {"yes": "It was charged.", "maybe": "It may have been charged.", "no": "It was not charged."}
_WAITS: Final = {
    "pending": "not finished yet",
    "unknown": "outcome unknown",
    "expired": "file no longer on the service",
}


def linked(folder: Path) -> Source:
    """Addresses relative to `folder`."""

    def source(made: Made) -> str:
        return link(made.path, folder)

    return source


def card(number: int, job: JobRecord, source: Source) -> Markup:
    """The card of the job with this number on the page (from 1)."""
    screens = [_screen(job, made, source, early=number <= LOADED_AT_ONCE) for made in job.made]
    take = f" · take {job.take}" if job.take > 1 else ""
    return tag(
        "article",
        {"class": "card", "id": f"job-{number}", "data-state": job.state, "data-model": job.model},
        join(*screens) or _blank(job),
        tag("div", {"class": "body"},
            tag("div", {"class": "title"}, tag("h3", {}, tag("bdi", {}, job.name or job.external_id or job.task_id)),
                tag("span", {"class": f"badge {job.state}"}, job.state)),
            tag("p", {"class": "model"}, job.model + take),
            tag("p", {"class": "prompt", "dir": "auto"}, job.prompt) if job.prompt else "",
            _trouble(job),
            tag("ul", {"class": "facts"}, join(*(tag("li", {"title": name}, value) for name, value in _facts(job)))),
            _details(job)),
    )  # fmt: skip


def _screen(job: JobRecord, made: Made, source: Source, *, early: bool) -> Markup:
    address, label = source(made), f"{job.name}: {made.name}"
    if made.type == "image":
        shown = tag("img", {"src": address, "alt": job.prompt or label, "loading": "lazy"})
    else:
        facts = {"controls": True, "loop": True, "playsinline": True, "preload": "metadata" if early else "none"}
        shown = tag("video", {"src": address, "aria-label": label, **facts})
    return tag("div", {"class": "screen"}, shown)


def _blank(job: JobRecord) -> Markup:
    words = _WAITS.get(job.state, "no video")
    return tag("div", {"class": f"screen blank {job.state}"}, tag("span", {}, words))


def _trouble(job: JobRecord) -> Markup:
    trouble = job.trouble
    if trouble is None:
        return tag("p", {"class": "reason"}, job.reason) if job.reason and job.state != "done" else Markup()
    hint = tag("span", {"class": "hint"}, trouble.hint) if trouble.hint else ""
    return tag(
        "p", {"class": "trouble", "dir": "auto"}, tag("strong", {}, trouble.message), " ",
        _CHARGED.get(trouble.charged, ""), " ", hint,
    )  # fmt: skip


def _facts(job: JobRecord) -> Iterator[tuple[str, str]]:
    if job.cost is not None:
        yield "Cost", money(job.cost)
    for made in job.made[:1]:
        if made.duration:
            yield "Length of the video", f"{made.duration} s"
        yield "Size of the file", size(made.bytes)
    if job.seconds is not None:
        yield "From submission to file", f"made in {seconds_words(job.seconds)}"


def _details(job: JobRecord) -> Markup:
    rows = [
        tag("div", {}, tag("dt", {}, name), tag("dd", {}, tag("bdi", {}, value)))
        for name, value in (*_params(job.params), *_origin(job))
        if value
    ]
    return tag("details", {}, tag("summary", {}, "Parameters and origin"), tag("dl", {}, join(*rows)))


def _params(params: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in params.items():
        if name not in _HIDDEN_PARAMS:
            yield name, in_words(value)


def in_words(value: object) -> str:
    """A parameter as people read it: text as it is, a file by the beginning of its hash, anything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and set(value) == {"sha256"}:
        return f"file with SHA-256 {str(value['sha256'])[:12]}…"
    if isinstance(value, list) and all(isinstance(one, Mapping | str) for one in value):
        return "; ".join(in_words(one) for one in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {in_words(one)}" for name, one in value.items())
    return json.dumps(value, ensure_ascii=False)


def _origin(job: JobRecord) -> Iterator[tuple[str, str]]:
    yield "job file", f"{job.file}:{job.line}" if job.line else job.file
    yield "task", job.task_id
    yield "external id", job.external_id
    for stage, at in job.times.items():
        yield stage, day_and_time(at, to_the="second")
    for made in job.made:
        yield made.name, f"SHA-256 {made.sha256}" if made.sha256 else ""
