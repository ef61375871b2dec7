"""kirin_v1_5_i2v, rule by rule."""

import pytest
from asking import PICTURE, checked, facts, refused, said, sent, warned

I2V = "kirin_v1_5_i2v"
MB = 1024 * 1024
PRO = {"mode": "pro"}
TILT = {"type": "simple", "config": {"tilt": 1}}
LINE = [{"x": 1, "y": 1}, {"x": 2, "y": 2}]
MASKS = [{"mask": "m.png", "trajectories": LINE}]


def path_of(*points: object) -> list[object]:
    return [{"mask": "m.png", "trajectories": list(points)}]


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
    ("setting", "fine"), [({}, False), ({"mode": "pro", "duration": 10}, False), ({"mode": "pro", "duration": "5"}, True)]
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


@pytest.mark.parametrize("seed", [1.0, 1e2, 1.5, "5", [5], float("nan")])
def test_F7_what_is_not_written_as_an_integer_is_no_seed(seed):
    assert refused(I2V, seed=seed) == [("seed", "F7")]


@pytest.mark.parametrize(("count", "fine"), [(0, False), (1, True), (6, True), (7, False)])
def test_F8_there_are_1_to_6_masks(count, fine):
    assert refused(I2V, dynamic_masks=MASKS * count, **PRO) == ([] if fine else [("dynamic_masks", "F8")])


@pytest.mark.parametrize(("count", "fine"), [(0, False), (1, False), (2, True), (77, True), (78, False)])
def test_F8_a_trajectory_has_2_to_77_points(count, fine):
    found = refused(I2V, dynamic_masks=path_of(*LINE[:1] * count), **PRO)
    assert found == ([] if fine else [("dynamic_masks[0].trajectories", "F8")])


@pytest.mark.parametrize(
    ("point", "places"),
    [
        ({"x": 2.5, "y": 1}, [".x"]),
        ({"x": "2", "y": None}, [".x", ".y"]),
        ({"x": True, "y": 2.0}, [".x", ".y"]),
        ({}, [".x", ".y"]),
        ([1, 2], [""]),
        (None, [""]),
        ("1,2", [""]),
        (5, [""]),
    ],
)
def test_F8_a_point_has_two_integers(point, places):
    found = refused(I2V, dynamic_masks=path_of(LINE[0], point), **PRO)
    assert found == [(f"dynamic_masks[0].trajectories[1]{place}", "F8") for place in places]


@pytest.mark.parametrize(
    ("masks", "found"),
    [
        ([{"mask": "m.png"}], [("[0].trajectories", "F8")]),
        ([{"trajectories": LINE}], [("[0].mask", "F8")]),
        ([{"mask": "m.png", "trajectories": "1,1>2,2"}], [("[0].trajectories", "F8")]),
        ([{"mask": "m.png", "trajectories": LINE, "path": 1}], [("[0].path", "A2")]),
        (["m.png"], [("[0]", "F8")]),
        ([*MASKS, None, 5], [("[1]", "F8"), ("[2]", "F8")]),
        ({"mask": "m.png", "trajectories": LINE}, [("", "F8")]),
        ("m.png", [("", "F8")]),
    ],
)
def test_F8_a_mask_has_a_picture_and_a_path(masks, found):
    assert refused(I2V, dynamic_masks=masks, **PRO) == [(f"dynamic_masks{at}", rule) for at, rule in found]


def test_F8_points_outside_of_any_picture_are_integers_too():
    points = [{"x": -(10**20), "y": 0}, {"x": 0, "y": 10**20}]
    assert sent(I2V, dynamic_masks=path_of(*points), **PRO)["dynamic_masks"][0]["trajectories"] == points


def sized(width: int, height: int, **masks: tuple[int, int]):
    known = {f"{name}.png": {"width": wide, "height": high} for name, (wide, high) in masks.items()}
    return facts({PICTURE: {"width": width, "height": height}} | known)


