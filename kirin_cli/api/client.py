"""The service's two calls: create a task, query a task. Says what each answer means; retries and waits for nothing.

Knows no ledger and no jobs; a body is bytes to it.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from urllib.parse import quote

from kirin_cli.api.credentials import scrub_answer
from kirin_cli.api.exchange import Clock
from kirin_cli.api.faults import TransportFault
from kirin_cli.api.reach import check_base_url
from kirin_cli.api.transport import Body, Reply, Request, Transport
from kirin_cli.api.verdict import Verdict, denial, verdict
from kirin_cli.errors import UsageError
from kirin_cli.wire.answers import (
    Failure,
    MalformedAnswer,
    Task,
    parse_json,
    read_error,
    read_task,
    retry_after,
    usable_id,
)
from kirin_cli.wire.states import is_known

CREATE_PATH = "/model/v1/generation"
QUERY_PATH = "/model/v1/generation/task/{id}"
NOTHING = Failure("", "")


class Found(Enum):
    """What a query says about a task."""

    FOUND = "found"
    ABSENT = "absent"  # the service itself says that it has no such task
    DENIED = "denied"
    NO_BALANCE = "no balance"
    RATE_LIMITED = "rate limited"
    UNCLEAR = "unclear"  # tells nothing, neither good nor bad


@dataclass(frozen=True, slots=True)
class Posted:
    """What followed one POST. `retry_after` is in seconds, 0-3600; `failure` is what the service said."""

    verdict: Verdict
    task: Task | None = None
    failure: Failure | None = None
    status: int | None = None  # HTTP
    retry_after: float | None = None
    fault: TransportFault | None = None


@dataclass(frozen=True, slots=True)
class Queried:
    """What followed one query; as Posted."""

    kind: Found
    task: Task | None = None
    failure: Failure | None = None
    status: int | None = None
    retry_after: float | None = None
    fault: TransportFault | None = None


class Client:
    """Speaks for one key to one service. Thread-safe.

    `now` gives seconds since the epoch (for Retry-After dates); the deadlines are seconds for one whole exchange.
    Raises UsageError for a base URL or path that cannot be used.
    """

    def __init__(  # noqa: PLR0913 - each has a default but the first three
        self,
        base_url: str,
        key: str,
        transport: Transport,
        *,
        create_path: str = CREATE_PATH,
        query_path: str = QUERY_PATH,
        now: Clock = time.time,
        create_deadline: float = 300.0,
        query_deadline: float = 30.0,
    ) -> None:
        base = check_base_url(base_url)
        if query_path.count("{id}") != 1:
            raise UsageError("the query path must hold {id} once", hint=f"the default is {QUERY_PATH}")
        self.create_url = base + _rooted(create_path)
        self._query_url = base + _rooted(query_path)
        self._headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        self._transport, self._now, self._key = transport, now, key
        self._create_deadline, self._query_deadline = create_deadline, query_deadline

    def create(self, body: Body, *, sent_before: bool = False, deadline: float | None = None) -> Posted:
        """POST one submission on a connection of its own, once.

        `sent_before`: this external id may have reached the service earlier. Raises UsageError, and whatever the body
        raises (LocalFault) before its first byte has left; everything else is a verdict.
        """
        headers = {**self._headers, "Content-Type": "application/json"}
        request = Request("POST", self.create_url, headers, body)
        try:
            reply = self._send(request, deadline or self._create_deadline, fresh=True)
        except TransportFault as fault:
            means = verdict(None, NOTHING, has_task=False, fault=fault, sent_before=sent_before)
            return Posted(means, fault=fault)
        task = _task(reply, created=True)
        means = verdict(
            reply.status, read_error(reply.body, most=4000), has_task=bool(task), fault=None, sent_before=sent_before
        )
        failure = None if task else read_error(reply.body)
        return Posted(means, task, failure, reply.status, self._wait(reply.headers))

    def query(self, task_id: str, *, deadline: float | None = None) -> Queried:
        """GET one task by its id or external id. Raises UsageError for an id that cannot be one (H5)."""
        request = Request("GET", self.query_url(task_id), self._headers)
        try:
            reply = self._send(request, deadline or self._query_deadline)
        except TransportFault as fault:
            return Queried(Found.UNCLEAR, fault=fault)
        task = _task(reply, created=False)
        failure = None if task else read_error(reply.body)
        return Queried(_found(reply, task), task, failure, reply.status, self._wait(reply.headers))

    def query_url(self, task_id: str) -> str:
        """The URL of one task: the id is one segment of the path, whatever it holds (H5)."""
        if not usable_id(task_id):
            raise UsageError(f"{task_id[:40]!r} cannot be the id of a task")
        return self._query_url.replace("{id}", quote(task_id, safe=""))

    def _send(self, request: Request, deadline: float, *, fresh: bool = False) -> Reply:
        """The answer, without the key where a service echoes it (H4): nobody further on needs to look for it."""
        reply = self._transport.send(request, deadline=deadline, fresh=fresh)
        return replace(reply, body=scrub_answer(reply.body, self._key))

    def _wait(self, headers: Mapping[str, str]) -> float | None:
        return retry_after(headers.get("Retry-After"), self._now())


def _task(reply: Reply, *, created: bool) -> Task | None:
    """The task in a 2xx answer, None where there is none that says anything."""
    if not 200 <= reply.status < 300:
        return None
    try:
        task = read_task(parse_json(reply.body), created=created)
    except MalformedAnswer:
        return None
    return task if task.id or (task.status and is_known(task.status)) else None


def _found(reply: Reply, task: Task | None) -> Found:
    if task:
        return Found.FOUND
    if reply.status in {401, 402, 403}:
        means = denial(reply.status, read_error(reply.body))
        return Found.NO_BALANCE if means is Verdict.NO_BALANCE else Found.DENIED
    if reply.status == 429:
        return Found.RATE_LIMITED
    return Found.ABSENT if reply.status == 404 and _is_its_own(reply) else Found.UNCLEAR


def _is_its_own(reply: Reply) -> bool:
    """Whether the service itself answered: JSON or nothing at all, not the page of a proxy."""
    try:
        return not reply.body.strip() or isinstance(parse_json(reply.body), dict)
    except MalformedAnswer:
        return False


def _rooted(path: str) -> str:
    if re.search(r"[\x00-\x20\x7f?#\\]|/\.{0,2}/", path):
        raise UsageError(f"{path!r} cannot be a path on the service", hint="give one like /v1/tasks")
    return "/" + path.lstrip("/")
