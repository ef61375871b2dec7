"""Jobs from the ledger, or from the service alone, made ready to be gone on with: for resume, wait and download."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from kirin_cli.api.client import Client, Found
from kirin_cli.errors import NotPermitted, ServiceUnreachable, UsageError
from kirin_cli.jobs.naming import DEFAULT_TEMPLATE
from kirin_cli.ledger.accounts import hand_over, unfinished_keys
from kirin_cli.ledger.entry import Entry, Intent
from kirin_cli.ledger.journal import Ledger, TaskTaken
from kirin_cli.ledger.questions import NoSuchTask, find, select
from kirin_cli.ledger.states import TERMINAL, Event, State
from kirin_cli.models import MODELS
from kirin_cli.run.identity import canonical
from kirin_cli.run.job import Job, Target
from kirin_cli.run.plans import job_of
from kirin_cli.run.preparing import Prepared, labelled
from kirin_cli.run.replies import DENIALS
from kirin_cli.wire.answers import Task

PROBES: Final = 3


def unfinished(ledger: Ledger, *, origin: str, account: str) -> list[Entry]:
    """All entries of an account that are not at their end, oldest first."""
    going = [state for state in State if state not in TERMINAL]
    return select(ledger.store, states=going, origin=origin, account=account)[::-1]


def recognise(ledger: Ledger, client: Client, *, origin: str, account: str) -> None:
    """Take over what earlier keys of the same account left unfinished (fault P7).

    Tasks are shown to their own account only: one that the service finds under this key proves that the key which
    sent it is of this account.
    """
    for earlier in unfinished_keys(ledger.store, origin):
        if earlier != account and any(_is_shown(client, task) for task in _latest(ledger, origin, earlier)):
            hand_over(ledger.store, origin, earlier, account)


def _latest(ledger: Ledger, origin: str, account: str) -> list[Entry]:
    states = [state for state in State if state not in {State.INTENT, State.REJECTED}]
    return select(ledger.store, states=states, origin=origin, account=account, limit=PROBES)


def _is_shown(client: Client, entry: Entry) -> bool:
    return client.query(entry.task_id or entry.external_id).kind is Found.FOUND


def taken_up(entries: Iterable[Entry], target: Target | None = None, *, force: bool = False) -> Prepared:
    """The jobs of the entries, to be gone on with; `target` replaces where their files go, `force` what is there."""
    jobs = [job for entry in entries if (job := job_of(entry)) is not None]
    return Prepared(jobs=labelled([_to(job, target, force=force) for job in jobs]))


def named(ledger: Ledger, client: Client, given: Sequence[str], *, origin: str, account: str) -> list[Entry]:
    """The entries that the ids name; a task that only the service knows is written into the ledger first.

    Raises UsageError for an id that nobody knows or that is ambiguous.
    """
    entries = [_entry(ledger, client, one, origin, account) for one in given]
    return list({entry.id: entry for entry in entries}.values())


def _to(job: Job, target: Target | None, *, force: bool) -> Job:
    if target is None:
        return replace(job, target=replace(job.target, replace=True)) if force else job
    template = target.template if target.template != DEFAULT_TEMPLATE else job.target.template
    return replace(job, target=Target(target.folder, template, target.replace))


def _entry(ledger: Ledger, client: Client, given: str, origin: str, account: str) -> Entry:
    try:
        return find(ledger.store, given, origin=origin, account=account)
    except NoSuchTask as unknown:
        task = ask(client, given, unknown)
    return _adopted(ledger, given, task, origin, account)


def ask(client: Client, given: str, unknown: NoSuchTask) -> Task:
    """The task as the service tells it, where the ledger has none.

    Raises UsageError where the service has none either, NotPermitted, ServiceUnreachable.
    """
    queried = client.query(given)
    if queried.kind is Found.FOUND and queried.task:
        return queried.task
    if queried.kind in DENIALS:
        raise NotPermitted("the service refuses the key", hint="check KIRIN_API_KEY")
    if queried.kind is Found.ABSENT:
        raise UsageError(f"{unknown.message.rstrip('.')}, and neither has the service", hint=unknown.hint)
    raise ServiceUnreachable(f"{unknown.message.rstrip('.')}, and the service gives no answer about it")


def _adopted(ledger: Ledger, given: str, task: Task, origin: str, account: str) -> Entry:
    model = task.raw.get("model")
    if not isinstance(model, str) or model not in MODELS:
        raise UsageError(f"task {given} is of a model that this kirin does not know")
    request = canonical({"model": model, "params": {}})
    plan = canonical({"target": {"folder": str(Path.cwd()), "template": DEFAULT_TEMPLATE, "replace": False}})
    intent = Intent(
        origin=origin, account=account, external_id=given, model=model, request=request, job=task.id or given, plan=plan
    )
    entry = ledger.intend(intent)
    try:
        return ledger.move(entry, Event.FOUND, "asked for by its id", task_id=task.id or given)
    except TaskTaken as taken:
        return taken.holder
