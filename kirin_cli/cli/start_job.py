"""The job that a model command starts from: of a job file, of a note beside a video, or a task of the ledger.

Flags go over it. Sends nothing; says of each input whether it is still what it was.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from kirin_cli.errors import UsageError
from kirin_cli.modelspec.record import Record
from kirin_cli.tree import walk

if TYPE_CHECKING:
    from kirin_cli.jobs.job import JobSpec, OutputSpec
    from kirin_cli.ledger.entry import LedgerEntry
    from kirin_cli.modelspec.model import Model
    from kirin_cli.modelspec.types import Finding
    from kirin_cli.run.outputs import Sidecar

NOTE_SUFFIX: Final = ".json"
_MASKED: Final = re.compile(r"\*\*\*[0-9a-f]{8}|=\*\*\*(?=$|[&#;])")
"""What stands for a secret of the environment, or for the signature of a URL, in what is kept of a request."""
NO_PARAMS: Final[Mapping[str, object]] = {}


class UnusableInput(str):
    """A value that cannot be sent as it was: the text is the path of its file, "" for none.

    `reason` says why; `is_there`: another file is at the path now.
    """

    __slots__ = ("is_there", "reason")
    reason: str
    is_there: bool

    def __new__(cls, path: str, reason: str, *, is_there: bool = False) -> Self:
        """The value; `reason` goes on where a sentence begins with the parameter's name."""
        value = super().__new__(cls, path)
        value.reason, value.is_there = reason, is_there
        return value


class StartJob(Record, kw_only=True):
    """Parameters to start from. `base` is the folder that their paths are relative to, None: they are absolute.

    `spec` is the job of the file, None for none; `output` where that puts the video, and `count` how often it is made.
    `findings` are what is wrong with the file; with an error among them there are no parameters.
    """

    params: Mapping[str, object]
    extra_params: Mapping[str, object] = NO_PARAMS
    base: Path | None = None
    spec: JobSpec | None = None
    output: OutputSpec | None = None
    count: int = 1
    findings: tuple[Finding, ...] = ()

    @property
    def fatal_findings(self) -> list[Finding]:
        """All that is wrong with the file, where an error is among it."""
        return list(self.findings) if any(finding.severity == "error" for finding in self.findings) else []

    def ensure_inside(self) -> None:
        """Raise UsageError where the output folder of the file leads out of its own through a link (fault X1)."""
        folder = self.output.dir if self.output else None
        if folder and self.base and self.spec:
            from kirin_cli.jobs.filenames import is_inside
            from kirin_cli.run.path_registry import outside_error

            if not is_inside(self.base, folder):
                raise outside_error(folder, self.spec.file)


def read_start_job(model: Model, path: Path, allow_env: list[str] | None) -> StartJob:
    """The job of `--file`: a job file with one job, or a note. Raises UsageError where that holds no such job."""
    from kirin_cli.run.outputs import read_sidecar

    sidecar = read_sidecar(path) if path.suffix == NOTE_SUFFIX else None
    if sidecar is not None:
        if sidecar.request.get("model") != model.id:
            raise UsageError(f"{path}: the video is of {sidecar.request.get('model')!r}, this command is {model.id}")
        return start_from_request(model, sidecar.request, files_of_sidecar(sidecar), str(path))
    return _read_job(model, path, allow_env)


def _read_job(model: Model, path: Path, allow_env: list[str] | None) -> StartJob:
    from kirin_cli.cli.flags import JobFileFlags
    from kirin_cli.cli.job_files import ModelFields, external_inputs
    from kirin_cli.jobs.job import OutputSpec
    from kirin_cli.jobs.parser import read_job_file
    from kirin_cli.run.check import file_findings, make_finding

    inputs = external_inputs(JobFileFlags(files=[path], allow_env=allow_env))
    inputs.set_flag = "kirin run --set"
    file = read_job_file(path, ModelFields([model.id]), inputs=inputs)
    if file.problems:
        return StartJob(params=NO_PARAMS, findings=tuple(file_findings([file])))
    jobs = [job for job in file.jobs if job.take == 1]
    if len(jobs) != 1:
        raise UsageError(f"{path} holds {len(jobs)} jobs; --file takes one", hint="use kirin run for more")
    job = jobs[0]
    if job.model != model.id:
        raise UsageError(f"{path}:{job.line}: the job is for {job.model!r}, this command is {model.id}")
    return StartJob(
        params=job.params, extra_params=job.extra_params, base=job.base, spec=job,
        output=None if job.output == OutputSpec() else job.output, count=job.takes,
        findings=(*file_findings([file]), *(make_finding(job, problem) for problem in job.problems)),
    )  # fmt: skip


