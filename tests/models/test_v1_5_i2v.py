"""kirin_v1_5_i2v, rule by rule."""

import pytest
from support.model_requests import PICTURE, checked, facts, refused, said, sent

I2V = "kirin_v1_5_i2v"
MB = 1024 * 1024
PRO = {"mode": "pro"}
TILT = {"type": "simple", "config": {"tilt": 1}}
LINE = [{"x": 1, "y": 1}, {"x": 2, "y": 2}]
MASKS = [{"mask": "m.png", "trajectories": LINE}]


@pytest.mark.parametrize("given", [{"image": None}, {"image": ...}, {"image": None, "image_tail": None}])
def test_F1_a_first_or_a_last_frame_is_required(given):
    assert refused(I2V, prompt="a", **given) == [("image", "F1")]


@pytest.mark.parametrize("given", [{"image": PICTURE}, {"image_tail": PICTURE, "image": ...}, {"image_tail": PICTURE}])
def test_F1_either_frame_is_enough(given):
    assert not refused(I2V, mode="pro", **given)


def test_F1_a_frame_that_is_broken_is_still_given():
    assert refused(I2V, image="") == [("image", "I1")]


TAIL = {"image_tail": PICTURE}
STATIC = {"static_mask": "m.png"}
DYNAMIC = {"dynamic_masks": MASKS}
CAMERA = {"camera_control": TILT}


@pytest.mark.parametrize(
    ("given", "places"),
    [
        (TAIL | STATIC, ["static_mask"]),
        (TAIL | DYNAMIC, ["dynamic_masks"]),
        (TAIL | STATIC | DYNAMIC, ["static_mask"]),
        (TAIL | CAMERA, ["camera_control"]),
        (STATIC | CAMERA, ["camera_control"]),
        (DYNAMIC | CAMERA, ["camera_control"]),
        (TAIL | DYNAMIC | CAMERA, ["dynamic_masks", "camera_control"]),
        (STATIC | DYNAMIC, []),
        (TAIL, []),
        (CAMERA, []),
        (TAIL | {"static_mask": None, "camera_control": None}, []),
    ],
)
def test_F2_tail_masks_and_camera_exclude_one_another(given, places):
    assert refused(I2V, **given, **PRO) == [(place, "F2") for place in places]


def test_F2_names_the_other_side():
    assert said(I2V, **TAIL, **STATIC, **PRO) == "static_mask cannot be combined with image_tail"


@pytest.mark.parametrize("image", [PICTURE, ...])
@pytest.mark.parametrize("mode", ["std", None])
def test_F3_a_tail_needs_mode_pro(image, mode):
    assert refused(I2V, image=image, mode=mode, **TAIL) == [("image_tail", "F3")]
    assert said(I2V, image=image, mode=mode, **TAIL) == "image_tail needs mode pro (mode is std)"


@pytest.mark.parametrize("duration", [5, "10"])
def test_F3_a_tail_takes_any_duration(duration):
    assert not refused(I2V, duration=duration, **TAIL, **PRO)


@pytest.mark.parametrize("given", [STATIC, DYNAMIC, STATIC | DYNAMIC])
@pytest.mark.parametrize(
    ("setting", "fine"), [({}, False), ({"mode": "pro", "duration": 10}, False), ({"mode": "pro", "duration": 5}, True)]
)
def test_F4_masks_need_mode_pro_and_5_seconds(given, setting, fine):
    assert refused(I2V, **given, **setting) == ([] if fine else [(next(iter(given)), "F4")])


def test_F4_a_broken_mask_is_a_mask_too():
    assert refused(I2V, static_mask=5) == [("static_mask", "I1"), ("static_mask", "F4")]


@pytest.mark.parametrize(
    ("setting", "fine"),
    [({}, False), ({"mode": "pro", "duration": 10}, False), ({"mode": "pro", "duration": "5"}, True)],
)
def test_F5_a_camera_needs_mode_pro_and_5_seconds(setting, fine):
    assert refused(I2V, **CAMERA, **setting) == ([] if fine else [("camera_control", "F5")])


