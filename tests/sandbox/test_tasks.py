"""A task's life on the wire (wire/README.md)."""

import base64
import http.client
import io
import json
from decimal import Decimal

import pytest
from sandbox.client import CREATE, url_of
from support.clocks import FakeClock
from support.pictures import png

from kirin_cli.media.video_header import read_video
from kirin_cli.models import MODELS
from kirin_cli.wire import DIALECTS
from kirin_cli.wire.responses import TaskState, parse_task

PICTURE = base64.b64encode(png(400, 800)).decode()
GOOD = {
    "kirin_v1_t2v": {"prompt": "x", "duration": "10", "mode": "pro", "cfg_scale": 0.4},
    "kirin_v1_5_i2v": {"image": PICTURE, "duration": "5"},
    "kirin_v1_6_multi_i2v": {"prompt": "x", "image_list": [{"image": PICTURE}], "aspect_ratio": "1:1"},
    "kirin_motion_control": {
        "image_url": PICTURE,
        "video_url": "https://e.example/v.mp4",
        "character_orientation": "image",
        "mode": "std",
        "keep_original_sound": "no",
    },
    "kirin_video_o1": {"prompt": "x", "image_list": [{"image_url": PICTURE}], "aspect_ratio": "16:9", "duration": "7"},
}


def test_a_task_goes_from_submitted_through_progress_to_completed(client, clock):
    made = client.create().json
    assert (made["status"], made["model"], made["created_at"]) == ("submitted", "kirin_v1_t2v", int(clock.now))
    seen = []
    for _ in range(12):
        clock.now += 6
        seen.append(client.query(made["id"]).json)
    assert [answer["status"] for answer in seen[1:8]] == ["in_progress"] * 7
    progress = [answer["progress"] for answer in seen if "progress" in answer]
    assert progress == sorted(progress)
    assert 0 < progress[0] < progress[-1] < 1
    assert seen[-1]["status"] == "completed"


def test_both_ids_find_the_task_and_only_these(client):
    made = client.create(external_task_id="my own/id ü").json
    assert client.query(made["id"]).json["id"] == made["id"]
    assert client.query("my%20own%2Fid%20%C3%BC").json["id"] == made["id"]
    missing = client.query(made["id"][:-1])
    assert (missing.status, missing.json["status"]["code"]) == (404, 404)


def test_a_repeated_external_id_is_refused_and_makes_no_task(client):
    assert client.create(external_task_id="once").status == 200
    again = client.create(external_task_id="once", prompt="something else")
    assert again.status == 400
    assert "already exists" in again.json["error"]["message"]
    assert len(client.running.tasks) == 1


def test_each_key_is_an_account_with_external_ids_and_tasks_of_its_own(serve):
    client = serve(key="one", more_keys=("two",))
    first = client.create(external_task_id="same").json
    client.key = "two"
    assert client.query(first["id"]).status == client.query("same").status == 404
    second = client.create(external_task_id="same").json
    assert client.query("same").json["id"] == second["id"] != first["id"]


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("model", MODELS)
def test_every_model_is_taken_in_every_dialect(client, clock, model, dialect):
    made = client.post(dialect.build_body(MODELS[model], GOOD[model]))
    assert made.status == 200, made.body
    clock.now += 300
    task = parse_task(client.query(made.json["id"]).json)
    assert task.state is TaskState.COMPLETED
    assert task.cost is not None
    assert task.cost > 0
    assert len(task.outputs) == 1


@pytest.mark.parametrize(
    ("model", "params", "size", "seconds"),
    [
        ("kirin_v1_t2v", {}, (1280, 720), 5),
        ("kirin_v1_t2v", {"aspect_ratio": "9:16", "duration": "10"}, (720, 1280), 10),
        ("kirin_v1_t2v", {"aspect_ratio": "1:1"}, (960, 960), 5),
        ("kirin_v1_5_i2v", {"image": PICTURE}, (720, 1280), 5),
        ("kirin_video_o1", GOOD["kirin_video_o1"], (1280, 720), 7),
        ("kirin_motion_control", GOOD["kirin_motion_control"], (720, 1280), 5),
    ],
)
def test_the_video_has_the_shape_and_length_asked_for(client, clock, model, params, size, seconds):
    made = client.create(model, **params).json
    clock.now += 300
    content = client.query(made["id"]).json["output"][0]["content"][0]
    facts = read_video(io.BytesIO(client.ask("GET", content["url"]).body))
    assert facts.complete
    assert (facts.width, facts.height) == size
    assert facts.seconds == pytest.approx(seconds, abs=0.05)
    assert float(content.get("duration", seconds)) == seconds


