"""The files of a completed task: fresh URLs where they are dead, then download, sidecar, ledger (promise 7)."""

from pathlib import Path
from typing import Final

from kirin_cli.api.client import QueryStatus
from kirin_cli.api.download import DownloadedFile, ResultUrlExpired
from kirin_cli.api.part_file import PartFileLocked
from kirin_cli.atomic_file import OpenFolder
from kirin_cli.errors import ResultUnavailable, UsageError
from kirin_cli.ledger.queries import record_moved_files
from kirin_cli.ledger.states import LedgerEvent, LedgerState
from kirin_cli.redaction import strip_url
from kirin_cli.run.earlier_results import beside_later_result, find_result, move_aside
from kirin_cli.run.events import Downloading, Notice
from kirin_cli.run.identity import canonical_json
from kirin_cli.run.job import OutputFile
from kirin_cli.run.job_run import Finished, JobRun, NextStep, Wait, describe_reply
from kirin_cli.run.outcomes import entry_times, finish, finish_expired
from kirin_cli.run.outputs import (
    EXTENSIONS,
    Sidecar,
    content_kind,
    ensure_free,
    extension,
    named_by_content,
    path_for_entry,
    read_sidecar,
    sidecar_path,
    whole_result,
    write_sidecar,
)
from kirin_cli.run.reconcile import DENIALS, stop_run
from kirin_cli.wire.answer_record import answer_of, without_signatures
from kirin_cli.wire.responses import Task, TaskState

MAX_FILE_NUMBER: Final = 10_000
"""Of the files of one result; a name beyond it is not looked for."""


def fetch_result(job_run: JobRun) -> NextStep:
    """Take the next step towards the files: they may be there, their URLs may have to be asked for."""
    if job_run.entry.state is LedgerState.EXPIRED:  # waited for in an earlier run: this one asks once
        job_run.file_missing_since = job_run.context.clock.now() - job_run.context.result_wait
    is_new = job_run.task is not None and not (job_run.failures or job_run.expired_urls)  # completed a moment ago
    if not (is_new and job_run.entry.state is LedgerState.FETCHING) and not job_run.transition(LedgerEvent.FETCH):
        return Wait(0)
    path = path_for_entry(job_run.job, job_run.entry)
    sidecar = read_sidecar(sidecar_path(path))
    # Of what was never fetched nothing can lie among the earlier results.
    result = whole_result(job_run.job, sidecar) if is_new else find_result(job_run.job, path)
    if result is not None:
        return _on_saved(job_run, result[1])
    if job_run.task is None:
        return _query_urls(job_run)
    try:
        return _on_saved(job_run, _download(job_run, job_run.task, path, sidecar))
    except ResultUrlExpired as error:
        return _on_expired_url(job_run, str(error))
    except PartFileLocked as error:
        return job_run.retry("download", error.message)


def verify_done(job_run: JobRun) -> NextStep:
    """A job that was done in an earlier run: skip it if its files are there, else fetch them again, free of charge."""
    result = find_result(job_run.job, path_for_entry(job_run.job, job_run.entry))
    if result is not None:
        return finish(job_run, "skipped", outputs=result[1], reason="its file is there")
    job_run.transition(LedgerEvent.FILE_GONE, "the file is gone")
    return Wait(0)


def _query_urls(job_run: JobRun) -> NextStep:
    result = job_run.query()
    if result.kind is QueryStatus.FOUND and result.task:
        if result.task.state is TaskState.RUNNING:
            return job_run.retry("poll", f"completed, and now {result.task.status!r} again")
        if result.task.state is TaskState.FAILED and not result.task.outputs:
            words = result.task.failure.message if result.task.failure else result.task.status
            return _on_expired_url(job_run, f"it was completed, and now the service says: {words}")
        job_run.context.outages.on_found(job_run.job.external_id, job_run.context.clock.now())
        job_run.failures, job_run.task = 0, result.task
        return Wait(0)
    if result.kind in DENIALS:
        return stop_run(job_run, result)
    if result.kind is QueryStatus.ABSENT:
        return _on_expired_url(job_run, "the service no longer knows the task")
    return job_run.retry("poll", describe_reply(result), result.retry_after)


def _on_expired_url(job_run: JobRun, reason: str) -> NextStep:
    """A file that is not there, or not yet: it is paid for, so it is asked for with growing pauses (fault D9)."""
    context, now = job_run.context, job_run.context.clock.now()
    since = job_run.file_missing_since = now if job_run.file_missing_since is None else job_run.file_missing_since
    if now - since >= context.result_wait:
        job_run.transition(LedgerEvent.EXPIRED, reason)
        return finish_expired(job_run, reason)
    job_run.expired_urls += 1
    job_run.task = None
    pause = context.schedule.backoff(job_run.expired_urls + 1)
    return job_run.retry("download", f"{reason}; asking for a fresh URL", pause)


