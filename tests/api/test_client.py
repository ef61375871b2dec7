"""The two calls, against a service on loopback."""

import json
import sys
import threading
from collections import Counter

import pytest
from loopback.answers import answer, html, json_with, json_without, not_found, redirect
from loopback.faults import close_after_reading, cut, early, raw, reset_after_reading, stall, trickle
from loopback.service import Service
from loopback.unreachable import refused_url
from support.api_requests import CREATE, KEY, Blob

from kirin_cli.api.client import Client, CreateStatus, QueryStatus, TaskIdentity, contradiction_of
from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.transport import Transport
from kirin_cli.errors import LocalError, UsageError
from kirin_cli.wire.responses import TaskState, parse_task


class Document:
    """A JSON body in two pieces."""

    def __init__(self, external: str = "krn1-a") -> None:
        params = {"prompt": "x", "external_task_id": external}
        self.text = json.dumps({"model": "kirin_v1_t2v", "input": [{"params": params}]}).encode()

    def __len__(self) -> int:
        return len(self.text)

    def __iter__(self):
        yield self.text[:10]
        yield self.text[10:]


@pytest.fixture
def client(service, transport) -> Client:
    service.api.key = KEY
    return Client(service.origin, KEY, transport, now=lambda: 0.0, create_deadline=2, query_deadline=1)


def test_a_submission_makes_a_task_and_a_query_finds_it_by_either_id(service, client):
    service.api.results = "https://cdn.example/x.mp4"
    posted = client.create(Document())
    assert posted.verdict is CreateStatus.ACCEPTED
    assert posted.task
    assert posted.task.id == service.truth.tasks[0].id
    assert (posted.status, posted.failure, posted.fault, posted.retry_after) == (200, None, None, None)
    assert client.query("krn1-a").kind is QueryStatus.FOUND
    done = client.query(posted.task.id)
    assert done.task
    assert done.task.state is TaskState.COMPLETED
    assert done.task.outputs[0].url == "https://cdn.example/x.mp4"
    assert service.truth.requests[0].header("Content-Type") == "application/json"
    assert service.truth.keys == {KEY}


def calls_of(act) -> int:
    """How many calls of functions in Python an act takes, those of the libraries too."""
    calls = Counter[str]()
    sys.setprofile(lambda _frame, event, _arg: calls.update((event,)))
    try:
        act()
    finally:
        sys.setprofile(None)
    return calls["call"]


def test_a_submission_and_a_query_take_few_calls(client):
    documents = [Document(name) for name in ("krn1-a", "krn1-b")]
    task = client.create(documents[0]).task
    client.query(task.id)  # its connection is kept
    assert calls_of(lambda: client.create(documents[1])) <= 320
    assert calls_of(lambda: client.query(task.id)) <= 240


def test_an_answer_that_is_the_same_as_before_is_not_read_again(service, client):
    service.api.statuses = ("in_progress",) * 20
    task = client.create(Document()).task
    results = [client.query(task.id)]
    for _ in range(13):
        results.append(client.query(task.id, last=results[-1]))
    progress = [result.task.progress for result in results]
    assert progress[8:] == [0.9, *[0.95] * 5]
    assert len({id(result.task) for result in results}) == len(set(progress))
    assert {result.kind for result in results} == {QueryStatus.FOUND}
    assert results[-1] is results[-2]  # so that it is not stored again either


def test_the_same_answer_with_another_request_id_is_another_one_to_keep(service, client):
    body = {"id": "t", "status": "queued"}
    service.script("GET", *(answer(200, body, {"X-Request-Id": name}) for name in "aab"))
    first = client.query("t")
    same = client.query("t", last=first)
    other = client.query("t", last=same)
    assert same is first
    assert (other.task is first.task, other is first) == (True, False)
    assert [json.loads(result.record) for result in (first, other)] == [
        {"answer": body, "status": 200, "request_id": name} for name in "ab"
    ]


def test_an_answer_that_is_the_same_as_before_is_still_held_against_the_question(client):
    task = client.create(Document()).task
    client.query(task.id)
    last = client.query(task.id)
    result = client.query(task.id, about=TaskIdentity("other", "krn1-b"), last=last)
    assert (result.kind, result.contradiction) == (QueryStatus.UNCLEAR, "id")


