"""JSON Schema of each model: draft-07, refuses what is surely wrong, leaves alone what may be right."""

import pytest
from jsonschema import Draft7Validator
from support.model_requests import FILM, GOOD, PICTURE, checked

from kirin_cli.models import MODELS

T2V, I2V, MULTI, MOTION, O1 = MODELS
SCHEMAS = {model.id: Draft7Validator(model.schema()) for model in MODELS.values()}
FIRST, END = {"image": PICTURE, "type": "first_frame"}, {"image_url": PICTURE, "type": "end_frame"}
FEATURE = {"video_url": FILM, "refer_type": "feature"}
TILT = {"type": "simple", "config": {"tilt": 1}}
MASKS = [{"mask": PICTURE, "trajectories": [{"x": 1, "y": 1}, {"x": 2, "y": 2}]}]
PRO = {"mode": "pro"}


def takes(model: str, changes: dict[str, object]) -> bool:
    return SCHEMAS[model].is_valid({name: value for name, value in (GOOD[model] | changes).items() if value is not ...})


@pytest.mark.parametrize("model", MODELS)
def test_a_schema_is_draft_07_and_takes_the_smallest_good_request(model):
    Draft7Validator.check_schema(MODELS[model].schema())
    assert takes(model, {})


SURELY_WRONG = [
    (T2V, {"prompt": ...}, "T1"),
    (T2V, {"prompt": None}, "T1"),
    (T2V, {"prompt": ""}, "T1"),
    (T2V, {"prompt": "x" * 2501}, "T1"),
    (T2V, {"negative_prompt": "x" * 2501}, "T2"),
    (T2V, {"duration": 7}, "T3"),
    (T2V, {"cfg_scale": 1.01}, "T4"),
    (T2V, {"cfg_scale": "0.5"}, "T4"),
    (T2V, {"cfg_scale": True}, "T4"),
    (T2V, {"camera_control": {"type": "up"}}, "T6"),
    (T2V, {"camera_control": {"type": "forward_up"}, "mode": "pro"}, "T5"),
    (T2V, {"camera_control": {"type": "forward_up"}, "duration": 10}, "T5"),
    (T2V, {"camera_control": "${camera}", "mode": "ultra"}, "T3"),
    (T2V, {"camera_control": {"type": "${type}"}, "mode": "pro"}, "T5"),
    (T2V, {"camera_control": {"type": "simple"}}, "T7"),
    (T2V, {"camera_control": {"type": "simple", "config": {}}}, "T7"),
    (T2V, {"camera_control": {"type": "simple", "config": {"pan": 1, "tilt": 1}}}, "T7"),
    (T2V, {"camera_control": {"type": "simple", "config": {"pan": 11}}}, "T7"),
    (T2V, {"aspect": "16:9"}, "A2"),
    (T2V, {"callback_url": "/hook"}, "A3"),
    (T2V, {"external_task_id": ""}, "A4"),
    (T2V, {"watermark_info": True}, "A5"),
    (T2V, {"watermark_info": {}}, "A5"),
    (I2V, {"image": ...}, "F1"),
    (I2V, {"image": None, "image_tail": None}, "F1"),
    (I2V, {"image_tail": PICTURE, "static_mask": PICTURE, **PRO}, "F2"),
    (I2V, {"image_tail": PICTURE, "camera_control": TILT, **PRO}, "F2"),
    (I2V, {"dynamic_masks": MASKS, "camera_control": TILT, **PRO}, "F2"),
    (I2V, {"image_tail": PICTURE}, "F3"),
    (I2V, {"image_tail": PICTURE, "mode": "std"}, "F3"),
    (I2V, {"image_tail": "${dir}/b.png", "mode": "ultra"}, "F7"),
    (I2V, {"static_mask": PICTURE}, "F4"),
    (I2V, {"dynamic_masks": MASKS, "mode": "pro", "duration": "10"}, "F4"),
    (I2V, {"camera_control": TILT}, "F5"),
    (I2V, {"camera_control": {"type": "forward_up"}, **PRO}, "F5"),
    (I2V, {"seed": 1.5}, "F7"),
    (I2V, {"dynamic_masks": MASKS * 7, **PRO}, "F8"),
    (I2V, {"dynamic_masks": [MASKS[0] | {"trajectories": [{"x": 1, "y": 1}]}], **PRO}, "F8"),
    (I2V, {"dynamic_masks": [MASKS[0] | {"trajectories": [{"x": 1.5, "y": 1}] * 2}], **PRO}, "F8"),
    (MULTI, {"image_list": []}, "M1"),
    (MULTI, {"image_list": [PICTURE] * 5}, "M1"),
    (MULTI, {"image_list": [{}]}, "M1"),
    (MULTI, {"image_list": [None]}, "M1"),
    (MOTION, {"mode": ...}, "C1"),
    (MOTION, {"keep_original_sound": "maybe"}, "C2"),
    (MOTION, {"watermark_info": {"enabled": True}}, "A2"),
    (O1, {"image_list": [{"type": "first_frame"}]}, "O2"),
    (O1, {"image_list": [END]}, "O3"),
    (O1, {"image_list": [END, PICTURE]}, "O3"),
    (O1, {"image_list": [FIRST, END, PICTURE]}, "O4"),
    (O1, {"video_list": [FILM, FILM]}, "O5"),
    (O1, {"video_list": [FILM], "image_list": [FIRST]}, "O6"),
    (O1, {"video_list": [{"video_url": FILM}], "image_list": [FIRST]}, "O6"),
    (O1, {"image_list": [PICTURE] * 8}, "O7"),
    (O1, {"image_list": [PICTURE] * 4, "element_list": [1, 2, 3, 4]}, "O7"),
    (O1, {"video_list": [FEATURE], "image_list": [PICTURE] * 5}, "O7"),
    (O1, {"video_list": [FEATURE], "element_list": [1, 2, 3], "image_list": [PICTURE] * 2}, "O7"),
    (O1, {"element_list": ["hero"]}, "O8"),
    (O1, {"aspect_ratio": ...}, "O10"),
    (O1, {"aspect_ratio": None, "video_list": [FEATURE]}, "O10"),
    (O1, {"duration": 7}, "O11"),
    (O1, {"duration": 7, "image_list": [FIRST]}, "O11"),
    (O1, {"duration": 2, "image_list": [PICTURE]}, "O11"),
]


