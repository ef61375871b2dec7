"""Flags derived from the spec: how they are spelled, and what each writes into the parameters."""

import pytest

from kirin_cli.models import MODELS
from kirin_cli.modelspec.flags import Flag, flag_for_path, model_flags, set_param

EVERY = pytest.mark.parametrize("model", MODELS)


def flag(model: str, name: str) -> Flag:
    (found,) = (one for one in model_flags(MODELS[model]) if one.name == name)
    return found


def written(model: str, *said: tuple[str, object], start: dict[str, object] | None = None) -> dict[str, object]:
    params = dict(start or {})
    for name, value in said:
        set_param(params, flag(model, name), value)
    return params


T2V, I2V, MULTI, MOTION, O1 = MODELS


CAMERA = "camera camera-type camera-horizontal camera-vertical camera-pan camera-tilt camera-roll camera-zoom"
DELIVERY = "callback-url external-task-id"
NAMES = {
    T2V: f"prompt negative-prompt duration aspect-ratio mode cfg-scale {CAMERA} watermark {DELIVERY}",
    I2V: f"prompt image image-tail negative-prompt duration mode cfg-scale seed {CAMERA} static-mask dynamic-mask "
    f"watermark {DELIVERY}",
    MULTI: f"prompt image negative-prompt duration aspect-ratio mode watermark {DELIVERY}",
    MOTION: f"prompt image video character-orientation mode keep-original-sound {DELIVERY}",
    O1: "prompt duration aspect-ratio mode first-frame end-frame image video video-refer-type keep-original-sound "
    f"element watermark {DELIVERY}",
}


@EVERY
def test_every_parameter_has_its_flag(model):
    assert [one.name for one in model_flags(MODELS[model])] == NAMES[model].split()


@EVERY
def test_no_two_flags_of_a_model_are_spelled_alike(model):
    spelled = [word for one in model_flags(MODELS[model]) for word in (one.option, one.short) if word]
    assert len(spelled) == len(set(spelled))


def test_switches_repeats_choices_and_files():
    flags = {(one.option, one.is_switch, one.repeats, one.choices, one.takes_file) for one in model_flags(MODELS[O1])}
    assert ("--mode", False, False, ("std", "pro"), False) in flags
    assert ("--keep-original-sound", True, False, (), False) in flags
    assert ("--watermark", True, False, (), False) in flags
    assert ("--first-frame", False, True, (), True) in flags
    assert ("--video", False, True, (), False) in flags
    assert ("--element", False, True, (), False) in flags
    assert flag(I2V, "dynamic-mask").takes_file
    assert flag(I2V, "static-mask").takes_file
    assert not flag(MOTION, "video").takes_file


