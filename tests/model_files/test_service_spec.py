"""Specs in the service's own shape become files, and the files models; whatever is in them is harmless then."""

import json
from pathlib import Path

import pytest
from support.odd_specs import PROMPT, REFUSED, SPECS, parameter, spec

from kirin_cli.docgen.starter import starter_job_file
from kirin_cli.errors import UsageError
from kirin_cli.jobs.yaml_loader import parse_yaml
from kirin_cli.model_files.comparison import compare_fields
from kirin_cli.model_files.model_reader import parse_model_file
from kirin_cli.model_files.service_spec import convert_spec
from kirin_cli.model_files.writer import model_file_text
from kirin_cli.modelspec.text import quote
from kirin_cli.modelspec.types import assume_url

SOURCE = {"url": "https://specs.example/x", "date": "2026-01-02", "sha256": "0" * 64}


def converted(*parameters, model_id="m"):
    """The content of the file of a model with these parameters, by name."""
    content = convert_spec(json.loads(json.dumps(spec(model_id, list(parameters))))).content
    return {field["name"]: {key: value for key, value in field.items() if key != "name"} for field in content["fields"]}


def text_of(document, model_id=""):
    return model_file_text(convert_spec(json.loads(json.dumps(document)), model_id), "the-command", SOURCE)


@pytest.mark.parametrize("model_id", SPECS)
def test_every_spec_becomes_a_file_that_means_a_model_and_is_plain_text(model_id):
    text = text_of(SPECS[model_id], model_id)
    assert all(line.isprintable() for line in text.split("\n"))
    assert len(text) < 40_000
    file = parse_model_file(text.encode(), Path("m.yaml"))
    assert (file.model.id, file.url, file.date, file.sha256) == (model_id, *SOURCE.values())
    assert file.model.names[-1] == "external_task_id"
    assert starter_job_file(file.model)
    assert file.model.schema()["type"] == "object"
    assert {problem.rule for problem in file.model.check({}, assume_url).problems} <= {"A10"}


@pytest.mark.parametrize("asked", REFUSED)
def test_what_is_no_spec_of_the_model_is_refused_in_harmless_words(asked):
    with pytest.raises(UsageError) as refused:
        convert_spec({"data": REFUSED[asked]}, asked)
    assert refused.value.message.isprintable()


def test_types_become_kinds_with_their_bounds():
    fields = converted(
        PROMPT,
        parameter("seed", "integer", min=0, max=2**64 - 1),
        parameter("scale", "number", min=0, max=1, default=0.5),
        parameter("on", "boolean", default="true"),
        parameter("mode", enum=["std", "pro"], default="std"),
        parameter("sound", enum=["yes", "no"]),
        parameter("seconds", "integer", enum=["5", "10"], default="5"),
        parameter("length", enum=["5", "10"], default="5"),
        parameter("shape", "object", children=[parameter("x", "integer", required=True)]),
        parameter("free", "object"),
        parameter("hook_url"),
    )
    assert fields["prompt"] == {"kind": "text", "max_length": 800, "required": True, "help": "What to show"}
    assert fields["seed"] == {"kind": "integer", "minimum": 0, "maximum": 2**64 - 1, "counts_up": True}
    assert fields["scale"] == {"kind": "number", "minimum": 0, "maximum": 1, "default": 0.5}
    assert fields["on"] == {"kind": "boolean", "default": True}
    assert fields["mode"] == {"kind": "choice", "options": ["std", "pro"], "default": "std"}
    assert fields["sound"] == {"kind": "yes/no"}
    assert fields["seconds"] == {"kind": "number choice", "options": [5, 10], "default": 5}
    assert fields["length"] == {"kind": "choice", "options": ["5", "10"], "default": "5"}
    assert fields["shape"]["fields"] == [{"name": "x", "kind": "integer", "required": True}]
    assert fields["free"] == {"kind": "any", "json_type": "object"}
    assert fields["hook_url"] == {"kind": "URL"}


@pytest.mark.parametrize(
    ("name", "about", "kind"),
    [
        ("image", "", "image"),
        ("image_url", "Base64 or URL", "image"),
        ("first_frame", "Where it starts", "image"),
        ("lastFrameImage", "", "image"),
        ("mask_2", "", "image"),
        ("image_tail", "Last picture", "image"),
        ("reference_video", "", "video"),
        ("video_url", "", "video"),
        ("image_size", "Size of the image", "text"),
        ("image_prompt", "What the image shows", "text"),
        ("video_style", "Style of the video", "text"),
        ("video_id", "Id of the video", "text"),
        ("negative_prompt", "No image of this, see https://example.com/a.png", "text"),
        ("audio_url", "A voice", "URL"),
        ("audio_url", "A voice, or its Base64", "text"),
    ],
)
def test_media_are_known_by_name_and_description(name, about, kind):
    assert converted(parameter(name, about=about))[name]["kind"] == kind


