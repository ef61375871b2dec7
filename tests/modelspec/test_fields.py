"""Kinds of parameters: what they read from flags, how they say their bounds, what they leave to their subclasses."""

import math

import pytest

from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.fields import INVALID, Boolean, CheckContext, Choice, Field, Integer, Number, Text, Url, YesNo
from kirin_cli.modelspec.media_fields import Image, ImageLimits, Video, VideoLimits
from kirin_cli.modelspec.types import Problem, assume_url

AXIS = Number(name="pan", minimum=-10, maximum=10)
COUNT = Integer(name="count")
ELEMENT = ObjectField(name="item", shorthand_field="element_id", fields=(Integer(name="element_id", required=True),))
CAMERA = ObjectField(name="camera", fields=(Text(name="type"), ObjectField(name="config", fields=(AXIS,))))
PICTURE = Image(name="image", limits=ImageLimits())
CLIP = Video(name="video", limits=VideoLimits("V3", 200, (720, 2160), (3, 10), (24, 60)))


def check(field: Field, value: object) -> tuple[object, list[Problem]]:
    context = CheckContext(assume_url)
    return field.check(value, "here", context), context.problems


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (AXIS, "-5", -5),
        (AXIS, "2.5", 2.5),
        (AXIS, " 1e0 ", 1.0),
        (AXIS, "five", "five"),
        (AXIS, "", ""),
        (AXIS, "1_0", "1_0"),
        (AXIS, "٣", "٣"),
        (AXIS, "0x5", "0x5"),
        (COUNT, "+7", 7),
        (COUNT, "7.0", "7.0"),
        (COUNT, "9" * 5000, "9" * 5000),
        (Text(name="prompt"), "5", "5"),
        (Choice(name="duration", options=("5",)), "5", "5"),
        (Boolean(name="enabled"), "TRUE", True),
        (Boolean(name="enabled"), "no", False),
        (Boolean(name="enabled"), "on", "on"),
        (PICTURE, "a.png", "a.png"),
        (ELEMENT, "123", {"element_id": 123}),
        (ELEMENT, "hero", {"element_id": "hero"}),
        (ELEMENT, ' {"element_id": 5}', {"element_id": 5}),
        (ELEMENT, "{element_id: 5}", "{element_id: 5}"),
        (CAMERA, "simple", "simple"),
        (CAMERA, '{"type": "simple", "config": {"pan": 1}}', {"type": "simple", "config": {"pan": 1}}),
        (CAMERA, '{"type": "a", "type": "b"}', '{"type": "a", "type": "b"}'),
        (CAMERA, "[" * 100_000, "[" * 100_000),
        (ListField(name="elements", item=ELEMENT), "5", {"element_id": 5}),
    ],
)
def test_a_field_reads_the_text_of_a_flag_or_leaves_it_to_the_check(field, text, value):
    read = field.read(text)
    assert (read, type(read)) == (value, type(value))


def test_a_flag_can_say_no_number_that_is_none():
    assert math.isnan(AXIS.read("nan"))
    assert check(AXIS, AXIS.read("nan"))[0] is INVALID
    assert check(AXIS, AXIS.read("9e999"))[0] is INVALID


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_without_bounds_is_finite_all_the_same(value):
    broken, (problem,) = check(Number(name="any"), value)
    assert broken is INVALID
    assert problem.message.endswith("; the range is finite numbers")


