"""kirin_v1_5_i2v: the motion brush, rule by rule."""

import pytest
from support.model_requests import PICTURE, checked, facts, refused, said, sent, warned

I2V = "kirin_v1_5_i2v"
PRO = {"mode": "pro"}
LINE = [{"x": 1, "y": 1}, {"x": 2, "y": 2}]
MASKS = [{"mask": "m.png", "trajectories": LINE}]
STATIC = {"static_mask": "m.png"}
DYNAMIC = {"dynamic_masks": MASKS}


def path_of(*points: object) -> list[object]:
    return [{"mask": "m.png", "trajectories": list(points)}]


@pytest.mark.parametrize(("count", "fine"), [(0, True), (1, True), (6, True), (7, False)])
def test_F8_there_are_at_most_6_masks(count, fine):
    assert refused(I2V, dynamic_masks=MASKS * count, **PRO) == ([] if fine else [("dynamic_masks", "F8")])


def test_F8_an_empty_list_of_masks_is_as_if_not_given():
    assert "dynamic_masks" not in sent(I2V, dynamic_masks=[], mode="std", duration=10)


@pytest.mark.parametrize(("count", "fine"), [(0, False), (1, False), (2, True), (77, True), (78, False)])
def test_F8_a_trajectory_has_2_to_77_points(count, fine):
    found = refused(I2V, dynamic_masks=path_of(*LINE[:1] * count), **PRO)
    assert found == ([] if fine else [("dynamic_masks[0].trajectories", "F8")])


@pytest.mark.parametrize(
    ("point", "places"),
    [
        ({"x": 2.5, "y": 1}, [".x"]),
        ({"x": "2", "y": None}, [".x", ".y"]),
        ({"x": True, "y": 2.5}, [".x", ".y"]),
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


@pytest.mark.parametrize(
    ("mask", "refusals", "like"),
    [((360, 480), [], "shown"), ((480, 360), [], "stored"), ((720, 960), [], "shown"), ((400, 400), ["F9"], "shown")],
)
@pytest.mark.parametrize("kind", ["static", "dynamic"])
def test_F9_a_mask_on_a_photo_that_viewers_turn_is_a_warning_either_way(mask, refusals, like, kind):
    look = facts(
        {
            PICTURE: {"width": 480, "height": 360, "turned": True},
            "m.png": {"width": mask[0], "height": mask[1]},
        }
    )
    params = (STATIC if kind == "static" else DYNAMIC) | PRO
    path = "static_mask" if kind == "static" else "dynamic_masks[0].mask"
    problems = [problem for problem in checked(I2V, look, **params).problems if problem.rule == "F9"]
    assert [problem.rule for problem in problems if problem.severity == "error"] == refusals
    (warning,) = [problem for problem in problems if problem.severity == "warning"]
    assert warning.path == path
    assert f"as it is {like}" in warning.message


def test_F9_a_turned_photo_without_masks_needs_no_word():
    look = facts({PICTURE: {"width": 480, "height": 360, "turned": True}})
    assert warned(I2V, look) == []


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


@pytest.mark.parametrize(
    ("x", "y", "inside"),
    [(0, 0, True), (640, 480, True), (641, 0, False), (0, 481, False), (-1, 0, False), (0, -1, False)],
)
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


def test_I4_asks_300_px_of_no_mask():
    look = sized(640, 480, m=(320, 240))
    assert not refused(I2V, look, **STATIC, **DYNAMIC, **PRO)