@pytest.mark.parametrize(("model", "changes", "rule"), SURELY_WRONG, ids=str)
def test_an_editor_underlines_what_the_check_refuses(model, changes, rule):
    if "${" not in str(changes):
        assert rule in {problem.rule for problem in checked(model, **changes).errors}
    assert not takes(model, changes)


RIGHT = [
    (T2V, {"duration": 5, "mode": None, "camera_control": {"type": "forward_up", "config": None}}),
    (T2V, {"camera_control": {"type": "down_back", "config": {"pan": 2, "tilt": 2}}}),
    (T2V, {"camera_control": {"type": "simple", "config": {"pan": 1, "tilt": 0, "zoom": None}}}),
    (T2V, {"camera_control": None, "mode": "pro", "duration": "10"}),
    (I2V, {"image": ..., "image_tail": PICTURE, **PRO}),
    (I2V, {"image_tail": None, "camera_control": TILT, **PRO}),
    (I2V, {"static_mask": PICTURE, "dynamic_masks": MASKS, **PRO}),
    (I2V, {"dynamic_masks": [], "mode": "std", "duration": 10}),
    (MULTI, {"image_list": [PICTURE, {"image": PICTURE}]}),
    (MOTION, {"keep_original_sound": False}),
    (O1, {"image_list": [{"image": PICTURE, "image_url": None}]}),
    (O1, {"image_list": [{"image": None, "image_url": PICTURE, "type": None}]}),
    (O1, {"image_list": [], "video_list": [], "element_list": []}),
    (O1, {"image_list": [FIRST, END], "aspect_ratio": ...}),
    (O1, {"video_list": [FILM], "aspect_ratio": ..., "duration": 7}),
    (O1, {"video_list": [{"video_url": FILM, "refer_type": None}], "aspect_ratio": None}),
    (O1, {"image_list": [PICTURE] * 4, "element_list": [1, {"element_id": 2}, 3]}),
    (O1, {"video_list": [FEATURE], "image_list": [FIRST], "duration": 7}),
]


@pytest.mark.parametrize(("model", "changes"), RIGHT, ids=str)
def test_an_editor_underlines_nothing_that_the_check_accepts(model, changes):
    assert not checked(model, **changes).errors
    assert takes(model, changes)


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (T2V, {"prompt": "${p}", "cfg_scale": "${scale}", "watermark_info": "${mark}", "duration": "${d}"}),
        (T2V, {"camera_control": "${camera}", "mode": "pro"}),
        (T2V, {"camera_control": {"type": "forward_up"}, "mode": "${mode}", "duration": "${d}"}),
        (T2V, {"camera_control": {"type": "simple", "config": "${config}"}}),
        (T2V, {"camera_control": {"type": "simple", "config": {"pan": "${a}", "tilt": "${b}"}}}),
        (T2V, {"camera_control": {"type": "${type}"}}),
        (I2V, {"image": "${image}", "image_tail": "${tail}"}),
        (I2V, {"image_tail": "${tail}", "camera_control": TILT, **PRO}),
        (I2V, {"dynamic_masks": ["${mask}", MASKS[0] | {"trajectories": ["${a}", "${b}"]}], **PRO}),
        (MULTI, {"image_list": "${images}"}),
        (MULTI, {"image_list": ["${image}"]}),
        (O1, {"image_list": ["${frame}"], "aspect_ratio": ...}),
        (O1, {"image_list": [END, "${frame}"]}),
        (O1, {"video_list": ["${clip}"], "image_list": [FIRST]}),
        (O1, {"video_list": [{"video_url": FILM, "refer_type": "${use}"}], "image_list": [FIRST]}),
        (O1, {"duration": "${d}"}),
        (O1, {"duration": 7, "image_list": "${images}"}),
        (O1, {"element_list": "${ids}", "image_list": [PICTURE] * 7}),
        (O1, {"element_list": ["${id}"]}),
    ],
    ids=str,
)
def test_text_to_be_filled_in_may_become_what_is_right(model, changes):
    assert takes(model, changes)
