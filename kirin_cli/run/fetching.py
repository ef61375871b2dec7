"""From a completed task to its files: fresh URLs where they are dead, then download, note, ledger (promise 7)."""

from decimal import Decimal
from pathlib import Path
from typing import Final

from kirin_cli.api.attempts import Progress
from kirin_cli.api.client import Found
from kirin_cli.api.download import DeadUrl, Fetched
from kirin_cli.api.parts import BeingWritten
from kirin_cli.errors import UsageError
from kirin_cli.ledger.states import Event
from kirin_cli.run import ends, sidecar, targets
from kirin_cli.run.course import Course, Later, Next
from kirin_cli.run.events import Downloading
from kirin_cli.run.identity import canonical
from kirin_cli.run.job import Output
from kirin_cli.run.replies import DENIALS, reason, refused
from kirin_cli.run.times import times_of
from kirin_cli.wire.answers import Content, TaskState

FRESH_URLS: Final = 2
"""How often a task is asked for fresh URLs before its result counts as expired."""


def fetch(course: Course) -> Next:
    """Take the next step towards the files: they may be there, their URLs may have to be asked for."""
    if not course.move(Event.FETCH):
        return Later(0)
    there = targets.finished(course.job, _path(course, 1, "mp4"))
    if there is not None:
        return _saved(course, there[1])
    if course.task is None:
        return _ask(course)
    try:
        return _saved(course, _download(course, course.task.outputs))
    except DeadUrl as dead:
        return _stale(course, str(dead))
    except BeingWritten as busy:
        return course.again("download", busy.message)


def look_again(course: Course) -> Next:
    """A job that was done in an earlier run: skip it if its files are there, else fetch them again, free of charge."""
    there = targets.finished(course.job, _path(course, 1, "mp4"))
    if there is not None:
        return ends.skipped(course, there[1], "its file is there")
    course.move(Event.FILE_GONE, "the file is gone")
    return Later(0)


def _ask(course: Course) -> Next:
    queried = course.world.client.query(course.entry.task_id or course.job.external_id)
    if queried.kind is Found.FOUND and queried.task:
        if queried.task.state is TaskState.RUNNING:
            return course.again("poll", f"completed, and now {queried.task.status!r} again")
        course.failures, course.task = 0, queried.task
        return Later(0)
    if queried.kind in DENIALS:
        return refused(course, queried)
    if queried.kind is Found.ABSENT:
        return _stale(course, "the service no longer knows the task")
    return course.again("poll", reason(queried), queried.retry_after)


def _stale(course: Course, why: str) -> Next:
    if course.stale >= FRESH_URLS:
        course.move(Event.EXPIRED, why)
        return ends.expired(course, why)
    course.stale += 1
    course.task = None
    return course.again("download", f"{why}; asking for a fresh URL")


def _download(course: Course, contents: tuple[Content, ...]) -> tuple[Output, ...]:
    if not contents:
        raise DeadUrl("the task is completed, but names no file")
    outputs: list[Output] = []
    for number, content in enumerate(contents, start=1):
        path = _path(course, number, targets.extension(content))

        def note(got: Fetched, content: Content = content) -> None:
            about = {"type": content.type, "url": content.url, "duration": content.duration, "sha256": got.sha256}
            outputs.append(Output(path=got.path, bytes=got.bytes, **about))
            # Before the file has its final name: after a crash the note tells whose it is.
            sidecar.write(course.job, course.world.origin, _note(course, len(contents)), tuple(outputs))

        course.world.downloader.fetch(
            content.url, path, origin=course.world.host, kind="image" if content.type == "image" else "video",
            on_progress=_teller(course), force=_may_replace(course, path), before_publish=note,
        )  # fmt: skip
    return tuple(outputs)


def _may_replace(course: Course, path: Path) -> bool:
    """As `targets.check_free`, for a video that is paid for."""
    try:
        return targets.check_free(course.job, path)
    except UsageError as taken:
        name = course.entry.task_id or course.job.external_id
        hint = f"move it away, or kirin download {name} -o FOLDER: the video is paid for, fetching it is free"
        raise UsageError(taken.message, hint=hint) from None


def _saved(course: Course, outputs: tuple[Output, ...]) -> Next:
    course.move(Event.SAVED, outputs=canonical([_plain(output) for output in outputs]))
    return ends.done(course, outputs)


def _path(course: Course, number: int, ext: str) -> Path:
    task_id = course.entry.task_id or ""
    return targets.path_of(course.job, n=number, ext=ext, task_id=task_id, day=course.entry.created)


def _teller(course: Course) -> Progress:
    def tell(received: int, total: int | None) -> None:
        course.emit(Downloading, received=received, total=total)

    return tell


def _note(course: Course, count: int) -> dict[str, object]:
    entry = course.entry
    return {
        "files": count,
        "task_id": entry.task_id or "",
        "cost_usd": _text(entry.cost),
        "times": times_of(entry, course.world.clock.time()),
    }


def _text(cost: Decimal | None) -> str | None:
    return None if cost is None else str(cost)


def _plain(output: Output) -> dict[str, object]:
    return {"type": output.type, "path": str(output.path), "bytes": output.bytes, "sha256": output.sha256}