def test_a_declared_format_goes_before_the_name_and_the_file_says_what_told_so():
    declared = {**parameter("portrait"), "format": "image"}
    named = parameter("cover_image", about="at most 20 MB, JPEG")
    content = convert_spec(spec("m", [declared, named]))
    assert [field["kind"] for field in content.content["fields"]] == ["image", "image"]
    assert content.media == ["portrait", "cover_image"]
    text = model_file_text(content, "m", SOURCE)
    assert "kind: image  # the spec declares it; write text where it is none" in text
    assert "kind: image  # by its name and description; write text where it is none, and no limits" in text
    assert "limits: {max_megabytes: 20}" in text


def test_lists_of_objects_of_pictures_and_of_nobody_knows_what():
    fields = converted(
        parameter("image_list", "array", max_items=4, children=[parameter("image"), parameter("type", enum=["first"])]),
        parameter("image_urls", "array"),
        parameter("things", "array", max_items=2),
    )
    assert (fields["image_list"]["shorthand"], fields["image_list"]["max_items"]) == ("image", 4)
    assert fields["image_urls"]["item"]["kind"] == "image"
    assert fields["things"] == {"kind": "list", "max_items": 2, "item": {"kind": "any"}}


def test_what_cannot_be_taken_in_is_said():
    assert "7 parameters whose name cannot be one" in convert_spec(SPECS["hostile_names"]).notes[0]
    assert convert_spec(SPECS["hostile_texts"]).notes == ["left out: words that cannot be shown, of mode"]
    assert convert_spec(SPECS["many"]).notes[0].startswith("cut:")
    elsewhere = spec("m", [PROMPT]) | {"api": {"endpoint": "https://evil.example/v1/chat"}}
    assert "kirin asks at /model/v1/generation of its own base URL" in convert_spec(elsewhere).notes[0]


@pytest.mark.parametrize(
    ("kind", "result"),
    [
        ("video", "video"),
        ("Image", "image"),
        ("text-to-image", "image"),
        ("image-to-video", "video"),
        ("music", "audio"),
        ("", "video"),
    ],
)
def test_the_result_is_what_comes_last_in_the_type(kind, result):
    assert convert_spec(spec("m", [PROMPT]) | {"type": kind}).content.get("result", "video") == result


def test_the_digest_is_of_what_the_spec_says_in_whatever_order():
    one = spec("m", [PROMPT])
    assert convert_spec(one).sha256 == convert_spec({"data": dict(reversed(one.items()))}).sha256
    assert convert_spec(one).sha256 != convert_spec(one | {"vendor": "x"}).sha256


def test_defaults_that_the_bounds_refuse_are_none():
    fields = converted(*SPECS["odd_bounds"]["parameters"])
    assert "default" not in fields["bad_default"]
    assert "default" not in fields["big"]
    assert fields["turned"] == {"kind": "number"}
    assert fields["huge"] == {"kind": "number"}


def test_a_file_of_a_spec_says_what_the_spec_says():
    document = spec("m", SPECS["plain_t2v"]["parameters"] + SPECS["nested_three"]["parameters"][1:])
    once = parse_model_file(text_of(document).encode(), Path("m.yaml")).model
    again = parse_model_file(text_of(document).encode(), Path("m.yaml")).model
    assert compare_fields(once.fields, again.fields) == []
    assert quote(once.help) == '"M"'


def test_a_starter_of_odd_names_and_words_is_valid_as_it_is():
    words = ["0x10", "1e5", "0.5", "~", "no", "16:9", "on"]
    odd = [parameter("true", required=True), parameter("null", "object", required=True, children=[parameter("no")])]
    odd += [parameter(f"w{number}", required=True, enum=[word]) for number, word in enumerate(words)]
    model = parse_model_file(text_of(spec("m", odd)).encode(), Path("m.yaml")).model
    stream = parse_yaml(starter_job_file(model))
    assert stream.problems == []
    assert model.check(stream.documents[0].root["params"], assume_url).errors == ()
