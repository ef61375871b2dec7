"""What all models have in common: unknown names, delivery, and the words of the reference (rules A1 to A9)."""

import re

import pytest
from support.model_requests import GOOD, checked, refused, said, sent

from kirin_cli.models import MODEL_ENTRIES, MODELS, error_message
from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.fields import Choice
from kirin_cli.modelspec.types import assume_url

T2V = "kirin_v1_t2v"
EVERY = pytest.mark.parametrize("model", MODELS)
WATERMARKED = pytest.mark.parametrize("model", [model for model in MODELS if model != "kirin_motion_control"])


def test_A1_the_models_are_those_of_the_reference():
    assert [*MODELS] == [*GOOD]
    assert len(MODELS) == 5
    assert all(model.id == name for name, model in MODELS.items())
    assert "kirin_v9" not in MODELS
    with pytest.raises(KeyError):
        MODELS["kirin_v9"]


def test_a_models_row_says_what_the_model_says():
    assert {name: (model.command, model.help) for name, model in MODELS.items()} == {
        name: (row.command, row.help) for name, row in MODEL_ENTRIES.items()
    }


@EVERY
def test_the_smallest_good_request_has_no_problem(model):
    assert not checked(model).problems


@EVERY
@pytest.mark.parametrize(
    "name", ["aspect", "promt", "model", "data", "input", "", " prompt", "prompt ", "Prompt", "a.b"]
)
def test_A2_an_unknown_parameter_is_an_error_at_its_name(model, name):
    assert refused(model, **{name: "x"}) == [(name, "A2")]
    assert refused(model, **{name: None}) == [(name, "A2")]


def test_A2_names_the_closest_or_all_known_ones():
    assert said(T2V, aspect="16:9") == 'unknown parameter "aspect"; did you mean "aspect_ratio"?'
    assert "; known are prompt, negative_prompt, " in said(T2V, zzz=1)
    assert len(said(T2V, **{"z" * 9999: 1})) < 400


@EVERY
def test_A2_keys_that_are_no_text_are_unknown(model):
    found = MODELS[model].check({**GOOD[model], 5: 1, None: 2, ("a", 1): 3}, assume_url)
    assert [problem.rule for problem in found.problems] == ["A2"] * 3


@EVERY
@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook",
        "http://example.com",
        "HTTPS://Example.COM:8443/a?b=c#d",
        "http://[::1]:8080/hook",
        "http://127.0.0.1",
        "https://user:word@example.com/",
        "https://例え.jp/フック",
    ],
)
def test_A3_a_callback_is_an_absolute_web_url(model, url):
    assert sent(model, callback_url=url)["callback_url"] == url


@EVERY
@pytest.mark.parametrize(
    "url",
    [
        "",
        "/hook",
        "example.com/hook",
        "//example.com",
        "ftp://example.com",
        "https:",
        "https://",
        "https:///hook",
        "https://:80/",
        "https://a b",
        " https://a",
        "https://a\n",
        "https://a\tb",
        "http://[::1",
        "http://[zz]/",
        "https://example.com:99999/",
        "https://example.com:port/",
        "https://example.com:0/",
        "https://a\x7f",
        5,
        True,
        [],
        ["https://example.com"],
        {},
        b"https://example.com",
    ],
)
def test_A3_anything_else_is_no_callback(model, url):
    assert refused(model, callback_url=url) == [("callback_url", "A3")]


@EVERY
@pytest.mark.parametrize("given", ["order-17", "x" * 5000, "-", "../.."])
def test_A4_an_external_task_id_is_text(model, given):
    assert sent(model, external_task_id=given)["external_task_id"] == given


@EVERY
@pytest.mark.parametrize("given", ["", 17, True, [], {}, "a\0"])
def test_A4_an_external_task_id_is_not_empty(model, given):
    assert refused(model, external_task_id=given) == [("external_task_id", "A4")]


@WATERMARKED
@pytest.mark.parametrize("enabled", [True, False])
def test_A5_a_watermark_is_sent_as_exactly_that_object(model, enabled):
    assert sent(model, watermark_info={"enabled": enabled})["watermark_info"] == {"enabled": enabled}


@WATERMARKED
@pytest.mark.parametrize(
    ("given", "place"),
    [(True, ""), (False, ""), ("yes", ""), ([], ""), ([{"enabled": True}], ""), ({}, ".enabled")]
    + [({"enabled": value}, ".enabled") for value in ("yes", "true", 1, 0, None, [])],
)
def test_A5_nothing_else_is_a_watermark(model, given, place):
    assert refused(model, watermark_info=given) == [(f"watermark_info{place}", "A5")]


@WATERMARKED
def test_A2_A5_a_watermark_has_no_other_member(model):
    assert refused(model, watermark_info={"enabled": True, "text": "x"}) == [("watermark_info.text", "A2")]


@EVERY
def test_A6_a_word_that_is_none_of_the_choices_is_answered_with_all_of_them(model):
    for part in MODELS[model].fields:
        if isinstance(part, Choice):
            words = said(model, **{part.name: "orbit"})
            assert all(word in words for word in (part.name, '"orbit"', *part.options))


@pytest.mark.parametrize("model", [model for model in MODELS if model != "kirin_motion_control"])
@pytest.mark.parametrize("given", [5, "5"])
def test_A7_a_duration_travels_as_text(model, given):
    assert sent(model, duration=given)["duration"] == "5"


@pytest.mark.parametrize("given", [True, False])
def test_A8_the_sound_travels_as_yes_or_no(given):
    assert sent("kirin_motion_control", keep_original_sound=given)["keep_original_sound"] == ("no", "yes")[given]


def test_every_error_code_of_the_pages_is_explained():
    codes = [code for model in MODELS.values() for code in model.error_codes]
    assert len(codes) == len(set(codes)) == 24
    assert error_message("002015002") == "Prompt exceeds 2500 character limit"
    assert error_message("014002099") == "Sync generation exception"
    assert error_message("00200399") == "Service unavailable"
    assert error_message("2001095") == ""


def every_field(fields):
    for part in fields:
        yield part
        yield from every_field(
            (part.item if isinstance(part, ListField) else part).fields
            if isinstance(part, ObjectField | ListField)
            else ()
        )


@EVERY
def test_every_parameter_has_help_a_rule_and_a_name_of_its_own(model):
    assert len(set(MODELS[model].names)) == len(MODELS[model].fields)
    for part in every_field(MODELS[model].fields):
        assert part.help.endswith(".") or isinstance(part, ObjectField)
        assert re.fullmatch(r"[ACFMOT]\d{1,2}", part.rule)
    with pytest.raises(KeyError):
        MODELS[model].field_named("nothing")
