"""kirin_v1_t2v, rule by rule."""

import pytest
from support.model_requests import checked, refused, said, sent, warned

T2V = "kirin_v1_t2v"
AXES = ("horizontal", "vertical", "pan", "tilt", "roll", "zoom")
PRESETS = ("down_back", "forward_up", "right_turn_forward", "left_turn_forward")


def simple(**config: object) -> dict[str, object]:
    return {"type": "simple", "config": config}


@pytest.mark.parametrize("missing", [..., None])
def test_T1_the_prompt_is_required(missing):
    assert refused(T2V, prompt=missing) == [("prompt", "T1")]


@pytest.mark.parametrize(("length", "fine"), [(0, False), (1, True), (2500, True), (2501, False)])
@pytest.mark.parametrize("letter", ["x", "\N{VIDEO CAMERA}", "\N{COMBINING ACUTE ACCENT}", "\n"])
def test_T1_the_prompt_has_1_to_2500_code_points(length, fine, letter):
    assert refused(T2V, prompt=letter * length) == ([] if fine else [("prompt", "T1")])


def test_T1_a_blank_prompt_is_sent_with_a_warning():
    assert warned(T2V, prompt=" \n") == [("prompt", "T1")]
    assert checked(T2V, prompt=" \n").values["prompt"] == " \n"


@pytest.mark.parametrize("prompt", ["-5 °C", "@name", "a\r\nb", "${x}", "prompt.txt", "https://example.com/a.png"])
def test_T1_a_prompt_is_sent_as_it_is_written(prompt):
    assert sent(T2V, prompt=prompt) == {"prompt": prompt}


@pytest.mark.parametrize("prompt", [5, 0.5, True, [], ["a"], {}, {"text": "a"}, b"a", "a\0b", "\ud800", "a\udfff"])
def test_T1_what_is_no_text_is_no_prompt(prompt):
    assert refused(T2V, prompt=prompt) == [("prompt", "T1")]


@pytest.mark.parametrize(("length", "fine"), [(0, True), (2500, True), (2501, False)])
def test_T2_the_negative_prompt_has_at_most_2500(length, fine):
    assert refused(T2V, negative_prompt="x" * length) == ([] if fine else [("negative_prompt", "T2")])


@pytest.mark.parametrize(
    ("name", "good"),
    [("duration", ["5", "10"]), ("aspect_ratio", ["16:9", "9:16", "1:1"]), ("mode", ["std", "pro"])],
)
def test_T3_A6_choices_are_those_of_the_page(name, good):
    for word in good:
        assert sent(T2V, **{name: word})[name] == word
    for word in (good[0] + " ", good[0].upper() + "x", "", "4:3", "7", True, [], {}, [good[0]], 5.5, 10**5000):
        assert refused(T2V, **{name: word}) == [(name, "T3")]
    assert all(word in said(T2V, **{name: "orbit"}) for word in (*good, '"orbit"', name))


def test_T3_nothing_is_sent_for_what_is_not_given():
    assert sent(T2V, duration=None, mode=None, aspect_ratio=None, watermark_info=None) == {"prompt": "a"}


@pytest.mark.parametrize(
    ("scale", "number"), [(0, 0), (0.0, 0), (-0.0, 0), (0.5, 0.5), (1, 1), (1.0, 1), (1e-300, 1e-300)]
)
def test_T4_cfg_scale_is_0_to_1(scale, number):
    value = sent(T2V, cfg_scale=scale)["cfg_scale"]
    assert (value, type(value), str(value)) == (number, type(number), str(number))


@pytest.mark.parametrize(
    "scale",
    [-0.01, 1.01, 2, float("nan"), float("inf"), -float("inf"), 10**400, -(10**400), "0.5", True, False, [0.5], {}],
)
def test_T4_any_other_cfg_scale_is_refused(scale):
    assert refused(T2V, cfg_scale=scale) == [("cfg_scale", "T4")]


@pytest.mark.parametrize("changes", [{}, {"mode": "std"}, {"duration": 5}, {"mode": None, "duration": "5"}])
def test_T5_a_camera_moves_in_mode_std_for_5_seconds(changes):
    assert sent(T2V, camera_control={"type": "forward_up"}, **changes)["camera_control"] == {"type": "forward_up"}


@pytest.mark.parametrize("changes", [{"mode": "pro"}, {"duration": 10}, {"mode": "pro", "duration": "10"}])
def test_T5_a_camera_moves_in_no_other_way(changes):
    assert refused(T2V, camera_control={"type": "forward_up"}, **changes) == [("camera_control", "T5")]


def test_T5_says_what_stands_against_it():
    words = said(T2V, camera_control={"type": "forward_up"}, mode="pro", duration=10)
    assert words == "camera_control needs mode std and duration 5 (mode is pro, duration is 10)"


