"""Jobs that need what other jobs of the same run make (`${jobs.NAME.url}`): their order, their shards, their values.

The identity of such a job holds the identity of the job it needs, never a URL, which expires.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from kirin_cli.errors import UsageError
from kirin_cli.jobs.reference import Reference
from kirin_cli.run.checking import CheckedJob
from kirin_cli.run.job import Job
from kirin_cli.spec.medium import Medium

Key = tuple[int, str]


@dataclass(slots=True)
class Draft:
    """A job on its way to being ready. `identity` is that of what it asks for, whatever the service.

    `needs` are the drafts whose results it refers to, by the names it uses.
    """

    one: CheckedJob
    place: int
    needs: dict[str, "Draft"] = field(default_factory=dict)
    identity: str = ""
    job: Job | None = None


def needed_first(checked: Sequence[CheckedJob]) -> list[Draft]:
    """Drafts of the jobs, each after those that it needs. Raises UsageError where one of those is not in the run."""
    drafts = [Draft(one, place) for place, one in enumerate(checked)]
    if not any(one.job.needs for one in checked):
        return drafts
    named: dict[Key, Draft] = {draft.one.job.key: draft for draft in drafts}
    for draft in drafts:
        draft.needs = {name: _needed(draft, name, named) for name in draft.one.job.needs}
    graph = {draft.place: [need.place for need in draft.needs.values()] for draft in drafts}
    return [drafts[place] for place in TopologicalSorter(graph).static_order()]


def _needed(draft: Draft, name: str, named: Mapping[Key, Draft]) -> Draft:
    job = draft.one.job
    found = named.get((job.key[0], name))
    if found is None:
        hint = "select that job too; it is skipped if it is done"
        raise UsageError(f"{job.file}:{job.line}: job {job.name} needs job {name}, which is not selected", hint=hint)
    return found


def chains(drafts: Iterable[Draft]) -> dict[int, str]:
    """By place: the name of the chain that a draft belongs to, the same for all that are linked in any way."""
    chain: dict[int, str] = {}
    members: dict[str, list[int]] = {}
    for draft in drafts:
        joined = {draft.identity, *(chain[need.place] for need in draft.needs.values())}
        name = min(joined)
        places = [draft.place, *(place for one in joined for place in members.pop(one, ()))]
        members[name] = places
        chain.update(dict.fromkeys(places, name))
    return chain


def filled(tree: object, urls: Mapping[str, str]) -> object:
    """The values with each reference replaced by the URL of the job it names."""
    if isinstance(tree, Medium):
        return Medium(urls[tree.given.job], "url") if isinstance(tree.given, Reference) else tree
    if isinstance(tree, Reference):
        return urls[tree.job]
    if isinstance(tree, Mapping):
        return {name: filled(value, urls) for name, value in tree.items()}
    return [filled(value, urls) for value in tree] if isinstance(tree, list) else tree
