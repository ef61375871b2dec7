"""kirin_video_o1, rule by rule."""

import pytest
from support.model_requests import FILM, PICTURE, checked, refused, said, sent, warned

from kirin_cli.models import MODELS

O1 = "kirin_video_o1"
FIRST = {"image_url": PICTURE, "type": "first_frame"}
END = {"image_url": PICTURE, "type": "end_frame"}
EDIT = {"video_url": FILM}
FEATURE = {"video_url": FILM, "refer_type": "feature"}
ELEMENT = {"element_id": 1}


@pytest.mark.parametrize(("length", "fine"), [(0, False), (1, True), (2500, True), (2501, False)])
def test_O1_the_prompt_is_required_and_has_1_to_2500(length, fine):
    assert refused(O1, prompt="x" * length) == ([] if fine else [("prompt", "O1")])
    assert refused(O1, prompt=None) == [("prompt", "O1")]


@pytest.mark.parametrize(
    "item", [PICTURE, {"image": PICTURE}, {"image_url": PICTURE, "type": None}, {"image": PICTURE, "image_url": None}]
)
def test_O2_an_image_has_two_names_and_one_on_the_wire(item):
    (one,) = sent(O1, image_list=[item])["image_list"]
    assert [*one] == ["image_url"]
    assert one["image_url"].given == PICTURE


@pytest.mark.parametrize(
    ("item", "found"),
    [
        ({"image": PICTURE, "image_url": PICTURE}, (".image", "O2")),
        ({"image_url": PICTURE, "image": PICTURE}, (".image", "O2")),
        ({}, (".image_url", "O2")),
        ({"image": None, "image_url": None}, (".image_url", "O2")),
        ({"type": "first_frame"}, (".image_url", "O2")),
        ({"image": 5}, (".image", "I1")),
        ({"image_url": ""}, (".image_url", "I1")),
        ({"image": PICTURE, "type": "last_frame"}, (".type", "O2")),
        ({"image": PICTURE, "kind": "first_frame"}, (".kind", "A2")),
        (None, ("", "O2")),
        ([PICTURE], ("", "O2")),
    ],
)
def test_O2_an_item_is_one_picture_with_a_type_or_none(item, found):
    at, rule = found
    assert refused(O1, image_list=[item]) == [(f"image_list[0]{at}", rule)]


@pytest.mark.parametrize("images", [[END], [END, PICTURE]])
def test_O3_an_end_frame_needs_a_first_frame(images):
    assert refused(O1, image_list=images) == [("image_list", "O3")]


@pytest.mark.parametrize(
    ("images", "found"),
    [
        ([FIRST, FIRST], [("image_list[1].type", "O3")]),
        ([FIRST, END, END], [("image_list[2].type", "O3"), ("image_list", "O4")]),
        ([FIRST, END], []),
        ([END, FIRST], []),
        ([FIRST, PICTURE, PICTURE], []),
    ],
)
def test_O3_there_is_one_frame_of_each_kind(images, found):
    assert refused(O1, image_list=images) == found


def test_O3_waits_for_types_that_can_be_read():
    assert refused(O1, image_list=[END, {"image": PICTURE, "type": "last"}]) == [("image_list[1].type", "O2")]
    assert refused(O1, image_list=[END, None]) == [("image_list[1]", "O2")]
    assert refused(O1, image_list=[END, {"image": ""}]) == [("image_list[1].image", "I1"), ("image_list", "O3")]


@pytest.mark.parametrize(("more", "fine"), [(0, True), (1, False), (2, False)])
def test_O4_more_than_2_images_exclude_an_end_frame(more, fine):
    assert refused(O1, image_list=[FIRST, END, *[PICTURE] * more]) == ([] if fine else [("image_list", "O4")])


@pytest.mark.parametrize(("count", "fine"), [(0, True), (1, True), (2, False)])
def test_O5_there_is_one_video_at_most(count, fine):
    assert refused(O1, video_list=[EDIT] * count) == ([] if fine else [("video_list", "O5")])


@pytest.mark.parametrize("name", ["image_list", "video_list", "element_list"])
def test_O5_O7_an_empty_list_is_none_and_is_not_sent(name):
    assert sent(O1, **{name: []}) == sent(O1, **{name: None}) == sent(O1)


@pytest.mark.parametrize(
    ("item", "found"),
    [
        ({}, (".video_url", "O5")),
        ({"refer_type": "feature"}, (".video_url", "O5")),
        ({"video_url": FILM, "refer_type": "both"}, (".refer_type", "O5")),
        ({"video_url": FILM, "keep_original_sound": "maybe"}, (".keep_original_sound", "O5")),
        ({"video": FILM}, (".video", "A2")),
        (5, (".video_url", "V1")),
        (None, ("", "O5")),
    ],
)
def test_O5_a_video_has_an_address_and_a_use(item, found):
    at, rule = found
    assert (f"video_list[0]{at}", rule) in refused(O1, video_list=[item])


def test_O5_A8_a_video_travels_with_what_was_said_about_it():
    (video,) = sent(O1, video_list=[FEATURE | {"keep_original_sound": True}])["video_list"]
    assert video | {"video_url": FILM} == FEATURE | {"keep_original_sound": "yes"}
    (bare,) = sent(O1, video_list=[FILM])["video_list"]
    assert [*bare] == ["video_url"]


@pytest.mark.parametrize("video", [EDIT, FILM, EDIT | {"refer_type": "base"}, EDIT | {"refer_type": None}])
@pytest.mark.parametrize(("images", "fine"), [([FIRST], False), ([FIRST, END], False), ([PICTURE], True)])
def test_O6_editing_excludes_frames(video, images, fine):
    assert refused(O1, video_list=[video], image_list=images) == ([] if fine else [("image_list", "O6")])


