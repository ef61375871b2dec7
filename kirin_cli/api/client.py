"""The service's two calls, create and query, and what every answer means for money. Retries and waits for nothing."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Literal
from urllib.parse import quote

from kirin_cli.api.connections import AnswerHeaders
from kirin_cli.api.credentials import scrub, scrub_body
from kirin_cli.api.exchange import MonotonicClock, TransportError
from kirin_cli.api.retry import RETRIES, parse_retry_after
from kirin_cli.api.transport import HttpReply, HttpRequest, RequestBody, Transport
from kirin_cli.api.url_policy import check_base_url
from kirin_cli.errors import UsageError
from kirin_cli.wire import CREATE_PATH, QUERY_PATH
from kirin_cli.wire.answer_record import record_answer
from kirin_cli.wire.responses import (
    MalformedResponse,
    ServiceFailure,
    Task,
    TaskState,
    clip_text,
    is_known_status,
    is_number,
    parse_error,
    parse_response,
    parse_task,
    valid_id,
)


class CreateStatus(Enum):
    """What became of one submission, and what may be done next."""

    ACCEPTED = "accepted"  # there is a task, and its id is known
    NOT_SENT = "not sent"  # certainly: the same id may be sent again
    RATE_LIMITED = "rate limited"  # certainly not created: the same id later
    REFUSED = "refused"  # in words that may mean anything: query, and without a task it was not created
    DENIED = "denied"  # the key: stop the batch
    NO_BALANCE = "no balance"  # the account: stop the batch
    DUPLICATE = "duplicate"  # the service says that it has this id: query
    AMBIGUOUS = "ambiguous"  # may have been created: query


REFUSALS = frozenset({400, 404, 413, 415, 422})
ID = r"external (?:task )?id"
DUPLICATE = re.compile(
    r"duplicat|already (?:exist|been|used|in use|taken|submitted|created|registered)|alreadyexist|重复|已存在|已被使用"
    rf"|{ID}.{{0,60}}(?:unique|used\b|repeat|taken|occupied|conflict|exists\b)"
    rf"|(?:unique|conflict|repeat|reused).{{0,40}}{ID}"
)
ABOUT_THE_ID = re.compile(
    rf"{ID}|(?:task|request|order|idempotency) (?:id|key)\b|duplicated? (?:task|request|submission)"
    r"|(?:task|request|submission) (?:is |was |has )?(?:already|(?:been )?duplicat)|任务"
)
ABOUT_A_VALUE = re.compile(
    r"\b(?:image|picture|photo|frame|mask|video|element|prompt|file|url|param|parameter|field|property|content|medium"
    r"|media|camera|trajector|item)(?:s|es|y|ies)?\b|图|照片|视频|提示词|元素|参数"
)
BALANCE = re.compile(
    r"balance|insufficient (?:fund|credit|quota|amount|account)|\bcredits?\b|\bfunds?\b|billing|payment|arrears|overdue"
    r"|top up|recharge|余额|欠费"
)
QUOTA = re.compile(r"quota|allowance|配额|额度")
RATE = re.compile(
    r"\brate\b|ratelimit|too many|concurren|parallel|frequen|per (?:second|minute|hour)|\b(?:qps|rpm|rps|tpm)\b|throttl"
)


def classify_create(
    status: int | None, failure: ServiceFailure, *, has_task: bool, error: TransportError | None
) -> CreateStatus:
    """Classify what followed a POST.

    `status` is None where `error` says why no answer came; `failure` is what the body says; `has_task` whether a task
    with a usable id was read from it.
    """
    if error or status is None:
        return CreateStatus.NOT_SENT if error and error.certainly_not_sent else CreateStatus.AMBIGUOUS
    if 200 <= status < 300 and has_task:
        return CreateStatus.ACCEPTED
    if status == 409 or (not 300 <= status < 400 and says_duplicate(failure)):
        return CreateStatus.DUPLICATE
    if status in {401, 402, 403}:
        return classify_denial(status, failure)
    if status in RETRIES["create"].statuses:
        return CreateStatus.NO_BALANCE if is_about_balance(failure) else CreateStatus.RATE_LIMITED
    return CreateStatus.REFUSED if status in REFUSALS else CreateStatus.AMBIGUOUS


def classify_denial(status: int, failure: ServiceFailure) -> CreateStatus:
    """Whether 401, 402 or 403 is about the key or about the balance."""
    broke = status == 402 or (status == 403 and is_about_balance(failure))
    return CreateStatus.NO_BALANCE if broke else CreateStatus.DENIED


def is_web_page(reply: HttpReply) -> bool:
    """Whether an answer is a page for people, not the JSON that the service speaks."""
    return reply.body[:1024].lstrip().lower().startswith((b"<!doctype", b"<html", b"<head", b"<body", b"<?xml"))


def says_duplicate(failure: ServiceFailure) -> bool:
    """Whether the code or message says, in any spelling, that the external id is taken; not that an image is."""
    text = _normalized(failure)
    is_about_value = ABOUT_A_VALUE.search(text) and not ABOUT_THE_ID.search(text)
    return bool(DUPLICATE.search(text)) and not is_about_value


def is_about_balance(failure: ServiceFailure) -> bool:
    """Whether the code or message is about money or a used-up quota rather than about rate or permission."""
    text = _normalized(failure)
    return bool(BALANCE.search(text) or (QUOTA.search(text) and not RATE.search(text)))


def _normalized(failure: ServiceFailure) -> str:
    return re.sub(r"[\s_\-.]+", " ", f"{failure.code} {failure.message}").lower()


NOTHING = ServiceFailure("", "")
REQUEST_ID = "X-Request-Id"
MAX_REQUEST_ID_LENGTH = 200
MAX_TEXT_LENGTH = 4000
"""Characters that are kept of an answer that is no JSON."""


class QueryStatus(Enum):
    """What a query says about a task."""

    FOUND = "found"
    ABSENT = "absent"  # the service itself says that it has no such task
    DENIED = "denied"
    NO_BALANCE = "no balance"
    UNCLEAR = "unclear"  # tells nothing, neither good nor bad: ask again


@dataclass(frozen=True, slots=True)
class CreateResult:
    """What followed one POST. `retry_after` is in seconds, 0-3600; `failure` is what the service said."""

    verdict: CreateStatus
    task: Task | None = None
    failure: ServiceFailure | None = None
    status: int | None = None  # HTTP
    retry_after: float | None = None
    fault: TransportError | None = None
    record: str = ""  # of the answer (wire.answer_record)
    is_page: bool = False  # what came is a web page, as firewalls and proxies have them


@dataclass(frozen=True, slots=True)
class TaskIdentity:
    """What an answer about a task must not contradict: its ids and its model, "" where they are not known."""

    task_id: str = ""
    external_id: str = ""
    model: str = ""


def task_identity(task_id: str | None, external_id: str, model: str, *, is_external: bool) -> TaskIdentity:
    """What is known of a task. Where the two ids are one, only that is known: `is_external` says which it is."""
    if task_id != external_id:
        return TaskIdentity(task_id or "", external_id, model)
    return TaskIdentity("", external_id, model) if is_external else TaskIdentity(external_id, "", model)


Contradiction = Literal["", "id", "model", "external id"]


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What followed one query; as CreateResult.

    An answer that is about something else is UNCLEAR, `contradiction` says by what; its task is given all the same.
    """

    kind: QueryStatus
    task: Task | None = None
    failure: ServiceFailure | None = None
    status: int | None = None
    retry_after: float | None = None
    fault: TransportError | None = None
    contradiction: Contradiction = ""
    is_page: bool = False
    reply: HttpReply | None = field(default=None, repr=False)  # that the task was read from
    answer: object = field(default=None, repr=False)  # the JSON of it

    @property
    def record(self) -> str:
        """The record of the answer (wire.answer_record), made when it is asked for; "" where it holds no task."""
        return _record(self.reply, self.answer) if self.reply else ""


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
        now: MonotonicClock = time.time,
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

    def create(
        self, body: RequestBody, *, external_id: str = "", before_send: Callable[[], None] = lambda: None,
        deadline: float | None = None,
    ) -> CreateResult:  # fmt: skip
        """POST one submission on a connection of its own, once.

        An answer that names another `external_id` is none. `before_send` is called when the connection is there,
        immediately before the first byte leaves. Raises UsageError, and whatever that and the body (LocalError) raise;
        everything else is a verdict.
        """
        headers = {**self._headers, "Content-Type": "application/json"}
        request = HttpRequest("POST", self.create_url, headers, body)
        try:
            deadline = deadline or self._create_deadline
            reply = self._transport.send(request, deadline=deadline, fresh=True, before_send=before_send)
        except TransportError as error:
            return CreateResult(classify_create(None, NOTHING, has_task=False, error=error), fault=error)
        reply = self._scrubbed(reply)
        (task, answer), failure, said = _task(reply, created=True), None, NOTHING
        other = task if task and contradiction_of(task, external_id, TaskIdentity("", external_id)) else None
        if other:
            task = None
        if not task:
            failure, said = _failure(reply, about=other), parse_error(reply.body, max_length=4000)
        status = classify_create(reply.status, said, has_task=bool(task), error=None)
        return CreateResult(
            status, task, failure, reply.status, self._wait(reply.headers), record=_record(reply, answer),
            is_page=is_web_page(reply),
        )  # fmt: skip

    def query(
        self, task_id: str, *, about: TaskIdentity | None = None, fresh: bool = False, deadline: float | None = None,
        last: QueryResult | None = None,
    ) -> QueryResult:  # fmt: skip
        """GET one task by its id or external id; the answer is held against these and `about` (promise 10).

        `fresh` asks on a connection of its own. An answer that is the same as that of `last` is not read again; where
        its request id is the same too, `last` is the result. Raises UsageError for an id that cannot be one (fault H5).
        """
        request = HttpRequest("GET", self.query_url(task_id), self._headers)
        try:
            deadline = deadline or self._query_deadline
            reply = self._scrubbed(self._transport.send(request, deadline=deadline, fresh=fresh))
        except TransportError as error:
            return QueryResult(QueryStatus.UNCLEAR, fault=error)
        before = last.reply if last and last.task and not last.task.failure else None
        is_same = before is not None and (before.status, before.body) == (reply.status, reply.body)
        task, answer = (last.task, last.answer) if last and is_same else _task(reply, created=False)
        if task and (contradiction := contradiction_of(task, task_id, about or TaskIdentity())):
            # The connection may be one answer behind.
            self._transport.close()
            fault = TransportError("broken", f"the answer is about another task: {_naming(task)}")
            return QueryResult(
                QueryStatus.UNCLEAR, task, None, reply.status, fault=fault, contradiction=contradiction
            )  # fmt: skip
        failure = None if task else _failure(reply)
        kind, wait = _query_status(reply, task), self._wait(reply.headers)
        is_page, request_id = is_web_page(reply), reply.headers.get(REQUEST_ID)
        kept = HttpReply(reply.status, {REQUEST_ID: request_id} if request_id else {}, reply.body) if task else None
        if last and is_same and (last.reply, last.retry_after) == (kept, wait):
            return last
        return QueryResult(kind, task, failure, reply.status, wait, is_page=is_page, reply=kept, answer=answer)

    def limit_connecting(self, seconds: float) -> None:
        """Wait for no connection to the service for longer than `seconds` from now."""
        self._transport.limit_connecting(seconds)

    def query_url(self, task_id: str) -> str:
        """The URL of one task: the id is one segment of the path, whatever it holds (fault H5)."""
        if not valid_id(task_id):
            raise UsageError(f"{task_id[:40]!r} cannot be the id of a task")
        return self._query_url.replace("{id}", quote(task_id, safe=""))

    def _scrubbed(self, reply: HttpReply) -> HttpReply:
        """The answer, without the key where a service echoes it (fault H4): nobody further on needs to look for it."""
        headers, request_id = reply.headers, reply.headers.get(REQUEST_ID)
        if request_id and (scrubbed := scrub(request_id, self._key)) != request_id:
            lower = {name.lower(): value for name, value in headers.items()}  # those of a proxy keep their case
            headers = AnswerHeaders({**lower, REQUEST_ID.lower(): scrubbed})
        return HttpReply(reply.status, headers, scrub_body(reply.body, self._key))

    def _wait(self, headers: Mapping[str, str]) -> float | None:
        return parse_retry_after(headers.get("Retry-After"), self._now())


