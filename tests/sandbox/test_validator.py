"""What the sandbox refuses, and in which words."""

import base64
import http.client

import pytest
from sandbox.client import CREATE
from support.pictures import png

PICTURE = base64.b64encode(png(400, 400)).decode()


def message(answer):
    return answer.json["error"]["message"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic abc"}])
def test_a_missing_or_invalid_key_is_401(client, headers):
    for method, place, body in (
        ("POST", CREATE, b"{}"),
        ("GET", f"{CREATE}/task/x", None),
        ("POST", "/api/v1/storage/files", b""),
    ):
        answer = client.ask(method, place, body, headers)
        assert (answer.status, answer.json) == (401, {"message": "API key missing or invalid"})


@pytest.mark.parametrize("body", [b"", b"{", b'"text"', b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_JSON_object_is_400(client, body):
    assert client.post(body).status == 400


def test_another_content_type_is_415(client):
    assert client.post({}, **{"Content-Type": "text/plain"}).status == 415
    assert (
        client.post(
            {"model": "kirin_v1_t2v", "prompt": "x"}, **{"Content-Type": "application/json; charset=utf-8"}
        ).status
        == 200
    )


@pytest.mark.parametrize("model", ["kirin_v9", None, 5, ["kirin_v1_t2v"]])
def test_A1_an_unknown_model_is_400_and_names_the_known(client, model):
    answer = client.post({"model": model, "prompt": "x"})
    assert answer.status == 400
    assert "kirin_video_o1" in message(answer)


def test_all_problems_come_at_once_with_path_and_rule(client):
    answer = client.create(prompt="", mode="best", cfg_scale=3, colour="red")
    assert answer.status == 422
    found = {(detail["path"], detail["rule"]) for detail in answer.json["error"]["details"]}
    assert found == {("prompt", "T1"), ("mode", "T3"), ("cfg_scale", "T4"), ("colour", "A2")}
    assert all(detail["message"] in message(answer) for detail in answer.json["error"]["details"])


def test_T5_cross_field_rules_are_judged_too(client):
    answer = client.create(mode="pro", camera_control={"type": "down_back"})
    assert (answer.status, answer.json["error"]["details"][0]["rule"]) == (422, "T5")


def test_A9_a_data_prefix_is_refused_on_the_wire(client):
    assert client.create("kirin_v1_5_i2v", image=PICTURE).status == 200
    answer = client.create("kirin_v1_5_i2v", image=f"data:image/png;base64,{PICTURE}")
    assert (answer.status, answer.json["error"]["details"][0]["rule"]) == (422, "A9")


def test_I1_a_path_on_this_machine_is_no_media_for_a_service(client, tmp_path):
    (tmp_path / "cup.png").write_bytes(png(400, 400))
    assert client.create("kirin_v1_5_i2v", image=str(tmp_path / "cup.png")).status == 422


def test_I4_a_picture_in_the_body_is_measured(client):
    small = base64.b64encode(png(100, 400)).decode()
    answer = client.create("kirin_v1_5_i2v", image=small)
    assert "I4" in {detail["rule"] for detail in answer.json["error"]["details"]}


@pytest.mark.parametrize(
    ("model", "params", "at"),
    [
        ("kirin_v1_t2v", {"duration": 5}, "duration"),
        ("kirin_v1_6_multi_i2v", {"prompt": "x", "image_list": [PICTURE]}, "image_list[0]"),
        (
            "kirin_video_o1",
            {
                "prompt": "x",
                "aspect_ratio": "1:1",
                "video_list": [
                    {"video_url": "https://e.example/v.mp4", "refer_type": "feature", "keep_original_sound": True}
                ],
            },
            "video_list[0].keep_original_sound",
        ),
    ],
)
def test_A7_A8_M1_what_the_command_line_converts_must_be_right_on_the_wire(client, model, params, at):
    answer = client.create(model, **params)
    assert answer.status == 422
    assert [detail["path"] for detail in answer.json["error"]["details"]] == [at]


def test_O2_the_compatible_name_of_an_image_is_taken(client):
    assert (
        client.create("kirin_video_o1", prompt="x", aspect_ratio="1:1", image_list=[{"image": PICTURE}]).status == 200
    )


def test_T8_a_warning_refuses_nothing(client):
    assert client.create(camera_control={"type": "down_back", "config": {"pan": 1}}).status == 200


def test_a_body_over_the_bound_is_413_even_while_it_is_being_sent(serve):
    client = serve(max_json=1000)
    answer = client.post(b'{"prompt": "' + b"x" * 30_000_000 + b'"}')
    assert answer.status == 413
    assert answer.headers["Connection"] == "close"


@pytest.mark.parametrize("length", ["-1", "five", "1e3", "9" * 30])
def test_a_length_that_is_none_is_400(client, length):
    connection = http.client.HTTPConnection(client.running.base_url.removeprefix("http://"), timeout=60)
    connection.putrequest("POST", CREATE)
    connection.putheader("Content-Length", length)
    connection.endheaders()
    assert connection.getresponse().status == 400
    connection.close()


def test_a_body_without_a_length_is_411(client):
    connection = http.client.HTTPConnection(client.running.base_url.removeprefix("http://"), timeout=60)
    connection.request("POST", CREATE, iter([b"{}"]), encode_chunked=True, headers=client.authorized)
    assert connection.getresponse().status == 411
    connection.close()


def test_an_address_that_does_not_exist_is_404(client):
    assert client.ask("GET", "/").status == 404
    assert client.ask("POST", "/model/v2/generation", b"{}", client.authorized).status == 404
