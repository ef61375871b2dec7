"""The files of a completed task: fresh URLs where they are dead, then download, sidecar, ledger (promise 7)."""

from decimal import Decimal
from pathlib import Path

from kirin_cli.api.client import QueryStatus
from kirin_cli.api.download import DownloadedFile, ProgressCallback, ResultUrlExpired
from kirin_cli.api.part_file import PartFileLocked
from kirin_cli.api.retry import MAX_FRESH_URLS
from kirin_cli.errors import UsageError
from kirin_cli.ledger.states import LedgerEvent
from kirin_cli.run.events import Downloading
from kirin_cli.run.identity import canonical_json
from kirin_cli.run.job import OutputFile
from kirin_cli.run.job_run import JobRun, NextStep, Wait
from kirin_cli.run.outcomes import entry_times, finish_done, finish_expired, finish_skipped
from kirin_cli.run.outputs import ensure_free, existing_result, extension, output_path, write_sidecar
from kirin_cli.run.submit import DENIALS, describe_reply, stop_run
from kirin_cli.wire.responses import OutputContent, TaskState


def fetch_result(job_run: JobRun) -> NextStep:
    """Take the next step towards the files: they may be there, their URLs may have to be asked for."""
    if not job_run.transition(LedgerEvent.FETCH):
        return Wait(0)
    there = existing_result(job_run.job, _path(job_run, 1, "mp4"))
    if there is not None:
        return _on_saved(job_run, there[1])
    if job_run.task is None:
        return _ask(job_run)
    try:
        return _on_saved(job_run, _download(job_run, job_run.task.outputs))
    except ResultUrlExpired as dead:
        return _on_expired_url(job_run, str(dead))
    except PartFileLocked as busy:
        return job_run.retry("download", busy.message)


def verify_done(job_run: JobRun) -> NextStep:
    """A job that was done in an earlier run: skip it if its files are there, else fetch them again, free of charge."""
    there = existing_result(job_run.job, _path(job_run, 1, "mp4"))
    if there is not None:
        return finish_skipped(job_run, there[1], "its file is there")
    job_run.transition(LedgerEvent.FILE_GONE, "the file is gone")
    return Wait(0)


def _ask(job_run: JobRun) -> NextStep:
    queried = job_run.context.client.query(job_run.entry.task_id or job_run.job.external_id)
    if queried.kind is QueryStatus.FOUND and queried.task:
        if queried.task.state is TaskState.RUNNING:
            return job_run.retry("poll", f"completed, and now {queried.task.status!r} again")
        job_run.failures, job_run.task = 0, queried.task
        return Wait(0)
    if queried.kind in DENIALS:
        return stop_run(job_run, queried)
    if queried.kind is QueryStatus.ABSENT:
        return _on_expired_url(job_run, "the service no longer knows the task")
    return job_run.retry("poll", describe_reply(queried), queried.retry_after)


def _on_expired_url(job_run: JobRun, why: str) -> NextStep:
    if job_run.expired_urls >= MAX_FRESH_URLS:
        job_run.transition(LedgerEvent.EXPIRED, why)
        return finish_expired(job_run, why)
    job_run.expired_urls += 1
    job_run.task = None
    return job_run.retry("download", f"{why}; asking for a fresh URL")


def _download(job_run: JobRun, contents: tuple[OutputContent, ...]) -> tuple[OutputFile, ...]:
    if not contents:
        raise ResultUrlExpired("the task is completed, but names no file")
    outputs: list[OutputFile] = []
    for number, content in enumerate(contents, start=1):
        path = _path(job_run, number, extension(content))

        def note(got: DownloadedFile, content: OutputContent = content) -> None:
            about = {"type": content.type, "url": content.url, "duration": content.duration, "sha256": got.sha256}
            outputs.append(OutputFile(path=got.path, bytes=got.bytes, **about))
            # Before the file has its final name: after a crash the sidecar tells whose it is.
            write_sidecar(job_run.job, job_run.context.origin, _note(job_run, len(contents)), tuple(outputs))

        job_run.context.downloader.fetch(
            content.url, path, origin=job_run.context.host, kind="image" if content.type == "image" else "video",
            on_progress=_download_progress(job_run), force=_may_replace(job_run, path), before_publish=note,
        )  # fmt: skip
    return tuple(outputs)


def _may_replace(job_run: JobRun, path: Path) -> bool:
    """As `targets.check_free`, for a video that is paid for."""
    try:
        return ensure_free(job_run.job, path)
    except UsageError as taken:
        name = job_run.entry.task_id or job_run.job.external_id
        hint = f"move it away, or kirin download {name} -o FOLDER: the video is paid for, fetching it is free"
        raise UsageError(taken.message, hint=hint) from None


def _on_saved(job_run: JobRun, outputs: tuple[OutputFile, ...]) -> NextStep:
    job_run.transition(LedgerEvent.SAVED, outputs=canonical_json([_plain(output) for output in outputs]))
    return finish_done(job_run, outputs)


def _path(job_run: JobRun, number: int, ext: str) -> Path:
    task_id = job_run.entry.task_id or ""
    return output_path(job_run.job, n=number, ext=ext, task_id=task_id, now=job_run.entry.created)


def _download_progress(job_run: JobRun) -> ProgressCallback:
    def tell(received: int, total: int | None) -> None:
        job_run.emit(Downloading, received=received, total=total)

    return tell


def _note(job_run: JobRun, count: int) -> dict[str, object]:
    entry = job_run.entry
    return {
        "files": count,
        "task_id": entry.task_id or "",
        "cost_usd": _text(entry.cost),
        "times": entry_times(entry, job_run.context.clock.time()),
    }


def _text(cost: Decimal | None) -> str | None:
    return None if cost is None else str(cost)


def _plain(output: OutputFile) -> dict[str, object]:
    return {"type": output.type, "path": str(output.path), "bytes": output.bytes, "sha256": output.sha256}