def test_two_tasks_never_share_bytes(client, clock):
    made = [client.create().json["id"] for _ in range(2)]
    clock.now += 300
    first, second = (client.ask("GET", url_of(client.query(task))).body for task in made)
    assert first != second


def test_the_answer_has_the_shape_of_each_reference_page(client, clock):
    shapes = {}
    for model, params in GOOD.items():
        made = client.create(model, **params).json["id"]
        clock.now += 300
        content = client.query(made).json["output"][0]["content"][0]
        shapes[model] = {name: type(value) for name, value in content.items()}
    asset = {"type": str, "url": str}
    assert shapes == {
        "kirin_v1_t2v": asset | {"duration": str, "jobId": str},
        "kirin_v1_5_i2v": asset,
        "kirin_v1_6_multi_i2v": asset | {"jobId": str},
        "kirin_motion_control": asset | {"duration": str, "jobId": str},
        "kirin_video_o1": asset | {"duration": str, "jobId": str},
    }


def test_costs_are_decimal_strings_that_grow_with_mode_and_length(client, clock):
    costs = []
    for params in ({}, {"mode": "pro"}, {"duration": "10"}):
        made = client.create(**params).json["id"]
        clock.now += 300
        usage = client.query(made).json["usage"]
        assert isinstance(usage["cost"], str)
        costs.append(Decimal(usage["cost"]))
    assert costs == [Decimal("0.28"), Decimal("0.49"), Decimal("0.56")]


def test_pro_takes_longer_and_speed_divides_all_times(serve, clock):
    def lasts(client, **params):
        client.create(external_task_id="t", **params)
        return client.running.tasks.find(client.key, "t").work_seconds

    slow, fast = lasts(serve()), lasts(serve(speed=30.0))
    assert slow == pytest.approx(fast * 30)
    assert lasts(serve(), mode="pro") > slow * 1.4
    assert 1.8 <= fast <= 2.2


def test_the_failure_has_a_code_of_the_models_page_under_the_pages_key(serve, clock):
    client = serve(fail_rate=1.0)
    for model, params in GOOD.items():
        made = client.create(model, **params).json["id"]
        clock.now += 300
        answer = client.query(made).json
        assert answer["status"] == "failed"
        assert "usage" not in answer
        error = answer["error"]
        key = "message" if model in {"kirin_v1_6_multi_i2v", "kirin_motion_control"} else "error_message"
        assert error[key]
        assert error["code"] in MODELS[model].error_codes or not MODELS[model].error_codes


def test_the_fail_rate_is_a_share(serve, clock):
    client = serve(fail_rate=0.3)
    made = [client.create(prompt=f"number {number}").json["id"] for number in range(100)]
    clock.now += 300
    failed = sum(client.query(task).json["status"] == "failed" for task in made)
    assert 18 <= failed <= 42


def story(client, clock):
    told = []
    for number in range(4):
        made = client.create(prompt=f"number {number % 2}").json["id"]
        clock.now += 56
        told.append((made, client.query(made).json["status"]))
    return told


def test_the_same_seed_makes_the_same_tasks_and_another_seed_another(serve):
    told = []
    for seed in (7, 7, 8):
        clock = FakeClock()
        told.append(story(serve(seed=seed, clock=clock, fail_rate=0.5), clock))
    assert told[0] == told[1] != told[2]
    assert len({made for made, _ in told[0]}) == 4


def test_chance_does_not_depend_on_the_order_of_arrival(serve):
    def ids(prompts):
        client = serve(seed=3)
        return {
            prompt: client.create(prompt=prompt, external_task_id=f"id of {prompt}").json["id"] for prompt in prompts
        }

    assert ids(["a", "b", "c"]) == ids(["c", "a", "b"])


def test_the_connection_is_kept_for_further_requests(client):
    connection = http.client.HTTPConnection(client.running.base_url.removeprefix("http://"), timeout=60)
    headers = {"Content-Type": "application/json", **client.authorized}
    for _ in range(3):
        connection.request("POST", CREATE, json.dumps({"model": "kirin_v1_t2v", "prompt": "x"}), headers)
        socket = connection.sock
        assert connection.getresponse().read()
        connection.request("GET", f"{CREATE}/task/nobody", headers=client.authorized)
        assert connection.getresponse().read()
        assert connection.sock is socket
    connection.close()
