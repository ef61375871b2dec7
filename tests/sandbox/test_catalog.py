"""The list of models and their parameters, for other clients of the service (wire/README.md). No key needed."""

import json

import pytest

from kirin_cli.models import MODELS

LIST = "/api/v1/skill/models"


def names(answer):
    return [model["id"] for model in answer.json["data"]["models"]]


def test_the_list_is_wrapped_and_holds_every_model(client):
    answer = client.ask("GET", LIST)
    assert answer.json["status"] == {"code": 200, "message": "ok"}
    assert names(answer) == list(MODELS)
    data = answer.json["data"]
    assert (data["total"], data["page"], data["total_pages"]) == (5, 1, 1)
    by_id = {model["id"]: model for model in data["models"]}
    assert by_id["kirin_v1_t2v"]["input_modalities"] == ["text"]
    assert by_id["kirin_video_o1"]["input_modalities"] == ["text", "image", "video"]
    assert set(by_id["kirin_v1_t2v"]) == {"id", "name", "type", "description", "input_modalities", "output_modalities"}


def test_pages_keywords_and_type_narrow_the_list(client):
    second = client.ask("GET", LIST + "?page=2&page_size=2")
    assert names(second) == list(MODELS)[2:4]
    assert (second.json["data"]["total"], second.json["data"]["total_pages"]) == (5, 3)
    assert names(client.ask("GET", LIST + "?page=9&page_size=2")) == []
    assert names(client.ask("GET", LIST + "?keywords=T2V")) == ["kirin_v1_t2v"]
    assert names(client.ask("GET", LIST + "?type=image")) == []
    assert len(names(client.ask("GET", LIST + "?type=video"))) == 5


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page_size=x", "page=" + "9" * 5000])
def test_a_page_that_is_no_number_is_400(client, query):
    assert client.ask("GET", f"{LIST}?{query}").status == 400


@pytest.mark.parametrize("model", MODELS)
def test_each_spec_names_its_parameters_and_an_absolute_endpoint(client, model):
    data = client.ask("GET", f"{LIST}/{model}/spec").json["data"]
    assert data["model_id"] == model
    assert data["api"] == {
        "endpoint": client.running.base_url + "/model/v1/generation",
        "method": "POST",
        "headers": {},
    }
    assert [parameter["name"] for parameter in data["parameters"]] == list(MODELS[model].names)
    assert all(data[name] for name in ("name", "vendor", "type", "agent_prompt"))
    assert {parameter["type"] for parameter in data["parameters"]} <= {
        "string",
        "number",
        "integer",
        "boolean",
        "object",
        "array",
    }


def parameters(client, model):
    found = client.ask("GET", f"{LIST}/{model}/spec").json["data"]["parameters"]
    return {parameter["name"]: parameter for parameter in found}


def test_constraints_carry_the_bounds_of_the_reference(client):
    found = parameters(client, "kirin_v1_t2v")
    assert found["prompt"]["required"] is True
    assert found["prompt"]["constraints"] == {"min_length": 1, "max_length": 2500}
    assert found["duration"]["constraints"] == {"default": "5", "enum": ["5", "10"]}
    assert found["cfg_scale"]["constraints"] == {"default": 0.5, "min": 0, "max": 1}
    kind, config = found["camera_control"]["children"]
    assert "down_back" in kind["constraints"]["enum"]
    assert config["children"][0]["constraints"] == {"min": -10, "max": 10}


def test_lists_have_their_most_items_and_the_members_of_an_item(client):
    masks = parameters(client, "kirin_v1_5_i2v")["dynamic_masks"]
    assert (masks["type"], masks["constraints"]["max_items"]) == ("array", 6)
    assert [child["name"] for child in masks["children"]] == ["mask", "trajectories"]
    assert [child["type"] for child in masks["children"][1]["children"]] == ["integer", "integer"]


def test_enumerations_are_strings_throughout(client):
    text = json.dumps([parameters(client, model) for model in MODELS])

    def enums(node):
        if isinstance(node, dict):
            yield from node.get("enum", [])
            node = list(node.values())
        if isinstance(node, list):
            for part in node:
                yield from enums(part)

    found = list(enums(json.loads(text)))
    assert {"5", "10", "std", "yes"} <= set(found)
    assert all(isinstance(word, str) for word in found)


def test_an_unknown_model_has_no_spec(client):
    assert client.ask("GET", f"{LIST}/kirin_v9/spec").json["status"]["code"] == 404
