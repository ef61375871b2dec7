"""The little language of `--fault`, and each fault as a client meets it."""

import http.client
import random

import pytest
from sandbox.client import url_of

from kirin_cli.errors import UsageError
from kirin_cli.sandbox.faults import CHOICES, FaultRule, FaultRules, parse_fault

GONE = (ConnectionResetError, http.client.RemoteDisconnected)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("post:503", FaultRule(where="post", what="503")),
        ("post:reset-after-create", FaultRule(where="post", what="reset", after_create=True)),
        ("query:500*3", FaultRule(where="query", what="500", first=3)),
        ("query:404@2", FaultRule(where="query", what="404", nth=2)),
        ("download:cut%12.5", FaultRule(where="download", what="cut", percent=12.5)),
        ("post:429,retry-after=2", FaultRule(where="post", what="429", retry_after="2")),
        ("post:429,retry-after=-1*2", FaultRule(where="post", what="429", retry_after="-1", first=2)),
        ("task:fail=002001095", FaultRule(where="task", what="fail", value="002001095")),
        ("post:delay-after-create=0.5", FaultRule(where="post", what="delay", value="0.5", after_create=True)),
    ],
)
def test_a_rule_means(text, meant):
    assert parse_fault(text) == meant


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("", "post"),
        ("503", "post"),
        ("posts:503", "query"),
        ("post:explode", "reset"),
        ("post:99", "STATUS"),
        ("post:700", "STATUS"),
        ("query:reset-after-create", "reset"),
        ("query:ignore-range", "reset"),
        ("task:503", "stuck"),
        ("task:fail", "fail=CODE"),
        ("post:503=5", "STATUS"),
        ("post:delay=soon", "delay=SECONDS"),
        ("post:delay=999999", "delay=SECONDS"),
        ("post:reset,retry-after=2", "STATUS"),
        ("post:503,retry-after=\r\nX: y", "STATUS"),
        ("post:503*0", "STATUS"),
        ("post:503%101", "STATUS"),
        ("post:503*2@3", "post"),
    ],
)
def test_a_wrong_rule_is_a_usage_error_with_the_choices(text, choice):
    with pytest.raises(UsageError) as caught:
        parse_fault(text)
    assert f'"{text}"' in caught.value.message
    assert choice in caught.value.hint


def test_a_sandbox_refuses_a_wrong_rule_before_it_listens(serve):
    with pytest.raises(UsageError):
        serve(faults=("post:explode",))


def strikes(*rules, count=6, where="post"):
    faults = FaultRules(map(parse_fault, rules), random.Random(1))
    return [getattr(faults.next_fault(where), "what", "") for _ in range(count)]


def test_counts_say_which_requests_are_struck():
    assert strikes("post:500*2") == ["500", "500", "", "", "", ""]
    assert strikes("post:500@3") == ["", "", "500", "", "", ""]
    assert strikes("post:500") == ["500"] * 6
    assert strikes("query:500") == [""] * 6
    assert strikes("post:500@2", "post:502*3") == ["502", "500", "502", "", "", ""]
    assert 60 < strikes("post:500%40", count=200).count("500") < 100


@pytest.mark.parametrize("status", [402, 403, 409, 429, 500, 503, 520])
def test_S7_a_status_is_answered_and_no_task_is_made(serve, status):
    client = serve(faults=(f"post:{status}*1",))
    assert client.create(external_task_id="e").status == status
    assert client.query("e").status == 404
    assert client.create(external_task_id="e").status == 200


@pytest.mark.parametrize("text", ["2", "0", "-1", "soon", "1e999", "9" * 5000])
def test_S15_retry_after_is_sent_as_written(serve, text):
    client = serve(faults=(f"post:429,retry-after={text}",))
    assert client.create().headers["Retry-After"] == text
    assert serve(faults=("post:429",)).create().headers["Retry-After"] is None


@pytest.mark.parametrize("what", ["reset", "close"])
def test_S5_a_reset_without_a_task(serve, what):
    client = serve(faults=(f"post:{what}*1",))
    with pytest.raises(GONE[0] if what == "reset" else GONE[1]):
        client.create(external_task_id="e")
    assert client.query("e").status == 404


