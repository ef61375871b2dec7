"""Which jobs of a run are wanted: `--only` by name, `--tag` by tag. Runs after expansion, before any check.

A pattern holds for the name of a job and for that of the entry it came from: `--only cup` takes all of `cup[…]`.
Brackets stand for themselves where a job is found that way, since names have them; else they are a set of characters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from kirin_cli.jobs.files import JobFile
from kirin_cli.jobs.hints import hint
from kirin_cli.jobs.job import Job
from kirin_cli.spec.words import shown


@dataclass(frozen=True, slots=True)
class Selection:
    """A job is wanted if one of the patterns `only` holds for it and it has one of `tags`; none asks for nothing."""

    only: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def of(self, files: Sequence[JobFile]) -> tuple[list[JobFile], list[tuple[str, str]]]:
        """The files with the wanted jobs, and those that these need; (flag, sentence) of all that finds nothing.

        Where something is wrong with a file, what it lacks is not told.
        """
        if not self.only and not self.tags:
            return list(files), []
        jobs = [job for file in files for job in file.jobs]
        names = {name for job in jobs for name in (job.name, job.written)}
        found = {pattern: _matching(pattern, names) for pattern in self.only}
        wanted = {name for names in found.values() for name in names}
        chosen = [replace(file, jobs=self._kept(file.jobs, wanted)) for file in files]
        if any(file.problems for file in files):
            return chosen, []
        flaws = [("--only", _nothing("job called", pattern, names)) for pattern in self.only if not found[pattern]]
        tags = {tag for job in jobs for tag in job.tags}
        flaws += [("--tag", _nothing("job with the tag", tag, tags)) for tag in self.tags if tag not in tags]
        if not flaws and not any(file.jobs for file in chosen):
            flaws.append(("--tag", "no job has both such a name and such a tag"))
        return chosen, flaws

    def _kept(self, jobs: tuple[Job, ...], wanted: set[str]) -> tuple[Job, ...]:
        by_key = {job.key: job for job in jobs}
        todo = [job for job in by_key.values() if self._wants(job, wanted)]
        kept = {job.key for job in todo}
        while todo:
            job = todo.pop()
            needed = {(job.key[0], need) for need in job.needs} & by_key.keys() - kept
            kept |= needed
            todo += [by_key[key] for key in needed]
        return tuple(job for job in jobs if job.key in kept)

    def _wants(self, job: Job, wanted: set[str]) -> bool:
        named = not self.only or job.name in wanted or job.written in wanted
        return named and (not self.tags or not set(self.tags).isdisjoint(job.tags))


def _matching(pattern: str, names: Iterable[str]) -> list[str]:
    plain = pattern.replace("[", "[[]")
    for way in (plain, pattern):
        if found := [name for name in names if fnmatchcase(name, way)]:
            return found
    return []


def _nothing(what: str, given: str, known: Iterable[str]) -> str:
    return f"there is no {what} {shown(given)}{hint(given, sorted(known))}"