def contradiction_of(task: Task, asked: str, about: TaskIdentity) -> Contradiction:
    """In what an answer to a query for the id `asked` speaks of another task; "" where it may be this one."""
    raw_id = task.raw.get("id")
    task_id = task.id or (str(raw_id) if is_number(raw_id) else "")
    if about.task_id or about.external_id:
        if about.task_id and task_id not in {"", about.task_id, about.external_id}:
            return "id"
        if about.external_id and task.external_id not in {"", about.external_id}:
            return "external id"
    elif asked not in {task_id, task.external_id} and task_id and task.external_id:
        return "id"
    is_same = task.model in {"", about.model} or not about.model or _plain(task.model) == _plain(about.model)
    return "" if is_same else "model"


def _plain(model: str) -> str:
    """A model's name without its vendor, its case and what stands between its words."""
    return re.sub(r"[^a-z0-9]+", "", model.rpartition("/")[2].lower())


def _naming(task: Task) -> str:
    names = (("id", task.id), ("external id", task.external_id), ("model", task.model))
    return ", ".join(f"{name} {value[:60]}" for name, value in names if value)


def _request_id(reply: HttpReply) -> str:
    return clip_text(reply.headers.get(REQUEST_ID), MAX_REQUEST_ID_LENGTH)


def _failure(reply: HttpReply, *, about: Task | None = None) -> ServiceFailure:
    """What an answer without a task says went wrong, or that its task is another one."""
    failure = parse_error(reply.body)
    message = f"the answer is about another task: {_naming(about)}" if about else failure.message
    return ServiceFailure(failure.code, message, _request_id(reply))