@pytest.mark.parametrize(
    ("size", "fine"),
    [
        ((1000, 1000), True),
        ((500, 500), True),
        ((1010, 1000), True),
        ((1011, 1000), False),
        ((990, 1000), True),
        ((989, 1000), False),
        ((1000, 500), False),
    ],
)
def test_F9_a_mask_has_the_ratio_of_the_image_within_1_percent(size, fine):
    look = sized(1000, 1000, m=size)
    assert refused(I2V, look, **STATIC, **PRO) == ([] if fine else [("static_mask", "F9")])
    assert refused(I2V, look, **DYNAMIC, **PRO) == ([] if fine else [("dynamic_masks[0].mask", "F9")])


def test_F9_says_both_sizes():
    words = said(I2V, sized(640, 480, m=(640, 360)), **STATIC, **PRO)
    assert "static_mask is 640 × 360 px" in words
    assert "image is 640 × 480 px" in words


@pytest.mark.parametrize("known", [{"m.png": {"width": 640, "height": 100}}, {PICTURE: {"width": 640, "height": 480}}])
def test_F9_says_nothing_where_a_size_is_not_known(known):
    ratio = facts({name: size | {"height": 480} for name, size in known.items()})
    assert not refused(I2V, ratio, **STATIC, **PRO)


def test_F10_all_masks_have_one_resolution():
    look = sized(640, 480, a=(640, 480), b=(320, 240), c=(640, 480))
    masks = [{"mask": f"{name}.png", "trajectories": LINE} for name in "bca"]
    assert refused(I2V, look, static_mask="a.png", dynamic_masks=masks, **PRO) == [("dynamic_masks[0].mask", "F10")]
    assert refused(I2V, look, dynamic_masks=masks, **PRO) == [
        ("dynamic_masks[1].mask", "F10"),
        ("dynamic_masks[2].mask", "F10"),
    ]
    assert not refused(I2V, look, dynamic_masks=masks[1:], **PRO)


def test_F9_F10_wait_for_no_other_mask():
    look = sized(640, 480, a=(640, 480), b=(300, 300))
    masks = [{"mask": "", "trajectories": LINE}, {"mask": "b.png", "trajectories": LINE}]
    assert refused(I2V, look, static_mask="a.png", dynamic_masks=masks, **PRO) == [
        ("dynamic_masks[0].mask", "I1"),
        ("dynamic_masks[1].mask", "F9"),
        ("dynamic_masks[1].mask", "F10"),
    ]


@pytest.mark.parametrize(("x", "y", "inside"), [(0, 0, True), (640, 480, True), (641, 0, False), (0, 481, False), (-1, 0, False), (0, -1, False)])
def test_F11_a_point_outside_the_image_is_worth_a_warning(x, y, inside):
    found = warned(I2V, sized(640, 480), dynamic_masks=path_of(LINE[0], {"x": x, "y": y}), **PRO)
    assert found == ([] if inside else [("dynamic_masks[0].trajectories[1]", "F11")])


def test_F11_is_silent_about_a_picture_of_unknown_size_and_keeps_the_point():
    far = path_of({"x": 9999, "y": 0}, LINE[0])
    assert not warned(I2V, dynamic_masks=far, **PRO)
    values = checked(I2V, sized(640, 480), dynamic_masks=far, **PRO).values
    assert values["dynamic_masks"][0]["trajectories"][0] == {"x": 9999, "y": 0}


def test_F11_waits_for_no_other_point():
    points = [{"x": 1.5, "y": 1}, {"x": 1, "y": 999}]
    problems = checked(I2V, sized(640, 480), dynamic_masks=path_of(*points), **PRO).problems
    assert [(found.path, found.rule) for found in problems] == [
        ("dynamic_masks[0].trajectories[0].x", "F8"),
        ("dynamic_masks[0].trajectories[1]", "F11"),
    ]


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


def test_I4_asks_300_px_of_no_mask():
    look = sized(640, 480, m=(320, 240))
    assert not refused(I2V, look, **STATIC, **DYNAMIC, **PRO)


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