def start_from_entry(model: Model, entry: LedgerEntry, sidecar: Sidecar | None) -> StartJob:
    """The job of a task that the ledger knows; a sidecar beside its video may know the inputs at another place.

    Raises UsageError where nobody knows what was asked for.
    """
    import json

    files = {digest: [str(path)] for digest, path in (json.loads(entry.plan or "{}").get("media") or {}).items()}
    for digest, paths in files_of_sidecar(sidecar).items() if sidecar else ():
        files.setdefault(digest, []).extend(paths)
    request = json.loads(entry.request or "{}")
    return start_from_request(model, request, files, f"task {entry.either_id}")


def files_of_sidecar(sidecar: Sidecar) -> dict[str, list[str]]:
    """Where the inputs of a video are, by their SHA-256: its sidecar has their paths from its own folder on."""
    files: dict[str, list[str]] = {}
    rows = sidecar.raw.get("inputs")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and row.get("path"):
            path = os.path.normpath(sidecar.path.parent.absolute() / str(row["path"]))
            files.setdefault(str(row.get("sha256")), []).append(path)
    return files


def start_from_request(
    model: Model, request: Mapping[str, object], files: Mapping[str, Sequence[str]], source: str
) -> StartJob:
    """The job of a request as it is kept, its media by their SHA-256; `files` has paths of these, the first is best.

    Raises UsageError for one without parameters: it was taken up by its id alone.
    """
    params = request.get("params")
    if not isinstance(params, dict) or not params:
        message = f"{source} was taken up by its id alone; what was asked for is not known here"
        raise UsageError(message, hint=f"kirin {model.command} --help shows how to ask for it")
    filled = {name: _fill(value, files, source) for name, value in params.items()}
    return StartJob(
        params={name: value for name, value in filled.items() if name in model.names},
        extra_params={name: value for name, value in filled.items() if name not in model.names},
    )


def _fill(tree: object, files: Mapping[str, Sequence[str]], source: str) -> object:
    """The tree with the paths of media in place of their SHA-256."""
    if isinstance(tree, list):
        return [_fill(value, files, source) for value in tree]
    if isinstance(tree, str):
        return UnusableInput("", f"held a secret in {source}, which is not kept") if _MASKED.search(tree) else tree
    if not isinstance(tree, dict):
        return tree
    if len(tree) == 1 and isinstance(tree.get("job"), str):
        return UnusableInput("", f"was the video of another job in {source}")
    if len(tree) == 1 and isinstance(tree.get("sha256"), str):
        return _find_input(str(tree["sha256"]), files, source)
    return {name: _fill(value, files, source) for name, value in tree.items()}


def _find_input(digest: str, files: Mapping[str, Sequence[str]], source: str) -> str:
    paths = files.get(digest, ())
    states = {path: _state(path, digest) for path in paths}
    for path, state in states.items():
        if not state:
            return path
    if not states:
        return UnusableInput("", f"was given as Base64 in {source}, or from a file that is not known any more")
    path = next((path for path, state in states.items() if state == CHANGED), paths[0])
    return UnusableInput(path, f"was {path} in {source}; that file {states[path]}", is_there=states[path] == CHANGED)


CHANGED: Final = "has changed since then"


def _state(path: str, digest: str) -> str:
    """What is wrong with a file that had this SHA-256; "" where it still has it."""
    import hashlib

    from kirin_cli.regular_file import open_regular_file

    try:
        with open_regular_file(Path(path)) as file:
            return "" if hashlib.file_digest(file, "sha256").hexdigest() == digest else CHANGED
    except FileNotFoundError:
        return "is gone"
    except (OSError, ValueError) as error:  # ValueError: a NUL in a note of a stranger's
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"


def unusable_inputs(params: object, path: str = "") -> Iterator[tuple[str, UnusableInput]]:
    """What cannot be sent as it was, by its path in the parameters; `path` is where these stand themselves."""
    return ((path_of_leaf, leaf) for path_of_leaf, leaf in walk(params, path) if isinstance(leaf, UnusableInput))
