"""The conditions of cross-field rules, one by one: tried on requests, and as JSON Schema in both polarities."""

import pytest
from jsonschema import Draft7Validator

from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.fields import Choice, Integer, Number, Text
from kirin_cli.modelspec.request import RequestView
from kirin_cli.modelspec.rules import (
    All,
    Any,
    AnyItem,
    AtLeast,
    Condition,
    Has,
    Is,
    Not,
    OneNonZero,
    TogetherAtMost,
)

AXES = ("pan", "tilt")
CONFIG = ObjectField(name="config", fields=tuple(Number(name=axis) for axis in AXES))
CAMERA = ObjectField(name="camera", fields=(Choice(name="type", options=("simple", "up")), CONFIG))
IMAGE = ObjectField(
    name="item", shorthand_field="url", fields=(Text(name="url"), Choice(name="type", options=("first", "end")))
)
VIDEO = ObjectField(
    name="item",
    shorthand_field="url",
    fields=(Text(name="url"), Choice(name="use", options=("base", "feature"), default="base")),
)
FIELDS = (
    Choice(name="mode", options=("std", "pro"), default="std"),
    Choice(name="duration", options=("5", "10")),
    CAMERA,
    ListField(name="images", item=IMAGE),
    ListField(name="videos", item=VIDEO),
    ListField(name="elements", item=ObjectField(name="item", fields=(Integer(name="id"),))),
)

SIMPLE = Is("camera.type", "simple")
FIRST = AnyItem("images", "type", "first")
BASE = AnyItem("videos", "use", "base")
ONE = OneNonZero("camera.config", AXES)
TWO = TogetherAtMost(("images", "elements"), 2)


def given(condition: Condition, params: dict[str, object]) -> tuple[bool, bool]:
    """Whether the condition's schema takes the params as sure, and as possible."""
    schemas = (condition.schema(FIELDS, sure=sure) for sure in (True, False))
    sure, maybe = (Draft7Validator(schema).is_valid(params) for schema in schemas)
    return sure, maybe


@pytest.mark.parametrize(
    ("condition", "params"),
    [
        (All(), {}),
        (Has("mode"), {"mode": "std"}),
        (Has("mode"), {"mode": ""}),
        (Has("images"), {"images": ["a"]}),
        (Has("camera.config"), {"camera": {"config": {}}}),
        (Is("mode", "std"), {}),
        (Is("mode", "std"), {"mode": "std"}),
        (Is("mode", "pro", "std"), {"mode": "pro"}),
        (Is("duration", "5"), {"duration": "5"}),
        (SIMPLE, {"camera": {"type": "simple"}}),
        (FIRST, {"images": [{"url": "a"}, {"url": "a", "type": "first"}]}),
        (BASE, {"videos": [{"url": "a"}]}),
        (BASE, {"videos": [{"url": "a", "use": "base"}]}),
        (AtLeast("images", 2), {"images": [{}, {}]}),
        (AtLeast("images", 0), {"images": []}),
        (TWO, {}),
        (TWO, {"images": [{}], "elements": [{}]}),
        (TWO, {"elements": [{}, {}]}),
        (ONE, {"camera": {"config": {"pan": -1}}}),
        (ONE, {"camera": {"config": {"pan": 0, "tilt": 0.5}}}),
        (All(Has("mode"), Is("mode", "pro")), {"mode": "pro"}),
        (Any(Has("mode"), Has("images")), {"images": [{}]}),
        (Not(Has("mode")), {}),
        (Not(Not(Has("mode"))), {"mode": "std"}),
    ],
    ids=repr,
)
def test_what_holds_is_sure_and_possible(condition, params):
    assert condition.holds(RequestView(FIELDS, params))
    assert given(condition, params) == (True, True)


@pytest.mark.parametrize(
    ("condition", "params"),
    [
        (Has("mode"), {}),
        (Has("images"), {"images": []}),
        (Has("camera.config"), {}),
        (Has("camera.config"), {"camera": {"type": "up"}}),
        (Is("mode", "pro"), {}),
        (Is("mode", "pro"), {"mode": "std"}),
        (Is("duration", "5"), {}),
        (Is("duration", "5"), {"duration": "10"}),
        (SIMPLE, {}),
        (SIMPLE, {"camera": {}}),
        (SIMPLE, {"camera": {"type": "up"}}),
        (FIRST, {}),
        (FIRST, {"images": []}),
        (FIRST, {"images": [{"url": "a"}, {"url": "a", "type": "end"}]}),
        (BASE, {}),
        (BASE, {"videos": [{"url": "a", "use": "feature"}]}),
        (AtLeast("images", 2), {}),
        (AtLeast("images", 2), {"images": [{}]}),
        (TWO, {"images": [{}, {}, {}]}),
        (TWO, {"images": [{}, {}], "elements": [{}]}),
        (ONE, {}),
        (ONE, {"camera": {"type": "simple"}}),
        (ONE, {"camera": {"config": {}}}),
        (ONE, {"camera": {"config": {"pan": 0}}}),
        (ONE, {"camera": {"config": {"pan": 1, "tilt": -1}}}),
        (All(Has("mode"), Is("mode", "pro")), {"mode": "std"}),
        (Any(Has("mode"), Has("images")), {}),
        (Any(), {}),
        (Not(Has("mode")), {"mode": "std"}),
        (Not(All()), {}),
    ],
    ids=repr,
)
def test_what_does_not_hold_is_neither(condition, params):
    assert not condition.holds(RequestView(FIELDS, params))
    assert given(condition, params) == (False, False)


