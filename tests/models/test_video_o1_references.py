"""kirin_video_o1: references in the prompt, and the limits of pictures and videos, rule by rule."""

import pytest
from support.model_requests import FILM, PICTURE, checked, facts, refused, said, warned

O1 = "kirin_video_o1"
MB = 1024 * 1024
FEATURE = {"video_url": FILM, "refer_type": "feature"}


@pytest.mark.parametrize(
    ("token", "lists", "fine"),
    [
        ("image_1", {"image_list": [PICTURE]}, True),
        ("image_2", {"image_list": [PICTURE]}, False),
        ("image_0", {"image_list": [PICTURE]}, False),
        ("image_1", {}, False),
        ("image_10000000000000000", {"image_list": [PICTURE]}, False),
        ("video_1", {"video_list": [FEATURE]}, True),
        ("video_2", {"video_list": [FEATURE]}, False),
        ("element_1", {"element_list": [7]}, True),
        ("element_7", {"element_list": [7]}, False),
    ],
)
@pytest.mark.parametrize("around", ["{}", "a <{}> b", "<<<{}", "{}{}", "{}>>>"])
def test_O13_references_point_at_items(token, lists, fine, around):
    prompt = around.replace("{}", f"<<<{token}>>>")
    wrong = [] if fine else [("prompt", "O13")] * around.count("{}")
    assert refused(O1, prompt=prompt, **lists) == wrong


def test_O13_says_what_there_is():
    words = said(O1, prompt="<<<image_2>>> runs", image_list=[PICTURE])
    assert words == "prompt refers to <<<image_2>>>, but image_list has 1 item"


def test_O13_waits_for_the_list_that_it_points_at_and_for_no_other():
    prompt = "<<<image_1>>> <<<element_1>>>"
    assert refused(O1, prompt=prompt, image_list=PICTURE) == [("image_list", "O2"), ("prompt", "O13")]
    assert refused(O1, prompt=prompt + "x" * 2500) == [("prompt", "O1")]


@pytest.mark.parametrize(
    "token", ["hero", "", "Image_1", "image", "image_", " image_1 ", "image_01", "image_-1", "image_١", "a\nb"]
)
def test_O14_any_other_reference_is_worth_a_warning(token):
    assert warned(O1, prompt=f"<<<{token}>>> runs", image_list=[PICTURE]) == [("prompt", "O14")]


@pytest.mark.parametrize("prompt", ["<<image_9>>", "<<<image_9>>", "<image_9>>>", "<<<", ">>><<<", "a < b"])
def test_O13_O14_ask_nothing_of_other_brackets(prompt):
    assert not checked(O1, prompt=prompt).problems


@pytest.mark.parametrize(
    ("known", "fine"),
    [
        ({"size": 200 * MB}, True),
        ({"size": 200 * MB + 1}, False),
        ({"width": 720, "height": 2160}, True),
        ({"width": 719, "height": 2160}, False),
        ({"width": 720, "height": 2161}, False),
        ({"seconds": 2.9}, False),
        ({"seconds": 3}, True),
        ({"seconds": 10}, True),
        ({"seconds": 10.1}, False),
        ({"fps": 23.89}, False),
        ({"fps": 24}, True),
        ({"fps": 60}, True),
        ({"fps": 60.11}, False),
    ],
)
def test_V3_bounds_the_video(known, fine):
    found = refused(O1, facts({FILM: known}), video_list=[FEATURE])
    assert found == ([] if fine else [("video_list[0].video_url", "V3")])


@pytest.mark.parametrize(
    ("known", "is_warned"),
    [
        ({"fps": 24000 / 1001}, True),
        ({"fps": 23.9}, True),
        ({"fps": 24}, False),
        ({"fps": 30000 / 1001}, False),
        ({"fps": 60000 / 1001}, False),
        ({"fps": 60.05}, True),
        ({"fps": 60.1}, True),
        ({"seconds": 10 + 1 / 24, "fps": 24}, True),
        ({"seconds": 10.01, "fps": 30000 / 1001}, True),
        ({"seconds": 10.05}, True),
        ({"seconds": 2.95}, True),
        ({"seconds": 3 - 1 / 24, "fps": 24}, True),
        ({"seconds": 3.01}, False),
    ],
)
def test_V4_a_frame_or_a_rounding_beyond_a_bound_is_the_bound(known, is_warned):
    look = facts({FILM: known})
    assert refused(O1, look, video_list=[FEATURE]) == []
    assert warned(O1, look, video_list=[FEATURE]) == ([("video_list[0].video_url", "V4")] if is_warned else [])


@pytest.mark.parametrize(
    "known", [{"seconds": 10.06, "fps": 24}, {"seconds": 10.051}, {"seconds": 2.94, "fps": 60}, {"fps": 23.8}]
)
def test_V4_two_frames_are_too_many(known):
    assert refused(O1, facts({FILM: known}), video_list=[FEATURE]) == [("video_list[0].video_url", "V3")]


def test_V3_says_all_at_once():
    look = facts({FILM: {"size": 300 * MB, "width": 100, "height": 100, "seconds": 60, "fps": 12}})
    assert refused(O1, look, video_list=[FEATURE]) == [("video_list[0].video_url", "V3")] * 4


@pytest.mark.parametrize(
    ("known", "rule"),
    [
        ({"size": 10 * MB}, None),
        ({"size": 10 * MB + 1}, "I3"),
        ({"width": 299, "height": 300}, "I4"),
        ({"width": 70000, "height": 70000}, None),
        ({"width": 300, "height": 751}, "I5"),
    ],
)
def test_I3_I4_I5_hold_for_every_image(known, rule):
    found = refused(O1, facts({PICTURE: known}), image_list=[{"image": PICTURE}])
    assert found == ([("image_list[0].image", rule)] if rule else [])