def test_a_number_with_one_bound_has_only_that():
    assert check(Number(name="any", minimum=1), 0)[0] is INVALID
    assert check(Number(name="any", maximum=1), 2)[0] is INVALID
    assert check(Number(name="any", minimum=1), 10**400) == (10**400, [])


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (Text(name="a"), ""),
        (Text(name="a", min_length=1), "at least 1 character"),
        (Text(name="a", max_length=9), "at most 9 characters"),
        (Text(name="a", min_length=1, max_length=9), "1–9 characters"),
        (Choice(name="a", options=("5", "10")), "5 | 10"),
        (YesNo(name="a"), "yes | no"),
        (AXIS, "-10 to 10"),
        (Number(name="a", minimum=0.5), "at least 0.5"),
        (Number(name="a", maximum=9), "at most 9"),
        (COUNT, ""),
        (Url(name="a"), ""),
        (CAMERA, ""),
        (ListField(name="a", item=CAMERA), "items of {type, config}"),
        (ListField(name="a", item=CAMERA, max_items=1), "at most 1 item of {type, config}"),
        (ListField(name="a", item=CAMERA, min_items=2, max_items=77), "2–77 items of {type, config}"),
        (
            PICTURE,
            "public URL, Base64, data: URI or file; JPEG or PNG, up to 10 MB, sides at least 300 px, 1:2.5 to 2.5:1",
        ),
        (
            Image(name="a", limits=ImageLimits(exclusive=True, max_ratio=None, max_side=65536)),
            "public URL, Base64, data: URI or file; JPEG or PNG, under 10 MB, sides 300 to 65536 px",
        ),
        (CLIP, "public http(s) URL; MP4 or MOV, up to 200 MB, sides 720 to 2160 px, 3 to 10 s, 24 to 60 fps"),
        (
            Video(name="a", limits=VideoLimits("V2", 100, (340, 3850), (3, 30))),
            "public http(s) URL; MP4 or MOV, up to 100 MB, sides 340 to 3850 px, 3 to 30 s",
        ),
    ],
)
def test_a_field_says_its_bounds(field, words):
    assert field.describe_bounds() == words


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (
            Choice(name="a", help="Its length.", options=("5", "10"), default="5", unit="s"),
            "Its length. (5 | 10 s; default 5 s)",
        ),
        (Number(name="a", help="How much.", minimum=0, maximum=1, default=0.5), "How much. (0 to 1; default 0.5)"),
        (Text(name="a", help="Words.", max_length=9), "Words. (at most 9 characters)"),
        (Boolean(name="a", help="Whether."), "Whether."),
    ],
)
def test_a_field_describes_itself_with_bounds_and_default(field, text):
    assert field.describe() == text


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (Text(name="a", min_length=1, max_length=9), "", "here is empty; it takes 1–9 characters"),
        (Text(name="a", max_length=2), "abc", "here has 3 characters; at most 2 are allowed"),
        (Text(name="a"), 5, "here must be text, not 5; put it in quotes"),
        (Choice(name="a", options=("5", "10")), 7, "here is 7; choose 5 or 10"),
        (Boolean(name="a"), "on", 'here is "on"; it must be true or false'),
        (AXIS, 11, "here is 11; the range is -10 to 10"),
        (AXIS, "5", 'here is "5"; it must be a number, -10 to 10'),
        (COUNT, 1.5, "here is 1.5; it must be an integer"),
        (Url(name="a"), 5, "here is 5; it must be an absolute http:// or https:// URL"),
        (Url(name="a"), "/hook", 'here is "/hook"; it must begin with http:// or https://'),
        (Url(name="a"), "http://a b/", 'here is "http://a b/"; it holds a blank'),
        (
            Url(name="a"),
            "http://a/\u00a0",
            'here is "http://a/\\xa0" (with a no-break space, U+00A0); it holds a no-break',
        ),
        (Url(name="a"), "http://a/\t", 'here is "http://a/\\t"; it holds the character U+0009'),
        (Url(name="a"), "https://a:99999/", 'here is "https://a:99999/"; it has port "99999"; it must be 1 to 65535'),
        (Url(name="a"), "https://[::1]:0", 'here is "https://[::1]:0"; it has port "0"; it must be 1 to 65535'),
        (Url(name="a"), "https://", 'here is "https://"; it names no host'),
        (Url(name="a"), "http://[::1", 'here is "http://[::1"; it is no valid URL'),
        (CAMERA, True, "here is true; it must be an object {type: …, config: …}"),
        (ListField(name="a", item=ELEMENT), {}, "here is {}; it must be a list of items of {element_id}"),
    ],
)
def test_a_refusal_names_place_value_and_bound(field, value, message):
    broken, (problem,) = check(field, value)
    assert broken is INVALID
    assert (problem.path, problem.rule) == ("here", field.rule)
    assert problem.message.startswith(message)


def test_a_kind_of_parameter_must_say_how_it_checks_and_what_its_schema_is():
    plain = Field(name="a")
    assert (plain.read("x"), plain.describe_bounds()) == ("x", "")
    with pytest.raises(NotImplementedError):
        check(plain, 1)
    with pytest.raises(NotImplementedError):
        plain.schema()


def test_a_field_can_be_changed_without_touching_the_first():
    assert (AXIS.replace(maximum=5).maximum, AXIS.maximum, AXIS.replace(maximum=5).name) == (5, 10, "pan")