def task_of(**fields):
    return parse_task({"id": "t1", "status": "completed"} | fields)


BY_TASK = TaskIdentity("t1", "krn1-a", "kirin_v1_t2v")
BY_EXTERNAL_ID = TaskIdentity("", "krn1-a", "kirin_v1_t2v")


@pytest.mark.parametrize(
    ("asked", "about", "fields", "expected"),
    [
        ("t1", BY_TASK, {}, ""),
        ("t1", BY_TASK, {"id": None}, ""),
        ("t1", BY_TASK, {"id": "krn1-a"}, ""),
        ("t1", BY_TASK, {"id": "t2"}, "id"),
        ("t1", BY_TASK, {"id": 2}, "id"),
        ("t1", BY_TASK, {"id": "t2", "external_task_id": "krn1-a"}, "id"),
        ("t1", BY_TASK, {"external_task_id": "krn1-a", "model": "kirin_v1_t2v"}, ""),
        ("t1", BY_TASK, {"external_task_id": "krn1-b"}, "external id"),
        ("t1", BY_TASK, {"external_task_id": ""}, ""),
        ("t1", BY_TASK, {"external_task_id": None}, ""),
        ("t1", BY_TASK, {"model": "kirin_video_o1"}, "model"),
        ("t1", BY_TASK, {"model": "Vtrix/Kirin-V1-T2V"}, ""),
        ("t1", BY_TASK, {"model": ""}, ""),
        ("krn1-a", BY_EXTERNAL_ID, {"id": "t7"}, ""),
        ("krn1-a", BY_EXTERNAL_ID, {"id": "t7", "external_task_id": "krn1-b"}, "external id"),
        ("krn1-a", BY_EXTERNAL_ID, {"id": "t7", "model": "kirin_video_o1"}, "model"),
        ("t1", TaskIdentity("t1"), {"external_task_id": "krn1-z"}, ""),
        ("t1", TaskIdentity("t1"), {"id": "t2"}, "id"),
        ("t1", TaskIdentity(), {}, ""),
        ("mine", TaskIdentity(), {"external_task_id": "mine"}, ""),
        ("mine", TaskIdentity(), {"external_task_id": "hers"}, "id"),
        ("mine", TaskIdentity(), {"model": "anything"}, ""),
    ],
)
def test_P11_an_answer_is_held_against_the_question(asked, about, fields, expected):
    assert contradiction_of(task_of(**fields), asked, about) == expected


def test_P11_an_answer_about_another_task_decides_nothing_and_its_connection_is_closed(service, client):
    client.create(Document())
    service.script("GET", json_with(id="t-of-another", status="completed"))
    result = client.query(service.truth.tasks[0].id, about=TaskIdentity(service.truth.tasks[0].id, "krn1-a"))
    assert (result.kind, result.contradiction) == (QueryStatus.UNCLEAR, "id")
    assert result.fault
    assert "t-of-another" in result.fault.message
    assert client.query("krn1-a").kind is QueryStatus.FOUND
    first, second = (request.connection for request in service.truth.of("GET"))
    assert first != second


def test_S1_a_service_that_is_not_there_got_nothing(transport):
    posted = Client(refused_url(), KEY, transport).create(Document())
    assert (posted.verdict, posted.task, posted.status) == (CreateStatus.NOT_SENT, None, None)
    assert posted.fault
    assert posted.fault.kind == "refused"


@pytest.mark.parametrize(
    "fault",
    [
        close_after_reading(create=True),
        reset_after_reading(create=True),
        stall(create=True),
        cut(20),
        json_with(id=None),
        json_with(id=5),
        json_with(id="x" * 1_000_000),
        json_without("id"),
        html(200, create=True),
        raw(b"HTTP/1.1 200 OK\r\n\r\n{", create=True),
        answer(500, create=True),
        answer(502, "<html>", create=True),
        answer(520, create=True),
        redirect("http://127.0.0.1:1/", create=True),
        trickle(0.05),
    ],
)
def test_S4_S7_S8_a_lost_answer_is_ambiguous_and_the_query_finds_the_task(service, client, fault):
    service.script("POST", fault)
    assert client.create(Document()).verdict is CreateStatus.AMBIGUOUS
    assert service.truth.created() == 1
    assert len(service.truth.of("POST")) == 1
    assert client.query("krn1-a").kind is QueryStatus.FOUND


