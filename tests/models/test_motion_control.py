"""kirin_motion_control, rule by rule."""

import pytest
from support.model_requests import FILM, PICTURE, facts, refused, said, sent, warned

MOTION = "kirin_motion_control"
MB = 1024 * 1024


@pytest.mark.parametrize("name", ["image_url", "video_url", "character_orientation", "mode"])
@pytest.mark.parametrize("missing", [..., None])
def test_C1_four_parameters_are_required(name, missing):
    assert refused(MOTION, **{name: missing}) == [(name, "C1")]


def test_C1_all_that_is_missing_is_said_at_once():
    gone = dict.fromkeys(("image_url", "video_url", "character_orientation", "mode"), ...)
    assert refused(MOTION, **gone) == [(name, "C1") for name in gone]


@pytest.mark.parametrize(("name", "good"), [("character_orientation", ("image", "video")), ("mode", ("std", "pro"))])
def test_C1_choices_are_those_of_the_page(name, good):
    for word in good:
        assert sent(MOTION, **{name: word})[name] == word
    assert refused(MOTION, **{name: "Both"}) == [(name, "C1")]


@pytest.mark.parametrize(("length", "fine"), [(0, True), (2500, True), (2501, False)])
def test_C2_the_prompt_is_optional_and_has_at_most_2500(length, fine):
    assert refused(MOTION, prompt="x" * length) == ([] if fine else [("prompt", "C2")])


@pytest.mark.parametrize(("given", "word"), [("yes", "yes"), ("no", "no"), (True, "yes"), (False, "no")])
def test_C2_A8_the_sound_is_kept_or_not(given, word):
    assert sent(MOTION, keep_original_sound=given)["keep_original_sound"] == word


@pytest.mark.parametrize("given", ["maybe", "Yes", "true", "", 1, 0, 1.0, [], {}])
def test_C2_other_words_about_the_sound_are_refused(given):
    assert refused(MOTION, keep_original_sound=given) == [("keep_original_sound", "C2")]


def test_C2_nothing_is_sent_about_the_sound_unless_it_is_given():
    assert set(sent(MOTION)) == {"image_url", "video_url", "character_orientation", "mode"}


@pytest.mark.parametrize(
    ("name", "value"),
    [("watermark_info", {"enabled": True}), ("negative_prompt", "a"), ("duration", "5"), ("aspect_ratio", "16:9")],
)
def test_C3_A2_parameters_of_other_models_are_unknown(name, value):
    assert refused(MOTION, **{name: value}) == [(name, "A2")]


@pytest.mark.parametrize(
    ("known", "rule"),
    [
        ({"size": 10 * MB}, None),
        ({"size": 10 * MB + 1}, "I3"),
        ({"width": 300, "height": 300}, None),
        ({"width": 299, "height": 300}, "I4"),
        ({"width": 65536, "height": 65536}, None),
        ({"width": 65537, "height": 65536}, "I4"),
        ({"width": 300, "height": 750}, None),
        ({"width": 300, "height": 751}, "I5"),
    ],
)
def test_I3_I4_I5_bound_the_image(known, rule):
    assert refused(MOTION, facts({PICTURE: known})) == ([("image_url", rule)] if rule else [])


@pytest.mark.parametrize(
    ("known", "fine"),
    [
        ({"size": 100 * MB}, True),
        ({"size": 100 * MB + 1}, False),
        ({"width": 340, "height": 3850}, True),
        ({"width": 339, "height": 3850}, False),
        ({"width": 340, "height": 3851}, False),
        ({"width": 100}, True),
        ({"seconds": 2.94}, False),
        ({"seconds": 3.0}, True),
        ({"seconds": 30.0}, True),
        ({"seconds": 30.06}, False),
        ({"fps": 240.0}, True),
    ],
)
def test_V2_bounds_the_video(known, fine):
    assert refused(MOTION, facts({FILM: known})) == ([] if fine else [("video_url", "V2")])


@pytest.mark.parametrize(
    ("seconds", "fine"), [(3.0, True), (10.0, True), (10.05, True), (10.06, False), (30.0, False), (None, True)]
)
def test_V2_a_character_turned_like_the_image_allows_10_seconds(seconds, fine):
    found = refused(MOTION, facts({FILM: {"seconds": seconds}}), character_orientation="image")
    assert found == ([] if fine else [("video_url", "V2")])


@pytest.mark.parametrize(
    ("seconds", "orientation", "is_warned"),
    [(10.01, "image", True), (10.0, "image", False), (10.01, "video", False), (30.04, "video", True)],
)
def test_V4_a_video_a_frame_too_long_is_taken_with_a_warning(seconds, orientation, is_warned):
    look = facts({FILM: {"seconds": seconds}})
    assert refused(MOTION, look, character_orientation=orientation) == []
    expected = [("video_url", "V4")] if is_warned else []
    assert warned(MOTION, look, character_orientation=orientation) == expected


def test_V2_names_value_and_bound():
    long = facts({FILM: {"seconds": 12.5}})
    assert "lasts 12.5 s; it may last at most 10 s" in said(MOTION, long, character_orientation="image")


def test_V2_waits_for_an_orientation_and_a_video_that_can_be_read():
    assert refused(MOTION, facts({FILM: {"seconds": 40}}), character_orientation="image") == [("video_url", "V2")]
    assert refused(MOTION, facts({FILM: {"seconds": 20}}), character_orientation="up") == [
        ("character_orientation", "C1")
    ]


@pytest.mark.parametrize("value", ["", 5, True, [], {}, [FILM]])
def test_V1_what_is_no_text_is_no_video(value):
    assert refused(MOTION, video_url=value) == [("video_url", "V1")]
