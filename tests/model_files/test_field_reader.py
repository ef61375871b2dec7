"""Fields in the YAML of a model's file: every kind, and every mistake at its line."""

from pathlib import Path

import pytest

from kirin_cli.model_files.field_reader import KINDS, MAX_FIELDS
from kirin_cli.model_files.model_reader import BadModelFile, parse_model_file
from kirin_cli.modelspec.fields import INVALID
from kirin_cli.modelspec.types import assume_url


def model(*fields: str):
    text = "\n".join(("model: m", "fields:", *(f"  - {field}" for field in fields)))
    return parse_model_file(text.encode(), Path("m.yaml")).model


def problems(*fields: str) -> list[tuple[int, str]]:
    with pytest.raises(BadModelFile) as refused:
        model(*fields)
    assert refused.value.exit_code == 2
    return [(one.line, one.message) for one in refused.value.findings]


def checked(field: str, value: object) -> object:
    """What is sent for a value of a field called x, INVALID where it is refused."""
    result = model(field).check({"x": value}, assume_url)
    return INVALID if result.errors else result.values["x"]


@pytest.mark.parametrize(
    ("field", "value", "sent"),
    [
        ("{name: x, max_length: 3}", "abc", "abc"),
        ("{name: x, kind: choice, options: [5, 10]}", 5, "5"),
        ("{name: x, kind: number choice, options: ['5', 0.5]}", "5", 5),
        ("{name: x, kind: number choice, options: ['5', 0.5]}", 0.5, 0.5),
        ("{name: x, kind: yes/no}", True, "yes"),
        ("{name: x, kind: boolean}", False, False),
        ("{name: x, kind: number, minimum: 0, maximum: 1}", 1, 1),
        ("{name: x, kind: integer}", 5.0, 5),
        ("{name: x, kind: URL}", "https://example.com", "https://example.com"),
        ("{name: x, kind: any}", {"a": [1]}, {"a": [1]}),
        ("{name: x, kind: any, json_type: array}", [1], [1]),
        ("{name: x, kind: object, fields: [{name: y, kind: integer}]}", {"y": 1}, {"y": 1}),
        ("{name: x, kind: list, shorthand: y, fields: [{name: y}]}", ["a"], [{"y": "a"}]),
        ("{name: x, kind: list, item: {kind: integer}}", [1, 2], [1, 2]),
        ("{name: x, kind: object, fields: [{name: y}], aliases: {z: y}}", {"z": "a"}, {"y": "a"}),
    ],
)
def test_A10_a_value_is_taken_as_its_kind_says(field, value, sent):
    assert checked(field, value) == sent


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("{name: x, max_length: 3}", "abcd"),
        ("{name: x, kind: choice, options: [a]}", "b"),
        ("{name: x, kind: number choice, options: [5]}", 6),
        ("{name: x, kind: number choice, options: [1]}", True),
        ("{name: x, kind: boolean}", "true"),
        ("{name: x, kind: number, minimum: 0}", -1),
        ("{name: x, kind: any, json_type: object}", []),
        ("{name: x, kind: list, item: {kind: integer}, max_items: 1}", [1, 2]),
        ("{name: x, kind: list, item: {kind: integer}}", ["a"]),
        ("{name: x, kind: image}", ""),
        ("{name: x, kind: video}", 7),
    ],
)
def test_A10_any_other_value_is_refused(field, value):
    assert checked(field, value) is INVALID


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("x", "a field is a mapping"),
        ("{name: x y}", "is no name"),
        ("{kind: text}", "is no name"),
        ("{name: x, kind: txt}", 'did you mean "text"?'),
        ("{name: x, maxlength: 3}", 'did you mean "max_length"?'),
        ("{name: x, kind: choice}", "options must be a list"),
        ("{name: x, kind: choice, options: [true]}", "is no option"),
        ('{name: x, kind: choice, options: ["a\\e"]}', "is no option"),
        ("{name: x, kind: number choice, options: [five]}", "must be a number"),
        ("{name: x, min_length: 5, max_length: 3}", "more than max_length"),
        ("{name: x, min_length: 1000000}", "min_length is 1000000"),
        ("{name: x, kind: list, item: {kind: text}, min_items: 1000000}", "min_items is 1000000"),
        ("{name: x, max_length: -1}", "whole number"),
        ("{name: x, kind: number, minimum: .inf}", "must be a number"),
        ("{name: x, kind: choice, options: [a], default: b}", "choose a"),
        ("{name: x, kind: any, default: {a: 1}}", "is no plain value"),
        ("{name: x, required: yes}", "true or false"),
        ("{name: x, flag: --x}", "is no flag"),
        ("{name: x, short: -xy}", "is no flag"),
        ("{name: x, help: [a]}", "help must be text"),
        ("{name: x, kind: image, limits: {max_mb: 3}}", "unknown key"),
        ("{name: x, limits: {max_megabytes: 3}}", "a field of kind text has none, that is for kind image or video"),
        ("{name: x, kind: video, limits: {seconds_range: [10, 3]}}", "two numbers"),
        ("{name: x, kind: object}", "an object needs fields"),
        ("{name: x, kind: object, fields: [{name: y}], shorthand: z}", "there is no field"),
        ("{name: x, kind: object, fields: [{name: y}], aliases: {z: w}}", "must stand for one"),
        ("{name: x, kind: object, fields: y}", "must be a list of fields"),
        ("{name: x, kind: list, item: {kind: list, item: {kind: text}}}", "a list of lists"),
        ("{name: x, kind: list, fields: [{name: y}], variants: {'--a': {}}}", "must be a flag"),
        ("{name: model}", "model is the id of the model"),
    ],
)
def test_a_mistake_is_said_at_its_line(field, words):
    assert any(line in {2, 4} and words in message for line, message in problems("{name: good}", field))


def test_all_mistakes_come_at_once():
    assert [line for line, _ in problems("{name: 1}", "{name: a, kind: b}", "{name: good}", "{name: good}")] == [
        3,
        4,
        6,
    ]


def test_a_file_is_bounded():
    (found,) = problems(*(f"{{name: p{number}}}" for number in range(MAX_FIELDS + 5)))
    assert f"more than {MAX_FIELDS} fields" in found[1]
    nested = "{name: x, kind: object, fields: [" * 15 + "{name: x}" + "]}" * 15
    assert any("nested" in message for _, message in problems(nested))


def test_a_field_that_names_no_rule_breaks_A10_and_one_that_does_its_own():
    assert [one.rule for one in model("{name: x, required: true}").check({}, assume_url).errors] == ["A10"]
    assert [one.rule for one in model("{name: x, required: true, rule: T1}").check({}, assume_url).errors] == ["T1"]


def test_texts_for_help_are_made_harmless():
    field = model('{name: x, help: "a\\e[31m\\nb", unit: "s\\x07", metavar: "\\u202eM"}').field_named("x")
    assert (field.help, field.unit, field.metavar) == ("a [31m b", "s", "M")


def test_limits_of_media_are_those_of_the_file_alone():
    image = model("{name: x, kind: image}").field_named("x")
    assert image.describe_bounds().endswith("; JPEG or PNG")
    video = model("{name: x, kind: video, limits: {max_megabytes: 5, seconds_range: [1, 3]}}").field_named("x")
    assert video.describe_bounds().endswith("; MP4 or MOV, up to 5 MB, 1 to 3 s")


def test_every_kind_has_a_name_of_its_own():
    assert len(KINDS) == 13
