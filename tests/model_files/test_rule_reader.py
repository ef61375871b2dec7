"""Rules in the YAML of a model's file: each form as our own models have it, and mistakes at their lines."""

from pathlib import Path

import pytest

from kirin_cli.model_files.model_reader import BadModelFile, parse_model_file
from kirin_cli.modelspec.types import assume_url

FIELDS = """\
model: m
fields:
  - {name: mode, kind: choice, options: [std, pro], default: std}
  - {name: seconds, kind: number choice, options: [5, 10], default: 5}
  - {name: steps, kind: integer}
  - {name: image, kind: image}
  - {name: tail, kind: image}
  - {name: video, kind: video}
  - {name: prompt}
  - {name: on, kind: boolean}
  - {name: list, kind: list, fields: [{name: url}, {name: type, kind: choice, options: [a, b]}]}
  - {name: more, kind: list, item: {kind: text}}
  - name: camera
    kind: object
    fields: [{name: pan, kind: number}, {name: zoom, kind: number}]
rules:
"""
LINE = FIELDS.count("\n") + 1


def model(*rules: str):
    text = FIELDS + "\n".join(f"  - {rule}" for rule in rules)
    return parse_model_file(text.encode(), Path("m.yaml")).model


def errors(rule: str, **params: object) -> list[str]:
    return [f"{one.path}: {one.rule}" for one in model(rule).check(params, assume_url).errors]


URL = "https://example.com/a.png"


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ("{needs: {mode: pro}, at: tail}", {"tail": URL, "mode": "pro"}, {"tail": URL}),
        ("{needs: {seconds: 10}, at: tail}", {"tail": URL, "seconds": "10"}, {"tail": URL, "seconds": 5}),
        ("{needs: {seconds: 5}, at: tail}", {"tail": URL}, {"tail": URL, "seconds": 10}),
        ("{needs: {on: true}, at: tail}", {"tail": URL, "on": True}, {"tail": URL}),
        ("{needs: {mode: pro}, at: tail, when: {has: image}}", {"tail": URL}, {"tail": URL, "image": URL}),
        ("{at_least_one: [tail, image]}", {"image": URL}, {"mode": "pro"}),
        ("{at_most_one: [tail, [image, video]]}", {"tail": URL}, {"tail": URL, "image": URL}),
        ("{one_of: [tail, image]}", {"tail": URL}, {"image": URL, "tail": URL}),
        (
            "{require: {within: {steps: [1, 20]}}, at: steps, message: x, when: {mode: std}}",
            {"steps": 20},
            {"steps": 21},
        ),
        ("{require: {within: {steps: [null, 20]}}, at: steps, message: x}", {"steps": -5}, {"steps": 21}),
        ("{require: {within: {seconds: [6, null]}}, at: tail, message: x}", {"seconds": 10}, {"tail": URL}),
        (
            "{require: {one_non_zero: camera}, at: camera, message: x}",
            {"camera": {"pan": 1, "zoom": 0}},
            {"camera": {"pan": 0}},
        ),
        (
            "{require: {any_item: {list.type: a}}, at: list, message: x}",
            {"list": [{"type": "a"}]},
            {"list": [{"type": "b"}]},
        ),
        ("{require: {at_least: {list: 2}}, at: list, message: x}", {"list": [{}, {}]}, {"list": [{}]}),
        (
            "{require: {together_at_most: {lists: [list, more], items: 2}}, at: list, message: x}",
            {"more": ["a", "b"]},
            {"more": ["a", "b"], "list": [{}]},
        ),
        (
            "{require: {not: {has: tail}}, when: {any: [{mode: pro}, {seconds: 10}]}, at: tail, message: x}",
            {"tail": URL},
            {"tail": URL, "seconds": 10},
        ),
        ("{require: {has: [image, tail]}, at: tail, message: x}", {"image": URL, "tail": URL}, {"image": URL}),
        (
            "{once_each: 'list[].type'}",
            {"list": [{"type": "a"}, {"type": "b"}]},
            {"list": [{"type": "a"}, {"type": "a"}]},
        ),
        (
            "{references: {text: prompt, lists: {image: list}}}",
            {"prompt": "<<<image_1>>>", "list": [{}]},
            {"prompt": "<<<image_2>>>", "list": [{}]},
        ),
    ],
)  # fmt: skip
def test_A10_a_rule_holds_for_good_requests_and_refuses_the_bad(rule, good, bad):
    assert errors(rule, **good) == []
    (found,) = errors(rule, **bad)
    assert found.endswith(": A10")


def test_a_rule_has_an_id_and_a_sentence_of_its_own():
    (found,) = model("{rule: F3, needs: {mode: pro, seconds: 10}, at: tail}").check({"tail": URL}, assume_url).errors
    assert (found.rule, found.message) == ("F3", "tail needs mode pro and seconds 10 (mode is std, seconds is 5)")
    (found,) = (
        model("{needs: {mode: pro}, at: tail, message: is for professionals}").check({"tail": URL}, assume_url).errors
    )
    assert found.message == "tail is for professionals (mode is std)"


def test_what_is_left_out_is_a_warning():
    rule = "{require: {not: {has: tail}}, at: tail, message: is left out, when: {mode: std}, leave_out: true}"
    result = model(rule).check({"tail": URL, "image": URL}, assume_url)
    assert ([one.severity for one in result.problems], "tail" in result.values) == (["warning"], False)


def test_rules_are_in_the_schema_too():
    schema = model("{needs: {seconds: 10}, at: tail}").schema()
    assert '"10"' in repr(schema["allOf"]).replace("'", '"')


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("x", "a rule is a mapping"),
        ("{at: tail}", "a rule has one of"),
        ("{needs: {mode: pro}, one_of: [tail]}", "needs and one_of"),
        ("{needs: {mode: pro}}", "at: NAME"),
        ("{needs: {mode: ultra}, at: tail}", "choose std or pro"),
        ("{needs: {mod: pro}, at: tail}", 'did you mean "mode"?'),
        ("{needs: {tail: x}, at: mode}", "no plain value"),
        ("{at_least_one: tail}", "takes a list"),
        ("{require: {has: tail}, at: tail}", "needs a message"),
        ("{require: {}, at: tail, message: x}", "a condition is a mapping"),
        ("{require: {within: {mode: [1, 2]}}, at: mode, message: x}", "is no number"),
        ("{require: {within: {steps: 3}}, at: steps, message: x}", "[least, most]"),
        ("{require: {one_non_zero: mode}, at: mode, message: x}", "is no object"),
        ("{require: {at_least: {mode: 1}}, at: mode, message: x}", "is no list"),
        ("{require: {any_item: {mode.x: 1}}, at: mode, message: x}", "is no member of an item"),
        ("{require: {together_at_most: {lists: [list], items: 1}}, at: list, message: x}", "two lists"),
        ("{require: {together_at_most: {lists: [list, more], items: 1e9}}, at: list, message: x}", "items is"),
        ("{max_seconds: {video: 10}}", "a condition is a mapping"),
        ("{max_seconds: {video: 10}, when: {has: tail}}", "values of one parameter"),
        ("{same_aspect_ratio: {masks: [tail]}}", "image: is missing"),
        ("{needs: {mode: pro}, at: tail, wen: {mode: pro}}", "unknown key"),
        ("{require: " + "{not: " * 20 + "{has: tail}" + "}" * 20 + ", at: tail, message: x}", "nested more than"),
    ],
)
def test_a_mistake_is_said_at_its_line(rule, words):
    with pytest.raises(BadModelFile) as refused:
        model(rule)
    assert any(one.line == LINE and words in one.message for one in refused.value.findings), refused.value.findings