@pytest.mark.parametrize(
    ("model", "said", "params"),
    [
        (T2V, [("prompt", "5"), ("cfg-scale", "0.7")], {"prompt": "5", "cfg_scale": 0.7}),
        (T2V, [("watermark", False)], {"watermark_info": {"enabled": False}}),
        (
            T2V,
            [("camera-type", "simple"), ("camera-zoom", "-5")],
            {"camera_control": {"type": "simple", "config": {"zoom": -5}}},
        ),
        (
            T2V,
            [("camera", '{"type": "simple", "config": {"pan": 1}}'), ("camera-zoom", "5")],
            {"camera_control": {"type": "simple", "config": {"pan": 1, "zoom": 5}}},
        ),
        (T2V, [("camera", "up"), ("camera-zoom", "5")], {"camera_control": {"config": {"zoom": 5}}}),
        (
            MULTI,
            [("image", "a.png"), ("image", "b@2x.png")],
            {"image_list": [{"image": "a.png"}, {"image": "b@2x.png"}]},
        ),
        (MULTI, [("image", "[1].png")], {"image_list": [{"image": "[1].png"}]}),
        (MULTI, [("image", '["a.png", {"image": "b.png"}]')], {"image_list": [{"image": "a.png"}, {"image": "b.png"}]}),
        (
            O1,
            [("first-frame", "a.png"), ("end-frame", '{"image": "b.png"}'), ("image", "c.png")],
            {
                "image_list": [
                    {"image_url": "a.png", "type": "first_frame"},
                    {"image": "b.png", "type": "end_frame"},
                    {"image_url": "c.png"},
                ]
            },
        ),
        (
            O1,
            [("video", "https://a/b.mp4"), ("video-refer-type", "feature"), ("keep-original-sound", False)],
            {"video_list": [{"video_url": "https://a/b.mp4", "refer_type": "feature", "keep_original_sound": False}]},
        ),
        (O1, [("video-refer-type", "feature")], {"video_list": [{"refer_type": "feature"}]}),
        (O1, [("element", "7"), ("element", "hero")], {"element_list": [{"element_id": 7}, {"element_id": "hero"}]}),
        (MOTION, [("keep-original-sound", True)], {"keep_original_sound": True}),
    ],
)
def test_flags_write_what_a_job_file_would_say(model, said, params):
    assert written(model, *said) == params


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        (
            "m.png@10,20>30,-40",
            {"mask": "m.png", "trajectories": [{"x": 10, "y": 20}, {"x": 30, "y": -40}]},
        ),
        ("m@2x.png@ 1 , 2 >3,4", {"mask": "m@2x.png", "trajectories": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}),
        ("m.png@1,a>2.5,", {"mask": "m.png", "trajectories": [{"x": 1, "y": "a"}, {"x": "2.5", "y": ""}]}),
        ("m.png@", {"mask": "m.png", "trajectories": [""]}),
        ("m.png", {"mask": "m.png"}),
        ("@1,2>3,4", {"mask": "@1,2>3,4"}),
        ('{"mask": "m.png", "trajectories": []}', {"mask": "m.png", "trajectories": []}),
    ],
)
def test_F8_a_mask_is_written_with_its_path(text, mask):
    assert written(I2V, ("dynamic-mask", text)) == {"dynamic_masks": [mask]}


@pytest.mark.parametrize("start", ["${x}", None, [], {"type": "up"}])
def test_a_group_of_a_job_file_is_kept_or_replaced_but_never_changed(start):
    params = {"camera_control": start}
    whole = written(T2V, ("camera-zoom", "5"), start=params)
    assert whole["camera_control"] == {**(start if isinstance(start, dict) else {}), "config": {"zoom": 5}}
    assert params == {"camera_control": start}


@pytest.mark.parametrize(
    ("start", "first"),
    [
        ("https://a/b.mp4", {"video_url": "https://a/b.mp4", "refer_type": "base"}),
        ({"video_url": "x", "refer_type": "feature"}, {"video_url": "x", "refer_type": "base"}),
        (None, {"refer_type": "base"}),
    ],
)
def test_a_video_of_a_job_file_takes_what_flags_say_of_it(start, first):
    held = {"video_list": (start, "rest")}
    assert written(O1, ("video-refer-type", "base"), start=held)["video_list"] == [first, "rest"]
    assert held == {"video_list": (start, "rest")}


@pytest.mark.parametrize(
    ("model", "name", "value", "path"),
    [
        (T2V, "prompt", "a", "prompt"),
        (T2V, "camera-zoom", "1", "camera_control.config.zoom"),
        (MULTI, "image", "a", "image_list[0]"),
        (MULTI, "image", '["a"]', "image_list"),
        (O1, "video-refer-type", "base", "video_list[0].refer_type"),
    ],
)
def test_a_flag_tells_the_path_that_it_wrote(model, name, value, path):
    assert set_param({}, flag(model, name), value) == path


@pytest.mark.parametrize(
    ("model", "path", "name"),
    [
        (T2V, "camera_control.config.pan", "camera-pan"),
        (T2V, "camera_control.config", "camera"),
        (T2V, "camera_control", "camera"),
        (T2V, "watermark_info.enabled", "watermark"),
        (T2V, "watermark_info", "watermark"),
        (O1, "image_list[1].image_url", "first-frame"),
        (O1, "video_list[0].refer_type", "video-refer-type"),
        (I2V, "dynamic_masks[0].trajectories[1].x", "dynamic-mask"),
    ],
)
def test_a_problems_path_leads_to_a_flag(model, path, name):
    found = flag_for_path(model_flags(MODELS[model]), path)
    assert found
    assert found.name == name


def test_a_path_that_no_flag_sets_has_none():
    assert flag_for_path(model_flags(MODELS[T2V]), "aspect") is None