@pytest.mark.parametrize("what", ["reset", "close"])
def test_S4_a_reset_after_the_task_was_made(serve, what):
    client = serve(faults=(f"post:{what}-after-create*1",))
    with pytest.raises(GONE):
        client.create(external_task_id="e")
    assert client.query("e").status == 200
    assert client.create(external_task_id="e").status == 400


def test_S7_a_status_after_the_task_was_made(serve):
    client = serve(faults=("post:502-after-create@1",))
    assert client.create(external_task_id="e").status == 502
    assert client.query("e").status == 200


def test_S8_an_answer_cut_in_the_middle_or_no_JSON_at_all(serve):
    client = serve(faults=("post:cut@1", "post:html@2"))
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.create(external_task_id="e")
    assert caught.value.partial.startswith(b'{"id"')
    assert client.query("e").status == 200
    page = client.create(external_task_id="f")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html")
    assert client.query("f").status == 404


def test_S6_an_answer_comes_late(serve):
    waits = []
    client = serve(faults=("post:delay=90", "query:delay=7"), latency=0.25, sleep=waits.append)
    assert client.create(external_task_id="e").status == 200
    assert client.query("e").status == 200
    assert waits == [90.0, 0.25, 7.0, 0.25]


def test_a_refusal_is_as_late_as_any_answer(serve):
    waits = []
    assert serve(latency=0.5, sleep=waits.append).query("nobody").status == 404
    assert 0.5 in waits


def test_S6_a_task_is_made_before_its_answer_is_late(serve):
    seen = []
    faults = ("post:delay-after-create=60",)
    client = serve(faults=faults, sleep=lambda wait: seen.append((wait, len(client.running.tasks))))
    assert client.create().status == 200
    assert seen == [(60.0, 1)]


def test_P1_polls_fail_as_often_as_asked(serve):
    client = serve(faults=("query:500*3",))
    made = client.create().json["id"]
    assert [client.query(made).status for _ in range(5)] == [500, 500, 500, 200, 200]


def test_D1_a_cut_download_can_be_resumed(serve, clock):
    client = serve(faults=("download:cut*1",))
    made = client.create().json["id"]
    clock.now += 300
    url = url_of(client.query(made))
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.ask("GET", url)
    first = caught.value.partial
    rest = client.ask("GET", url, headers={"Range": f"bytes={len(first)}-"})
    assert rest.status == 206
    assert first + rest.body == client.ask("GET", url).body


def test_D2_D9_a_range_is_ignored_and_a_file_is_gone(serve, clock):
    client = serve(faults=("download:ignore-range@1", "download:410@2", "download:reset@3", "download:html@4"))
    made = client.create().json["id"]
    clock.now += 300
    url = url_of(client.query(made))
    assert client.ask("GET", url, headers={"Range": "bytes=5-"}).status == 200
    assert client.ask("GET", url).status == 410
    with pytest.raises(ConnectionResetError):
        client.ask("GET", url)
    assert client.ask("GET", url).headers["Content-Type"] == "text/html"
    assert client.ask("GET", url).headers["Content-Type"] == "video/mp4"


def test_tasks_fail_with_the_code_asked_for_get_stuck_or_bring_nothing(serve, clock):
    client = serve(faults=("task:fail=002001098@1", "task:stuck@2", "task:no-output@3"))
    made = [client.create().json["id"] for _ in range(4)]
    clock.now += 1_000_000
    failed, stuck, empty, good = (client.query(task).json for task in made)
    assert failed["error"] == {"code": "002001098", "error_message": "Status check error"}
    assert (stuck["status"], stuck["progress"]) == ("in_progress", 0.99)
    assert (empty["status"], empty["output"], empty["usage"]["cost"]) == ("completed", [], "0.28")
    assert good["output"]


def test_an_upload_fails_where_asked(serve):
    client = serve(faults=("upload:500@1",))
    assert client.upload(b"x").status == 500
    assert client.upload(b"x").status == 200


def test_every_place_that_can_fail_is_served(serve):
    assert set(CHOICES) == {"post", "query", "upload", "download", "task"}
