"""A job file, from its path to its jobs and its problems. Knows which parameters models have, not what they mean."""

from dataclasses import dataclass
from pathlib import Path

from kirin_cli.jobs.document import collector_paused, parse
from kirin_cli.jobs.fileproblem import MOST_PROBLEMS, FileProblem, Unreadable
from kirin_cli.jobs.job import Job
from kirin_cli.jobs.limits import LIMITS, Limits
from kirin_cli.jobs.making import Fields
from kirin_cli.jobs.outside import Outside
from kirin_cli.jobs.reader import Reader
from kirin_cli.jobs.shape import Shape
from kirin_cli.jobs.templates import may_interpolate
from kirin_cli.jobs.text import decoded, read_bytes


@dataclass(frozen=True, slots=True)
class JobFile:
    """What a file asks for, and what is wrong with it as a file, by line; with problems, nothing of it may be sent."""

    path: Path
    jobs: tuple[Job, ...]
    problems: tuple[FileProblem, ...]


def read(path: Path, fields: Fields, limits: Limits = LIMITS, outside: Outside | None = None) -> JobFile:
    """The jobs of all documents of a YAML file. Raises nothing: what cannot be read is a problem too.

    Everything that is wrong with a file is found in one pass; only an error of syntax hides what stands below it.
    `outside` is shared by all files of a command; without it there is nothing outside of the file.
    """
    with collector_paused():
        try:
            text = decoded(read_bytes(path, limits.bytes))
        except Unreadable as stop:
            return JobFile(path, (), (stop.problem,))
        stream = parse(text, limits)
        shape = Shape()
        reader = Reader(path, fields, shape, outside or Outside(), limits, interpolates=may_interpolate(text))
        documents = [document for document in stream.documents if document.root is not None]
        jobs: list[Job] = []
        try:
            for document in documents:
                reader.jobs(document, jobs)
        except Unreadable as stop:
            shape.note(stop.problem)
        if not documents and not stream.problems:
            shape.refuse(0, "the file is empty; it needs `jobs:`, or one job's `model:` and `params:`")
    return JobFile(path, tuple(jobs), _in_order([*stream.problems, *shape.problems]))


def _in_order(problems: list[FileProblem]) -> tuple[FileProblem, ...]:
    problems.sort(key=lambda problem: (problem.file, problem))
    shown = problems[:MOST_PROBLEMS]
    if len(problems) > MOST_PROBLEMS:
        last, words = shown[-1], f"more than {MOST_PROBLEMS:,} problems: the rest is not shown"
        shown.append(FileProblem(last.line, last.column, words, last.file))
    return tuple(shown)