def _record(reply: HttpReply, answer: object) -> str:
    """What is kept of an answer: the JSON of it or, of anything else, how it begins. `answer` is None if not read."""
    try:
        answer = parse_response(reply.body) if answer is None else answer
    except MalformedResponse:
        answer = clip_text(reply.body[: 2 * MAX_TEXT_LENGTH].decode("utf-8", "replace"), MAX_TEXT_LENGTH) or None
    return record_answer(answer, status=reply.status, request_id=_request_id(reply))


def _task(reply: HttpReply, *, created: bool) -> tuple[Task | None, object]:
    """The task in a 2xx answer, None where there is none that says anything; and the JSON of it, None for none."""
    if not 200 <= reply.status < 300:
        return None, None
    try:
        answer = parse_response(reply.body)
        task = parse_task(answer, created=created)
    except MalformedResponse:
        return None, None
    if task.failure:
        task = replace(task, failure=replace(task.failure, request_id=_request_id(reply)))
    if task.id or created:
        return task, answer
    # Without an id, only what cannot be the envelope of some other answer: {"status": "error"} fails no task.
    fails = task.state is TaskState.FAILED and task.status.strip().lower() != "failed"
    says = task.status and is_known_status(task.status) and not fails
    return (task if says or task.state is TaskState.COMPLETED else None), answer


def _query_status(reply: HttpReply, task: Task | None) -> QueryStatus:
    if task:
        return QueryStatus.FOUND
    if reply.status in RETRIES["query"].statuses:
        return QueryStatus.UNCLEAR
    if reply.status != 404:
        denial = classify_denial(reply.status, parse_error(reply.body))
        return QueryStatus.NO_BALANCE if denial is CreateStatus.NO_BALANCE else QueryStatus.DENIED
    try:
        from_service = not reply.body.strip() or isinstance(parse_response(reply.body), dict)
    except MalformedResponse:
        from_service = False  # the page of a proxy
    return QueryStatus.ABSENT if from_service else QueryStatus.UNCLEAR


def _rooted(path: str) -> str:
    if re.search(r"[\x00-\x20\x7f?#\\]|/\.{0,2}/", path):
        raise UsageError(f"{path!r} cannot be a path on the service", hint="give one like /v1/tasks")
    return "/" + path.lstrip("/")