@pytest.mark.parametrize(
    ("condition", "params"),
    [
        (Has("mode"), {"mode": None}),
        (Has("camera.config"), {"camera": {"config": None}}),
        (Has("camera.config"), {"camera": None}),
        (Is("mode", "pro"), {"mode": None}),
        (SIMPLE, {"camera": None}),
        (SIMPLE, {"camera": {"type": None}}),
        (FIRST, {"images": None}),
        (FIRST, {"images": [{"type": None}, "a"]}),
        (ONE, {"camera": {"config": {"pan": None}}}),
        (Not(Is("mode", "std")), {"mode": None}),
        (Not(Is("duration", "5")), {"duration": 5}),
        (Not(BASE), {"videos": [{"url": "a", "use": None}]}),
        (Not(BASE), {"videos": ["a"]}),
        (Not(TWO), {"images": None, "elements": [{}, {}]}),
        (Not(ONE), {"camera": {"config": {"pan": 1, "tilt": None}}}),
    ],
    ids=repr,
)
def test_a_schema_reads_nulls_numbers_and_bare_values_as_the_check_does(condition, params):
    assert given(condition, params) == (False, False)
    assert given(Not(condition), params) == (True, True)


@pytest.mark.parametrize(
    ("condition", "params"),
    [
        (Has("mode"), {"mode": "${x}"}),
        (Has("camera.config"), {"camera": "${x}"}),
        (Has("camera.config"), {"camera": {"config": "a ${x}"}}),
        (Is("mode", "std"), {"mode": "${x}"}),
        (Is("mode", "pro"), {"mode": "${x}"}),
        (SIMPLE, {"camera": "${x}"}),
        (SIMPLE, {"camera": {"type": "${x}"}}),
        (FIRST, {"images": "${x}"}),
        (FIRST, {"images": ["a", "${x}"]}),
        (FIRST, {"images": [{"type": "${x}"}]}),
        (BASE, {"videos": "${x}"}),
        (BASE, {"videos": ["${x}"]}),
        (BASE, {"videos": [{"use": "${x}"}]}),
        (AtLeast("images", 2), {"images": "${x}"}),
        (TWO, {"images": "${x}"}),
        (TWO, {"images": "${x}", "elements": [{}, {}]}),
        (ONE, {"camera": "${x}"}),
        (ONE, {"camera": {"config": "${x}"}}),
        (ONE, {"camera": {"config": {"pan": "${x}"}}}),
        (ONE, {"camera": {"config": {"pan": "${x}", "tilt": 1}}}),
        (ONE, {"camera": {"config": {"pan": "${x}", "tilt": "${y}"}}}),
        (All(Is("mode", "pro"), Has("duration")), {"mode": "pro", "duration": "${x}"}),
        (Any(Is("mode", "pro"), Has("duration")), {"mode": "${x}"}),
    ],
    ids=repr,
)
def test_what_interpolated_text_decides_is_possible_and_never_sure(condition, params):
    assert given(condition, params) == (False, True)
    assert given(Not(condition), params) == (False, True)


def test_interpolated_text_decides_nothing_that_is_decided():
    assert given(Any(Has("mode"), Has("duration")), {"mode": "${x}", "duration": 5}) == (True, True)
    assert given(ONE, {"camera": {"config": {"pan": "${x}", "tilt": 1, "roll": 1}}}) == (False, True)
    assert given(TWO, {"images": [{}] * 3, "elements": "${x}"}) == (False, False)
    assert given(AtLeast("images", 2), {"images": ["${x}", "${y}"]}) == (True, True)
    assert given(FIRST, {"images": ["${x}", {"type": "first"}]}) == (True, True)


@pytest.mark.parametrize(
    ("condition", "params", "now"),
    [
        (All(), {}, ()),
        (Has("mode"), {}, ()),
        (Is("mode", "pro"), {}, ("mode is std",)),
        (Is("mode", "std"), {}, ()),
        (Is("duration", "5"), {}, ("duration is not given",)),
        (Is("duration", "5"), {"duration": "10"}, ("duration is 10",)),
        (TWO, {"images": [{}] * 3}, ("images has 3", "elements has 0")),
        (ONE, {"camera": {"config": {"pan": 1, "tilt": 2}}}, ("camera.config.pan is 1", "camera.config.tilt is 2")),
        (All(Is("mode", "pro"), Is("duration", "5")), {"duration": "5"}, ("mode is std",)),
        (Any(Is("mode", "pro"), Is("duration", "5")), {}, ("mode is std", "duration is not given")),
    ],
    ids=repr,
)
def test_a_condition_says_how_things_stand(condition, params, now):
    assert condition.describe_now(RequestView(FIELDS, params)) == now


@pytest.mark.parametrize(
    ("condition", "reads"),
    [
        (All(), ()),
        (Has("mode"), ()),
        (Is("mode", "pro"), ("mode",)),
        (FIRST, ("images[].type",)),
        (AtLeast("images", 1), ()),
        (TWO, ()),
        (ONE, ("camera.config.pan", "camera.config.tilt")),
        (Not(All(Is("mode", "pro"), FIRST)), ("mode", "images[].type")),
    ],
    ids=repr,
)
def test_a_condition_reads_what_it_needs_and_no_more(condition, reads):
    assert condition.paths_read == reads


def test_a_kind_of_condition_must_say_when_it_holds_and_what_its_schema_is():
    with pytest.raises(NotImplementedError):
        Condition().holds(RequestView((), {}))
    with pytest.raises(NotImplementedError):
        Condition().schema((), sure=True)