def test_S10_a_refusal_carries_the_words_of_the_service(service, client):
    service.script("POST", answer(400, {"error": {"code": "1201", "message": "prompt \x1b[31m too long"}}))
    posted = client.create(Document())
    assert posted.verdict is CreateStatus.REFUSED
    assert posted.failure
    assert (posted.failure.code, posted.failure.message) == ("1201", "prompt \x1b[31m too long")


def test_S11_a_second_submission_is_a_duplicate(client):
    assert client.create(Document()).verdict is CreateStatus.ACCEPTED
    assert client.create(Document()).verdict is CreateStatus.DUPLICATE


def test_S11_the_word_may_stand_behind_three_hundred_characters(service, client):
    service.script("POST", answer(400, {"message": "x" * 1000 + " duplicate"}))
    posted = client.create(Document())
    assert posted.verdict is CreateStatus.DUPLICATE
    assert posted.failure
    assert len(posted.failure.message) == 300


def test_S14_a_wrong_key_is_denied(service, transport):
    service.api.key = KEY
    client = Client(service.origin, "another", transport)
    assert client.create(Document()).verdict is CreateStatus.DENIED
    assert client.query("x").kind is QueryStatus.DENIED


@pytest.mark.parametrize(
    ("value", "seconds"), [("2", 2.0), ("0", 0.0), ("-1", 0.0), ("soon", None), ("9" * 5000, 3600.0), ("1e999", 3600.0)]
)
def test_S15_retry_after_is_passed_on_in_seconds(service, client, value, seconds):
    service.script(
        "*", answer(429, {"message": "slow"}, {"Retry-After": value}), answer(429, b"", {"Retry-After": value})
    )
    posted, queried = client.create(Document()), client.query("x")
    assert (posted.verdict, posted.retry_after) == (CreateStatus.RATE_LIMITED, seconds)
    assert (queried.kind, queried.retry_after) == (QueryStatus.UNCLEAR, seconds)


def test_S16_an_early_413_is_a_refusal(service, client):
    service.script("POST", early(413))
    assert client.create(Blob(20_000_000)).verdict is CreateStatus.REFUSED


def test_a_picture_that_changed_is_a_local_fault_and_nothing_is_sent(service, client):
    with pytest.raises(LocalError):
        client.create(Blob(9, fails_after=0, error=LocalError("changed")))
    assert not service.truth.requests


def test_a_404_of_the_service_means_absent(service, client):
    assert client.query("nobody").kind is QueryStatus.ABSENT
    service.script("GET", answer(404), *not_found(1))
    assert [client.query("x").kind for _ in range(2)] == [QueryStatus.ABSENT] * 2


@pytest.mark.parametrize(
    "fault",
    [
        html(404),
        answer(404, "404 page not found"),
        answer(404, [1]),
        html(200),
        answer(200, {}),
        answer(200, {"message": "not found"}),
        answer(200, {"status": "error", "message": "no"}),
        answer(200, {"status": {"code": 404, "message": "no"}}),
        answer(500),
        answer(302),
        answer(410),
        answer(400),
        close_after_reading(create=False),
        stall(),
        answer(200, b'{"id": "a", "x": NaN}'),
        answer(200, b"[" * 200_000),
        answer(200, b'{"id": ' + b"7" * 5000 + b"}"),
        answer(200, b" " * 5_000_000),
        trickle(0.2),
    ],
)
def test_P1_P6_P9_an_unclear_answer_says_nothing(service, client, fault):
    client.create(Document())
    service.script("GET", fault)
    queried = client.query("krn1-a")
    assert (queried.kind, queried.task) == (QueryStatus.UNCLEAR, None)
    assert queried.fault or queried.failure


