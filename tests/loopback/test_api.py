"""The loopback service as the API: what it creates, what it counts, how its tasks move on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loopback.calls import CREATE, call, post, query
from loopback.service import Service


def test_a_task_is_created_once_and_found_under_both_its_names(api: Service) -> None:
    status, made = post(api)
    assert status == 200
    assert query(api, made["id"])[1]["status"] == "in_progress"
    assert query(api, "krn1-a")[1]["status"] == "completed"
    assert query(api, "krn1-b")[0] == 404
    assert api.truth.created("krn1-a") == api.truth.created() == 1
    assert api.truth.keys == {"sk-test"}


@pytest.mark.parametrize(
    ("dialect", "document"),
    [
        ("gateway", {"input": [{"params": {"external_task_id": "e"}}]}),
        ("documented", {"external_task_id": "e"}),
        ("documented", {"data": {"image": "x", "external_task_id": "e"}}),
    ],
)
def test_the_external_id_is_found_in_every_dialect(api: Service, dialect: str, document: dict[str, Any]) -> None:
    call(api, "POST", CREATE, json.dumps({"model": "m"} | document))
    assert [(task.dialect, task.external_id) for task in api.truth.tasks] == [(dialect, "e")]


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"model": 1}', '{"model": "m", "input": []}', "[" * 100_000])
def test_a_body_in_no_dialect_is_refused(api: Service, body: str) -> None:
    assert call(api, "POST", CREATE, body)[0] == 400
    assert api.truth.created() == 0


def test_a_repeated_external_id_is_refused_or_paid_twice(api: Service) -> None:
    post(api)
    status, answer = post(api)
    assert (status, answer["error"]["message"]) == (400, "external_task_id already exists")
    assert not api.truth.twice()
    assert api.api
    api.api.unique = False
    assert post(api)[0] == 200
    assert api.truth.twice() == {"krn1-a": 2}


def test_statuses_follow_their_script_and_the_last_one_stays(api: Service) -> None:
    api.serve_api(statuses=["Weird", {"status": "failed", "error": None}])
    post(api)
    assert [query(api)[1]["status"] for _ in range(3)] == ["Weird", "failed", "failed"]
    assert query(api)[1]["error"] is None


def test_time_can_decide_and_lateness_is_measured(api: Service) -> None:
    api.serve_api(seconds=lambda number: 0.0 if number == 1 else 60.0)
    post(api, "a"), post(api, "b")
    assert [query(api, name)[1]["status"] for name in "ab"] == ["completed", "in_progress"]
    lateness = [task.lateness for task in api.truth.tasks]
    assert lateness[0] is not None
    assert 0 <= lateness[0] < 3
    assert lateness[1] is None


def test_a_wrong_key_creates_nothing_and_is_remembered(api: Service) -> None:
    api.serve_api(key="sk-good")
    assert post(api)[0] == 401
    assert api.truth.created() == 0
    assert api.truth.keys == {"sk-test"}


def test_new_tasks_can_be_hidden_for_some_queries(api: Service) -> None:
    api.serve_api(hidden_for=2)
    post(api)
    assert [query(api)[0] for _ in range(3)] == [404, 404, 200]


def test_results_can_change_with_every_query(api: Service) -> None:
    api.serve_api(results=lambda task: f"http://x/{task.polls}", polls=1)
    post(api)
    urls = [query(api)[1]["output"][0]["content"][0]["url"] for _ in range(2)]
    assert urls == ["http://x/1", "http://x/2"]