def _download(job_run: JobRun, task: Task, planned: Path, sidecar: Sidecar | None) -> tuple[OutputFile, ...]:
    """Fetch every file that can be had; then raise what kept the others away (ResultUnavailable).

    `planned` is the path of the first, which was found free before it was paid for; `sidecar` is what stands beside it.
    """
    if not task.outputs:
        raise ResultUrlExpired("the task is completed, but names no file")
    job, read_at = beside_later_result(job_run.job, job_run.entry, planned, sidecar), planned
    if job is not job_run.job:
        job_run.job, planned = job, path_for_entry(job, job_run.entry)
    paths = _output_paths(job_run, task, planned)
    outputs: list[OutputFile | None] = [None] * len(paths)
    if paths[0] is not read_at:
        sidecar = read_sidecar(sidecar_path(paths[0]))
    if sidecar and sidecar.external_id == job_run.job.external_id:
        outputs = [sidecar.output_at(path, content) for path, content in zip(paths, task.outputs, strict=True)]
    failures: list[ResultUnavailable] = []
    for index in range(len(paths)):
        if outputs[index] is None:
            try:
                _fetch(job_run, task, index, paths, outputs)
            except ResultUnavailable as error:
                failures.append(error)
    job_run.outputs = tuple(filter(None, outputs))
    if failures:
        # A URL that is dead may come to life while it is waited for; what else went wrong is for the next command.
        raise next((error for error in failures if isinstance(error, ResultUrlExpired)), failures[0])
    return job_run.outputs


def _output_paths(job_run: JobRun, task: Task, planned: Path) -> list[Path]:
    """Where the files go: each under the next number that is no other job's."""
    paths: list[Path] = []
    number = 0
    for content in task.outputs:
        number += 1
        ext = extension(content, job_run.job.model.result)
        if not paths and ext == EXTENSIONS[job_run.job.model.result][0]:
            paths.append(planned)
            continue
        path = path_for_entry(job_run.job, job_run.entry, n=number, ext=ext)
        while paths and number < MAX_FILE_NUMBER and _is_taken(job_run, path, paths[0]):
            number += 1
            path = path_for_entry(job_run.job, job_run.entry, n=number, ext=ext)
        paths.append(planned if not paths and planned != path and _is_taken(job_run, path, path) else path)
    return paths


def _is_taken(job_run: JobRun, path: Path, first: Path) -> bool:
    try:
        ensure_free(job_run.job.replace(target=job_run.job.target._replace(replace=False)), path, first)
    except UsageError:
        return True
    return False


def _fetch(job_run: JobRun, task: Task, index: int, paths: list[Path], outputs: list[OutputFile | None]) -> None:
    """Fetch the file of one of the `paths`; of these `outputs` has those that are there, this one afterwards.

    It is called after what it is by its bytes, where its planned name is of another kind.
    """
    content, path, first = task.outputs[index], paths[index], paths[0]
    kind = content_kind(content, job_run.job.model.result)

    def write_down(file: DownloadedFile, folder: OpenFolder) -> tuple[Path, bool]:
        named = named_by_content(job_run.job, path, file.suffix) if file.suffix else path
        if named is not path and _is_taken(job_run, named, first):  # what is paid for is not lost for a suffix
            named = path
        is_replaced = may_replace if named is path else _may_replace(job_run, named, first)
        facts = {"type": content.type or kind, "url": strip_url(content.url), "duration": content.duration}
        outputs[index] = OutputFile(path=named, bytes=file.bytes, sha256=file.sha256, **facts)
        # Before the file has its final name: after a crash the sidecar tells whose it is.
        _keep_earlier_result(job_run, first)
        place = folder if first is path or first.parent == folder.path else None
        _write_sidecar(job_run, task, tuple(filter(None, outputs)), first, place)
        return named, is_replaced

    may_replace = _may_replace(job_run, path, first)
    job_run.context.downloader.fetch(
        content.url, path, origin=job_run.context.host, kind=kind,
        on_progress=lambda received, total: job_run.emit(Downloading, received=received, total=total),
        force=may_replace, before_publish=write_down,
    )  # fmt: skip


def _keep_earlier_result(job_run: JobRun, first: Path) -> None:
    """Move what was made for this take before out of the way, and have the ledger know where it is now."""
    moved = move_aside(job_run.job, first)
    if moved is not None:
        store = job_run.context.ledger.store
        record_moved_files(store, moved.origin, moved.external_id, moved.absolute_files)
        job_run.emit(Notice, text=f"the earlier video is kept as {moved.files[next(iter(moved.files))]}")


def _may_replace(job_run: JobRun, path: Path, first: Path) -> bool:
    """As `ensure_free`, which found the path free before anything was paid for: somebody may have taken it since."""
    try:
        return ensure_free(job_run.job, path, first)
    except UsageError as error:
        name = job_run.entry.task_id or job_run.job.external_id
        hint = f"move it away, or kirin download {name} -o FOLDER: the video is paid for, fetching it is free"
        raise UsageError(error.message, hint=hint) from None


def _write_sidecar(
    job_run: JobRun, task: Task, outputs: tuple[OutputFile, ...], first: Path, folder: OpenFolder | None
) -> None:
    entry, context = job_run.entry, job_run.context
    facts = {
        "files": len(task.outputs),
        "task_id": entry.task_id or "",
        "cost_usd": None if entry.cost is None else str(entry.cost),
        "times": entry_times(entry, context.clock.time()),
        "service": job_run.service,
        "answer": without_signatures(answer_of(job_run.record)),
    }
    write_sidecar(job_run.job, context.origin, facts, outputs, first, folder)


def _on_saved(job_run: JobRun, outputs: tuple[OutputFile, ...]) -> Finished:
    # Whoever asks the ledger may stand in another folder.
    files = [{"type": o.type, "path": str(o.path.absolute()), "bytes": o.bytes, "sha256": o.sha256} for o in outputs]
    job_run.transition(LedgerEvent.SAVED, outputs=canonical_json(files))
    return finish(job_run, "done", outputs=outputs)
