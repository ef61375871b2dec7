"""The cards of the page: of each job its videos, the pictures that it was made from, prompt, facts, and commands."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from kirin_cli.formatting import format_seconds, format_size, format_timestamp, format_usd
from kirin_cli.regular_file import is_network_path
from kirin_cli.report.html_charts import Markup, describe, job_label, join, tag
from kirin_cli.report.report import CHARGED, STATES, Report, ReportFile, ReportJob
from kirin_cli.report.result_files import media_type, size_on_disk
from kirin_cli.shell_words import join_words

MAX_PRELOADED: Final = 12
"""Videos of which the browser reads the beginning before anybody scrolls to them."""

_NAME_PARTS: Final = re.compile(r"[^\[,]*[\[,]+|[^\[,]+")
_SAFE_WORD: Final = re.compile(r"[\w.,:/\\@=+\[\] -]+")
"""What POSIX shells, PowerShell and cmd all take as it is when it is quoted."""
_WORD_BREAK: Final = Markup("<wbr>")
_HIDDEN_PARAMS: Final = frozenset({"prompt", "external_task_id"})
_COPY_PROMPT: Final = Markup('<button type="button" class="action" data-copy="prompt" hidden>Prompt</button>')
_COPY_COMMAND: Final = Markup('<button type="button" class="action" data-copy="command" hidden>Command</button>')

FileSource = Callable[[ReportFile], str]
"""The address of a file, as the page refers to it."""
Picture = Callable[[ReportFile], Markup]
"""A small picture of a file that a job was made from."""


def render_cards(report: Report, source: FileSource, picture: Picture) -> list[Markup]:
    """The cards in order, with all takes of a job side by side where its first one stands."""
    by_take: dict[object, list[tuple[int, ReportJob]]] = {}
    for number, job in enumerate(report.jobs, start=1):
        by_take.setdefault((job.file, job.name, job.model) if job.name else number, []).append((number, job))
    shown = []
    for takes in by_take.values():
        takes.sort(key=lambda numbered: numbered[1].take)
        are_apart = len({job.take for _, job in takes}) == len(takes) > 1
        cards = [
            render_card(number, job, source, picture, command_of(job, report), is_take=are_apart)
            for number, job in takes
        ]
        shown += [_side_by_side(takes[0][1].name, cards)] if are_apart else cards
    return shown


def _side_by_side(name: str, cards: Sequence[Markup]) -> Markup:
    number = str(len(cards))
    caption = tag("p", {"class": "caption"}, tag("bdi", {}, name), tag("span", {}, f"{number} takes"))
    facts = {"class": "takes", "data-size": number, "aria-label": f"{name}: {number} takes"}
    return tag("section", facts, caption, tag("div", {"class": "side"}, join(*cards)))


def render_card(
    number: int, job: ReportJob, source: FileSource, picture: Picture, command: str, *, is_take: bool
) -> Markup:
    """The card of the job with this number on the page (from 1); `is_take`: other takes of it stand beside it."""
    name, heading = job.name or job.external_id or job.task_id, f"name-{number}"
    label = {"aria-label": f"{name}, take {job.take}"} if is_take else {"aria-labelledby": heading}
    files = [(file, source(file)) for file in job.files]
    screens = [_screen(job, file, address, preload=number <= MAX_PRELOADED) for file, address in files]
    blank = tag("div", {"class": f"screen blank {job.state}"}, tag("span", {}, STATES[job.state].no_video))
    inputs = [tag("li", {}, picture(file)) for file in job.inputs if file.name]
    return tag(
        "article", {"class": "card", "id": f"job-{number}", **label, **_sort_facts(job)},
        join(*screens) or blank,
        tag("ul", {"class": "inputs", "aria-label": f"{name}: made from"}, join(*inputs)) if inputs else "",
        tag("div", {"class": "body"},
            tag("div", {"class": "title"}, tag("h3", {"id": heading}, tag("bdi", {}, *_breakable(name))),
                tag("span", {"class": f"badge {job.state}"}, job.state)),
            tag("p", {"class": "model"}, job.model + (f" · take {job.take}" if is_take or job.take > 1 else "")),
            tag("p", {"class": "prompt", "dir": "auto"}, job.prompt) if job.prompt else "",
            _tags(job.tags) if job.tags else "",
            _failure(job),
            tag("ul", {"class": "facts"}, join(*[tag("li", {"title": name}, value) for name, value in _facts(job)])),
            _actions(job, files, has_command=bool(command)),
            _details(job, command)),
    )  # fmt: skip


def _breakable(name: str) -> Iterator[str]:
    """The name with places where a line may end, behind what a matrix puts into it."""
    for part in _NAME_PARTS.findall(name):
        yield part
        yield _WORD_BREAK


def _sort_facts(job: ReportJob) -> dict[str, str | bool]:
    """What the cards are filtered, sorted and grouped by."""
    times = [job.times[stage] for stage in ("fetched", "failed", "submitted") if stage in job.times]
    facts: dict[str, str | bool] = {"data-state": job.state, "data-model": job.model}
    more = {
        "data-job": job_label(job)[0], "data-file": job.file, "data-tags": "\n".join(job.tags),
        "data-cost": "" if job.cost is None else str(job.cost),
        "data-seconds": "" if job.seconds is None else f"{job.seconds:.1f}",
        "data-time": f"{times[0]:.0f}" if times else "",
    }  # fmt: skip
    return facts | {name: value for name, value in more.items() if value}


def _screen(job: ReportJob, file: ReportFile, address: str, *, preload: bool) -> Markup:
    label = f"{job.name}: {file.name}"
    if media_type(file).startswith("image/"):
        shown = tag("img", {"src": address, "alt": job.prompt or label, "loading": "lazy"})
    elif media_type(file).startswith("audio/"):
        shown = tag("audio", {"src": address, "aria-label": label, "controls": True, "preload": "none"})
    else:
        facts = {"controls": True, "loop": True, "playsinline": True, "preload": "metadata" if preload else "none"}
        shown = tag("video", {"src": address, "aria-label": label, **facts})
    is_there = address.startswith("data:") or size_on_disk(file) == file.bytes
    gone = "" if is_there else tag("p", {"class": "gone"}, "Not there as it was made: ", tag("bdi", {}, file.name))
    return tag("div", {"class": "screen" if is_there else "screen lost"}, shown, gone)


def _tags(tags: Iterable[str]) -> Markup:
    return tag("ul", {"class": "tags", "aria-label": "Tags"}, join(*[tag("li", {}, word) for word in tags]))


def _failure(job: ReportJob) -> Markup:
    failure = job.failure
    if failure is None:
        return tag("p", {"class": "reason"}, job.reason) if job.reason else Markup()
    hint = tag("span", {"class": "hint"}, failure.hint) if failure.hint else ""
    return tag(
        "p", {"class": f"trouble {job.state}", "dir": "auto"}, tag("strong", {}, failure.message), " ",
        CHARGED.get(failure.charged, ""), " ", hint,
    )  # fmt: skip


def _facts(job: ReportJob) -> Iterator[tuple[str, str]]:
    if job.cost is not None:
        yield "Cost", format_usd(job.cost)
    for file in job.files[:1]:
        if duration := file.duration or job.duration:
            yield "Length of the video", f"{duration.removesuffix('.0')} s"
        yield "Size of the file", format_size(file.bytes)
    if job.seconds is not None:
        has_failed = STATES[job.state].counts_as == "failed"
        yield (
            "From submission to the end",
            f"{'failed after' if has_failed else 'made in'} {format_seconds(job.seconds)}",
        )


def _actions(job: ReportJob, files: Iterable[tuple[ReportFile, str]], *, has_command: bool) -> Markup:
    """Open and save of each file; where it is inside the page, the script does both from there."""
    actions = []
    for file, address in files:
        if address.startswith("data:"):
            facts: dict[str, str | bool] = {"type": "button", "class": "action", "hidden": True}
            actions += [
                tag("button", {**facts, f"data-{verb.lower()}": file.name, "aria-label": f"{verb} {file.name}"}, verb)
                for verb in ("Open", "Save")
            ]
            continue
        link = {"class": "action", "href": address}
        actions.append(
            tag("a", {**link, "target": "_blank", "rel": "noopener", "aria-label": f"Open {file.name}"}, "Open")
        )
        actions.append(tag("a", {**link, "download": file.name, "aria-label": f"Save {file.name}"}, "Save"))
    actions += [_COPY_PROMPT] * bool(job.prompt) + [_COPY_COMMAND] * has_command
    return tag("p", {"class": "actions"}, join(*actions)) if actions else Markup()


def command_of(job: ReportJob, report: Report) -> str:
    """The command that goes on with the job, or makes it as its file says; "" where none is known.

    What was made in a sandbox has a command for a sandbox, where nothing of it is left to go on with.

    A result may have come from anywhere, and a page is read on any system: it is made of the texts that the card shows,
    each quoted, and only where no shell makes anything of them then.
    """
    task = "" if report.is_sandbox else job.task_id or job.external_id
    if job.state in {"pending", "unknown", "expired"} and task and not task.startswith("-"):
        words = ["kirin", "download" if job.state == "expired" else "wait", task]
        conflict = join_words(("kirin", "resolve", job.external_id))
        decide, _, other = (job.failure.next if job.failure else "").partition(" --adopt ")
        if decide == conflict and not job.external_id.startswith("-") and not other.startswith("-"):
            words = ["kirin", "resolve", job.external_id, *(["--adopt", other] if other else [])]
    elif job.file not in {"", "-"} and job.name and not job.file.startswith("-"):
        retry = ["--retry-failed"] if job.state in {"failed", "rejected"} else []
        words = ["kirin", "run", job.file, f"--only={job.name}", *retry]
        words += [f"--scope={job.scope}"] if job.scope else []
        words += ["--sandbox"] if report.is_sandbox else []
    elif task and not task.startswith("-"):
        words = ["kirin", "again", task, "--dry-run"]  # shows the request; without the flag it is paid for
    else:
        return ""
    is_safe = all(_SAFE_WORD.fullmatch(word) and not is_network_path(word) for word in words)
    return join_words(words) if is_safe else ""


def _details(job: ReportJob, command: str) -> Markup:
    params = ((name, format_param(value)) for name, value in job.params.items() if name not in _HIDDEN_PARAMS)
    origin = (
        ("job file", f"{job.file}:{job.line}" if job.line else job.file),
        ("task", job.task_id),
        ("external id", job.external_id),
    )
    times = ((stage, format_timestamp(seconds, to_the="second")) for stage, seconds in job.times.items())
    hashes = ((file.name, f"SHA-256 {file.sha256}" if file.sha256 else "") for file in job.files)
    service = ((f"service: {name}", format_param(value)) for name, value in job.service.items())
    rows = [describe(name, value) for name, value in (*params, *origin, *service, *times, *hashes) if value]
    if command:
        rows.append(tag("div", {}, tag("dt", {}, "command"), tag("dd", {}, tag("code", {}, command))))
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