def test_F5_T7_the_camera_is_simple_and_moves_along_one_axis():
    assert refused(I2V, camera_control={"type": "forward_up"}, **PRO) == [("camera_control.type", "F5")]
    assert refused(I2V, camera_control={"type": "simple"}, **PRO) == [("camera_control.config", "T7")]
    assert refused(I2V, camera_control={"config": {"pan": 1}}, **PRO) == [("camera_control.type", "F5")]


@pytest.mark.parametrize("name", ["prompt", "negative_prompt"])
@pytest.mark.parametrize(("length", "fine"), [(0, True), (2500, True), (2501, False)])
def test_F6_prompts_are_optional_and_have_at_most_2500(name, length, fine):
    assert refused(I2V, **{name: "é" * length}) == ([] if fine else [(name, "F6")])


@pytest.mark.parametrize(
    ("name", "bad"),
    [("duration", 7), ("mode", "ultra"), ("cfg_scale", 1.1), ("cfg_scale", -0.1), ("seed", "lucky"), ("seed", True)],
)
def test_F7_settings_are_those_of_the_page(name, bad):
    assert refused(I2V, **{name: bad}) == [(name, "F7")]


@pytest.mark.parametrize("seed", [0, -7, 2**63])
def test_F7_a_seed_is_any_integer(seed):
    assert sent(I2V, seed=seed)["seed"] == seed


@pytest.mark.parametrize(("seed", "whole"), [(1.0, 1), (1e2, 100), (-5.0, -5)])
def test_F7_a_whole_number_may_be_written_with_a_point(seed, whole):
    value = sent(I2V, seed=seed)["seed"]
    assert (value, type(value)) == (whole, int)


@pytest.mark.parametrize("seed", [1e20, 1.5, "5", [5], float("nan")])
def test_F7_what_is_not_written_as_an_integer_is_no_seed(seed):
    assert refused(I2V, seed=seed) == [("seed", "F7")]


@pytest.mark.parametrize(("size", "fine"), [(10 * MB - 1, True), (10 * MB, False), (10 * MB + 1, False)])
@pytest.mark.parametrize("name", ["image", "image_tail"])
def test_I3_a_picture_of_this_model_has_less_than_10_MB(name, size, fine):
    found = refused(I2V, facts({"p.png": {"size": size}}), **{name: "p.png"}, **PRO)
    assert found == ([] if fine else [(name, "I3")])


@pytest.mark.parametrize(("size", "fine"), [((300, 300), True), ((299, 300), False), ((300, 299), False)])
@pytest.mark.parametrize("name", ["image", "image_tail"])
def test_I4_a_frame_has_300_px_a_side(name, size, fine):
    look = facts({"p.png": {"width": size[0], "height": size[1]}})
    assert refused(I2V, look, **{name: "p.png"}, **PRO) == ([] if fine else [(name, "I4")])


@pytest.mark.parametrize(
    ("size", "fine"), [((300, 750), True), ((750, 300), True), ((300, 751), False), ((751, 300), False)]
)
def test_I5_the_image_is_no_longer_than_2_5_times_its_width_but_the_tail_may_be(size, fine):
    look = facts({"p.png": {"width": size[0], "height": size[1]}})
    assert refused(I2V, look, image="p.png") == ([] if fine else [("image", "I5")])
    assert not refused(I2V, look, image_tail="p.png", **PRO)


def test_I3_I4_I5_come_together_and_name_the_value():
    look = facts({"p.png": {"width": 100, "height": 900, "size": 11 * MB}})
    problems = checked(I2V, look, image="p.png").problems
    assert [found.rule for found in problems] == ["I3", "I4", "I5"]
    assert all(found.message.startswith("image (p.png) ") for found in problems)
    assert "11534336 bytes" in problems[0].message
    assert "100 × 900 px" in problems[1].message


@pytest.mark.parametrize("name", ["image", "image_tail", "static_mask"])
@pytest.mark.parametrize("value", ["", 5, True, 0.5, [], [PICTURE], {}, {"image": PICTURE}, b"png"])
def test_I1_what_is_no_text_is_no_picture(name, value):
    assert (name, "I1") in refused(I2V, **{name: value}, **PRO)
