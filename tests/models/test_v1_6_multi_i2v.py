"""kirin_v1_6_multi_i2v, rule by rule."""

import pytest
from support.model_requests import PICTURE, facts, refused, said, sent

MULTI = "kirin_v1_6_multi_i2v"
MB = 1024 * 1024
ITEM = {"image": PICTURE}


@pytest.mark.parametrize(("count", "fine"), [(0, False), (1, True), (4, True), (5, False)])
def test_M1_there_are_1_to_4_images(count, fine):
    assert refused(MULTI, image_list=[ITEM] * count) == ([] if fine else [("image_list", "M1")])


@pytest.mark.parametrize("missing", [..., None])
def test_M1_images_are_required(missing):
    assert refused(MULTI, image_list=missing) == [("image_list", "M1")]


def test_M1_a_bare_string_is_wrapped():
    values = sent(MULTI, image_list=[PICTURE, ITEM])["image_list"]
    assert [[*item] for item in values] == [["image"], ["image"]]
    assert [item["image"].given for item in values] == [PICTURE, PICTURE]


@pytest.mark.parametrize("images", [PICTURE, ITEM, 5, True, {0: PICTURE}])
def test_M1_what_is_no_list_is_refused(images):
    assert refused(MULTI, image_list=images) == [("image_list", "M1")]


@pytest.mark.parametrize(
    ("item", "found"),
    [
        (None, ("image_list[1]", "M1")),
        (True, ("image_list[1]", "M1")),
        (0.5, ("image_list[1]", "M1")),
        ([], ("image_list[1]", "M1")),
        ({}, ("image_list[1].image", "M1")),
        ({"image": None}, ("image_list[1].image", "M1")),
        ("", ("image_list[1].image", "I1")),
        (5, ("image_list[1].image", "I1")),
        ({"image": []}, ("image_list[1].image", "I1")),
        ({"image": PICTURE, "type": "first_frame"}, ("image_list[1].type", "A2")),
    ],
)
def test_M1_every_item_is_one_picture(item, found):
    assert refused(MULTI, image_list=[ITEM, item]) == [found]


def test_M1_says_how_many_there_may_be():
    assert said(MULTI, image_list=[ITEM] * 5) == "image_list has 5 items; it takes 1–4 items of {image}"


@pytest.mark.parametrize(("length", "fine"), [(0, False), (1, True), (2500, True), (2501, False)])
def test_M2_the_prompt_is_required_and_has_1_to_2500(length, fine):
    assert refused(MULTI, prompt="x" * length) == ([] if fine else [("prompt", "M2")])
    assert refused(MULTI, prompt=...) == [("prompt", "M2")]


@pytest.mark.parametrize(("length", "fine"), [(0, True), (2500, True), (2501, False)])
def test_M2_the_negative_prompt_has_at_most_2500(length, fine):
    assert refused(MULTI, negative_prompt="x" * length) == ([] if fine else [("negative_prompt", "M2")])


@pytest.mark.parametrize(("name", "bad"), [("mode", "ultra"), ("duration", 7), ("aspect_ratio", "4:3")])
def test_M3_choices_are_those_of_the_page(name, bad):
    assert refused(MULTI, **{name: bad}) == [(name, "M3")]


@pytest.mark.parametrize(
    ("known", "rule"),
    [
        ({"size": 10 * MB}, None),
        ({"size": 10 * MB + 1}, "I3"),
        ({"width": 300, "height": 300}, None),
        ({"width": 299, "height": 300}, "I4"),
        ({"width": 70_000, "height": 70_000}, None),
        ({"width": 750, "height": 300}, None),
        ({"width": 751, "height": 300}, "I5"),
    ],
)
def test_I3_I4_I5_hold_for_every_image(known, rule):
    found = refused(MULTI, facts({"p.png": known}), image_list=[ITEM, "p.png"])
    assert found == ([("image_list[1].image", rule)] if rule else [])