def test_O6_a_feature_video_allows_frames():
    assert not refused(O1, video_list=[FEATURE], image_list=[FIRST, END])


def test_O6_waits_for_what_it_reads():
    broken = EDIT | {"refer_type": "edit"}
    assert refused(O1, video_list=[broken], image_list=[FIRST]) == [("video_list[0].refer_type", "O5")]


@pytest.mark.parametrize(
    ("images", "elements", "videos", "fine"),
    [
        (7, 0, 0, True),
        (0, 7, 0, True),
        (3, 4, 0, True),
        (8, 0, 0, False),
        (0, 8, 0, False),
        (4, 4, 0, False),
        (4, 0, 1, True),
        (0, 4, 1, True),
        (2, 2, 1, True),
        (5, 0, 1, False),
        (0, 5, 1, False),
        (2, 3, 1, False),
    ],
)
def test_O7_images_and_elements_are_7_at_most_and_4_with_a_video(images, elements, videos, fine):
    lists = {"image_list": [PICTURE] * images, "element_list": [ELEMENT] * elements, "video_list": [FEATURE] * videos}
    place = "image_list" if images else "element_list"
    assert refused(O1, **lists) == ([] if fine else [(place, "O7")])


def test_O7_counts_what_there_is_in_a_whole_sentence():
    assert said(O1, element_list=[ELEMENT] * 8) == (
        "element_list and image_list take at most 7 items together without a video"
        " (image_list has 0, element_list has 8)"
    )
    assert said(O1, image_list=[PICTURE] * 5, video_list=[FEATURE]) == (
        "image_list and element_list take at most 4 items together with a video (image_list has 5, element_list has 0)"
    )


@pytest.mark.parametrize("element", [0, -1, 2**63, {"element_id": 5}])
def test_O8_an_element_is_an_integer(element):
    (one,) = sent(O1, element_list=[element])["element_list"]
    assert one == (element if isinstance(element, dict) else {"element_id": element})


@pytest.mark.parametrize(
    ("element", "at"),
    [
        ({"element_id": "hero"}, ".element_id"),
        ({"element_id": "5"}, ".element_id"),
        ({"element_id": 5.5}, ".element_id"),
        ({"element_id": True}, ".element_id"),
        ({}, ".element_id"),
        ("5", ".element_id"),
        (5.5, ""),
        (True, ""),
        (None, ""),
        ([5], ""),
    ],
)
def test_O8_anything_else_is_no_element(element, at):
    assert refused(O1, element_list=[element]) == [(f"element_list[0]{at}", "O8")]


def test_O9_the_mode_is_pro_unless_it_is_given():
    assert MODELS[O1].field_named("mode").default == "pro"
    assert sent(O1, mode="std")["mode"] == "std"
    assert refused(O1, mode="ultra") == [("mode", "O9")]


@pytest.mark.parametrize(
    ("lists", "fine"),
    [
        ({}, False),
        ({"image_list": [PICTURE]}, False),
        ({"element_list": [1]}, False),
        ({"video_list": [FEATURE]}, False),
        ({"image_list": [FIRST]}, True),
        ({"video_list": [EDIT]}, True),
        ({"video_list": [FEATURE], "image_list": [FIRST]}, True),
    ],
)
@pytest.mark.parametrize("missing", [..., None])
def test_O10_the_ratio_is_required_without_a_first_frame_or_editing(lists, fine, missing):
    assert refused(O1, aspect_ratio=missing, **lists) == ([] if fine else [("aspect_ratio", "O10")])
    assert not refused(O1, aspect_ratio="1:1", **lists)


def test_O10_a_wrong_ratio_is_not_missing_and_lists_that_cannot_be_read_are_waited_for():
    assert "choose 16:9, 9:16 or 1:1" in said(O1, aspect_ratio="4:3")
    for name, rule in (("image_list", "O2"), ("video_list", "O5")):
        assert refused(O1, aspect_ratio=..., **{name: "a"}) == [(name, rule)]


@pytest.mark.parametrize("duration", [*range(3, 11), "3", "10", 5.0, None])
def test_O11_references_allow_3_to_10_seconds(duration):
    for lists in ({"image_list": [PICTURE]}, {"element_list": [1]}, {"video_list": [FEATURE], "image_list": [FIRST]}):
        assert not refused(O1, duration=duration, **lists)


@pytest.mark.parametrize("duration", [2, 11, "05", 5.5, "5.0", True])
def test_O11_no_other_durations(duration):
    assert refused(O1, duration=duration, image_list=[PICTURE]) == [("duration", "O11")]


@pytest.mark.parametrize("lists", [{}, {"image_list": [FIRST]}, {"image_list": [FIRST, END]}, {"image_list": []}])
@pytest.mark.parametrize(("duration", "fine"), [(5, True), ("10", True), (None, True), (7, False), ("3", False)])
def test_O11_text_alone_and_a_first_frame_allow_5_and_10(lists, duration, fine):
    assert refused(O1, duration=duration, **lists) == ([] if fine else [("duration", "O11")])


def test_O11_says_the_duration():
    assert said(O1, duration=7) == "duration can only be 5 or 10 from text alone or from a first frame (duration is 7)"


@pytest.mark.parametrize("duration", [5, "8"])
@pytest.mark.parametrize("video", [EDIT, EDIT | {"refer_type": "base"}])
def test_O12_a_duration_has_no_effect_on_editing_and_is_left_out(duration, video):
    assert warned(O1, duration=duration, video_list=[video]) == [("duration", "O12")]
    assert "duration" not in checked(O1, duration=duration, video_list=[video]).values


def test_O12_a_feature_video_has_a_duration():
    assert sent(O1, duration=8, video_list=[FEATURE])["duration"] == "8"