def test_T5_waits_for_a_mode_and_a_duration_that_can_be_read():
    camera = {"type": "forward_up"}
    assert refused(T2V, camera_control=camera, mode="ultra") == [("mode", "T3")]
    assert refused(T2V, camera_control=camera, duration=7, cfg_scale=2) == [("duration", "T3"), ("cfg_scale", "T4")]


def test_T5_does_not_wait_for_the_camera_itself():
    assert refused(T2V, camera_control="up", mode="pro") == [("camera_control", "T6"), ("camera_control", "T5")]


@pytest.mark.parametrize("movement", PRESETS)
def test_T6_ready_made_movements_need_no_config(movement):
    assert sent(T2V, camera_control={"type": movement, "config": None})["camera_control"] == {"type": movement}


@pytest.mark.parametrize("movement", ["orbit", "", "Simple", 5, None, ["simple"], {"type": "simple"}])
def test_T6_other_movements_are_refused(movement):
    assert refused(T2V, camera_control={"type": movement}) == [("camera_control.type", "T6")]


@pytest.mark.parametrize("camera", ["simple", 5, True, [], [{"type": "simple"}], 0.5])
def test_T6_a_camera_is_an_object(camera):
    assert refused(T2V, camera_control=camera) == [("camera_control", "T6")]


def test_T6_a_camera_needs_a_type():
    assert refused(T2V, camera_control={}) == [("camera_control.type", "T6")]


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize(("value", "fine"), [(-10.1, False), (-10, True), (-0.5, True), (10, True), (10.1, False)])
def test_T7_an_axis_goes_from_minus_10_to_10(axis, value, fine):
    found = refused(T2V, camera_control=simple(**{axis: value}))
    assert found == ([] if fine else [(f"camera_control.config.{axis}", "T7")])


@pytest.mark.parametrize("config", [{"pan": 1}, {"pan": 1, "tilt": 0, "zoom": -0.0}, {"pan": 1, "roll": None}])
def test_T7_one_axis_moves(config):
    assert not refused(T2V, camera_control=simple(**config))


@pytest.mark.parametrize(
    "camera",
    [
        {"type": "simple"},
        {"type": "simple", "config": None},
        simple(),
        simple(pan=0),
        simple(pan=None),
        simple(pan=1, tilt=-1),
        simple(**dict.fromkeys(AXES, 1)),
    ],
)
def test_T7_anything_but_one_axis_is_refused_at_the_config(camera):
    assert refused(T2V, camera_control=camera) == [("camera_control.config", "T7")]


def test_T7_says_which_axes_move():
    words = said(T2V, camera_control=simple(pan=1, tilt=-2.5))
    assert words.endswith("(camera_control.config.pan is 1, camera_control.config.tilt is -2.5)")


def test_T7_waits_for_axes_that_can_be_read():
    assert refused(T2V, camera_control=simple(pan=1, tilt=11)) == [("camera_control.config.tilt", "T7")]
    assert refused(T2V, camera_control=simple(pan=1, tilt=True)) == [("camera_control.config.tilt", "T7")]
    assert refused(T2V, camera_control={"type": "simple", "config": 5}) == [("camera_control.config", "T7")]


def test_A2_T7_an_unknown_axis_is_named_with_the_nearest():
    assert refused(T2V, camera_control=simple(pan=1, zom=1)) == [("camera_control.config.zom", "A2")]
    assert 'did you mean "zoom"?' in said(T2V, camera_control=simple(pan=1, zom=1))


@pytest.mark.parametrize("movement", PRESETS)
@pytest.mark.parametrize("config", [{}, {"pan": 2}, {"pan": 2, "tilt": 2}])
def test_T8_a_config_that_is_not_needed_is_left_out_with_a_warning(movement, config):
    camera = {"type": movement, "config": config}
    assert warned(T2V, camera_control=camera) == [("camera_control.config", "T8")]
    assert checked(T2V, camera_control=camera).values["camera_control"] == {"type": movement}
    assert camera == {"type": movement, "config": config}


def test_T8_waits_for_the_type():
    assert refused(T2V, camera_control={"type": "orbit", "config": {}}) == [("camera_control.type", "T6")]


def test_all_problems_of_a_request_come_at_once():
    found = refused(
        T2V,
        prompt="",
        negative_prompt="x" * 2501,
        aspect="16:9",
        aspect_ratio="4:3",
        cfg_scale=2,
        mode="pro",
        camera_control=simple(pan=1, tilt=1),
        callback_url="/hook",
        external_task_id="",
        watermark_info={},
    )
    assert found == [
        ("aspect", "A2"),
        ("prompt", "T1"),
        ("negative_prompt", "T2"),
        ("aspect_ratio", "T3"),
        ("cfg_scale", "T4"),
        ("watermark_info.enabled", "A5"),
        ("callback_url", "A3"),
        ("external_task_id", "A4"),
        ("camera_control", "T5"),
        ("camera_control.config", "T7"),
    ]