def test_a_query_answer_without_an_id_is_a_task(service, client):
    service.script("GET", answer(200, {"status": "Completed"}))
    queried = client.query("x")
    assert queried.task
    assert (queried.task.id, queried.task.state) == ("", TaskState.COMPLETED)


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (402, "", QueryStatus.NO_BALANCE),
        (403, "no balance", QueryStatus.NO_BALANCE),
        (403, "forbidden", QueryStatus.DENIED),
        (401, "", QueryStatus.DENIED),
    ],
)
def test_a_query_that_is_denied_says_why(service, client, status, message, kind):
    service.script("GET", answer(status, {"message": message}))
    assert client.query("x").kind is kind


@pytest.mark.parametrize(
    ("given", "segment"),
    [
        ("../../x?y=", "..%2F..%2Fx%3Fy%3D"),
        ("a/b", "a%2Fb"),
        ("a%2Fb", "a%252Fb"),
        ("a#b", "a%23b"),
        ("a;b c", "a%3Bb%20c"),
        ("ä", "%C3%A4"),
        ("...", "..."),
        ("%2e%2e", "%252e%252e"),
        ("a\\b", "a%5Cb"),
    ],
)
def test_H5_an_id_is_one_segment_of_the_path_and_reaches_no_other_endpoint(service, client, given, segment):
    client.query(given)
    assert service.truth.requests[-1].target == f"{CREATE}/task/{segment}"


@pytest.mark.parametrize("given", ["", ".", "..", " ", "a\nb", "a\x00", "\ud800", "x" * 257])
def test_H5_what_cannot_be_an_id_is_refused(service, client, given):
    with pytest.raises(UsageError):
        client.query(given)
    assert not service.truth.requests


def test_H4_the_key_is_in_no_repr(client, service):
    service.script("POST", answer(400, {"message": f"bad key {KEY}"}))
    assert KEY not in repr(client)
    posted = client.create(Document())
    assert posted.failure
    assert posted.failure.message == "bad key ***"


def test_H4_an_answer_that_came_by_the_library_keeps_its_other_headers_where_the_key_is_taken_out(service, transport):
    client = Client(service.origin, KEY, transport, create_path="/a%2Db", now=lambda: 0.0)
    service.script("POST", answer(429, {}, {"X-Request-Id": f"r-{KEY}", "Retry-After": "7"}))
    posted = client.create(Document())
    assert (posted.retry_after, posted.failure and posted.failure.request_id) == (7.0, "r-***")


def test_paths_and_base_url_can_be_changed(service, transport):
    client = Client(service.origin + "/base/", KEY, transport, create_path="make", query_path="/get/{id}/state")
    client.query("a")
    client.create(Document())
    assert [request.target for request in service.truth.requests] == ["/base/get/a/state", "/base/make"]


@pytest.mark.parametrize(
    ("create", "query"),
    [
        ("/a?b", "/{id}"),
        ("/../a", "/{id}"),
        ("/a#", "/{id}"),
        ("/a b", "/{id}"),
        ("/a", "/b"),
        ("/a", "/{id}/{id}"),
        ("/a", "/?id={id}"),
    ],
)
def test_paths_that_lead_elsewhere_are_refused(transport, create, query):
    with pytest.raises(UsageError):
        Client("https://x.example", KEY, transport, create_path=create, query_path=query)


def test_many_threads_submit_at_once(service):
    client = Client(service.origin, KEY, Transport(NetworkSettings({})))
    verdicts: list[CreateStatus] = []
    threads = [
        threading.Thread(target=lambda n=n: verdicts.append(client.create(Document(f"krn1-{n}")).verdict))
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert verdicts == [CreateStatus.ACCEPTED] * 12
    assert not service.truth.twice()


def test_a_service_over_tls(trusting):
    with Service(tls="localhost") as service:
        service.serve_api(key=KEY)
        transport = Transport(trusting())
        client = Client(service.origin, KEY, transport)
        assert client.create(Document()).verdict is CreateStatus.ACCEPTED
        assert client.query("krn1-a").kind is QueryStatus.FOUND
        transport.close()
