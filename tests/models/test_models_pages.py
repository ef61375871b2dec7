"""What the reference pages say and a user needs: each sentence of them is in the tool's own output, in its words."""

import json
from functools import cache
from pathlib import Path

import pytest
from support.command_line import run_in_process

from kirin_cli.models import MODELS

T2V, I2V, MULTI, MOTION, O1 = MODELS
EVERY = tuple(MODELS)
IMAGE_LIMITS = "JPEG or PNG, up to 10 MB, sides at least 300 px, 1:2.5 to 2.5:1"
WATERMARKED = (T2V, I2V, MULTI, O1)

NEEDED = [
    # (models, the page's sentence, how `kirin models MODEL` says it)
    (
        EVERY,
        "the server will actively notify when task status changes",
        "reports whenever the state of the task changes",
    ),
    (EVERY, "Must be unique within a single user account", "unique in your account"),
    (EVERY, "supports querying tasks through this ID", "that finds the task too"),
    (
        WATERMARKED,
        "Whether to generate results with watermark simultaneously",
        "an additional version with the service's",
    ),
    (WATERMARKED, "Custom watermarks are not currently supported", "one of your own is not possible"),
    (
        (T2V, I2V, MULTI, MOTION),
        "pro: high performance mode with better video quality",
        "std is cheaper, pro looks better",
    ),
    (
        (T2V, I2V),
        "Higher values mean less model freedom and stronger correlation",
        "higher is closer, and leaves the model less",
    ),
    ((T2V, I2V), "if not specified, model will intelligently match", "without one the model chooses what fits"),
    ((T2V, I2V), "horizontal: negative moves left", "Move left (negative) or right, along the x-axis"),
    ((T2V, I2V), "vertical: negative moves down", "Move down (negative) or up, along the y-axis"),
    ((T2V, I2V), "pan: negative rotates left around y-axis", "Turn left (negative) or right, about the y-axis"),
    ((T2V, I2V), "tilt: negative rotates down around x-axis", "Turn down (negative) or up, about the x-axis"),
    ((T2V, I2V), "roll: negative rotates counter-clockwise", "Roll counter-clockwise (negative) or clockwise"),
    ((T2V, I2V), "zoom: negative zooms in (smaller FOV)", "Zoom in: closer, a smaller field of view (negative)"),
    ((T2V, I2V), "only one parameter can be non-zero", "must set exactly one axis to something other than 0"),
    (
        (T2V,),
        "only supports camera control when mode is std and duration is 5 seconds",
        "needs mode std and duration 5",
    ),
    (
        (T2V,),
        "generates videos at 720p resolution with 30fps for both std and pro",
        "720p and 30 frames a second, with mode std",
    ),
    ((T2V,), "down_back: presses down and moves back, zoom out", "down_back presses down and moves back (zooms out)"),
    ((T2V,), "forward_up: moves forward and tilts up, push in", "forward_up moves forward and tilts up (pushes in)"),
    ((T2V,), "right_turn_forward: first rotate right", "right_turn_forward turns right, then moves forward"),
    ((T2V,), "left_turn_forward: first rotate left", "left_turn_forward turns left, then moves forward"),
    ((I2V,), "first and last frame or only last frame when mode is pro", "image_tail needs mode pro"),
    (
        (I2V,),
        "only supports motion brush when mode is pro and duration is 5",
        "dynamic_masks needs mode pro and duration 5",
    ),
    ((I2V,), "camera_control when mode is pro and duration is 5", "camera_control needs mode pro and duration 5"),
    ((I2V,), "Either image or image_tail must be provided", "image or image_tail is required"),
    (
        (I2V,),
        "image_tail, masks and camera_control are mutually exclusive",
        "camera_control cannot be combined with image_tail",
    ),
    ((I2V,), "Less than 10MB", "under 10 MB"),
    ((I2V,), "Image aspect ratio must match the input image", "must have the aspect ratio of image"),
    ((I2V,), "must have the same resolution, otherwise the task will fail", "must have one and the same resolution"),
    ((I2V,), "up to 6 groups", "at most 6 items of {mask, trajectories}"),
    ((I2V,), "coordinate count range: [2, 77]", "2–77 items of {x, y}"),
    ((I2V,), "uses the bottom-left corner of the image as the origin", "Pixels from the bottom edge"),
    ((I2V,), "With only 2 trajectory points, it will be a straight line", "two of them make a straight line"),
    ((I2V,), "Trajectory direction follows the input order", "joined in their order, from the first on"),
    ((I2V,), "More coordinate points provide more accurate depiction", "The more points a path has, the closer"),
    ((MULTI,), "No cropping is applied on the API side", "Pictures are not cropped"),
    ((MULTI,), "Supports up to 4 images", "1–4 items of {image}"),
    ((MULTI, O1), "at least 300px; aspect ratio between 1:2.5 and 2.5:1", IMAGE_LIMITS),
    (
        (MOTION,),
        "avoid using full-body actions to drive half-body characters",
        "no movements of a whole body for half a body",
    ),
    ((MOTION,), "upper body or full body limbs and head, avoid occlusion", "with head and limbs, and nothing in front"),
    ((MOTION,), "Avoid extreme orientations like handstands or lying flat", "neither stand on its head nor lie"),
    ((MOTION,), "should not occupy too small a portion of the frame", "nor be a small part of the picture"),
    ((MOTION,), "realistic/stylized characters, some pure animals", "Realistic and stylized characters work: humans"),
    ((MOTION,), "between 300px ~ 65536px", "sides 300 to 65536 px"),
    (
        (MOTION,),
        "the person occupying the largest portion will be used",
        "the one who takes up the largest part is followed",
    ),
    ((MOTION,), "Real human actions recommended", "Movements of real people work best"),
    ((MOTION,), "Video should be continuous shot", "one continuous shot with the character always in frame"),
    ((MOTION,), "avoid cuts and camera movements, otherwise trimmed", "with cuts or camera movements it is trimmed"),
    ((MOTION,), "relatively smooth actions produce better results", "smooth ones better than fast ones"),
    (
        (MOTION,),
        "max 100MB, between 340px ~ 3850px, minimum 3 seconds",
        "up to 100 MB, sides 340 to 3850 px, 3 to 30 s",
    ),
    ((MOTION,), "matches image character: max 10 seconds", "at most 10 s with character_orientation image"),
    (
        (MOTION,),
        "results may be shorter than uploaded video duration",
        "The result may be shorter than the reference video",
    ),
    ((MOTION,), "minimum 3 seconds of continuous usable action", "needs 3 s of it in one piece"),
    ((MOTION,), "Credits consumed for such cases are non-refundable", "What was charged is not refunded"),
    ((MOTION, O1), "can include positive and negative descriptions", "do not want to see belongs in the prompt too"),
    ((MOTION,), "add elements or achieve camera movement effects", "What to add, or how the camera moves"),
    (
        (O1,),
        "Use <<<>>> format to reference subjects, images, or videos",
        "as <<<image_1>>>, <<<video_1>>>, <<<element_1>>>",
    ),
    ((O1,), "when end frame exists, first frame must also exist", "with an end_frame needs a first_frame too"),
    ((O1,), "with first/last frame, video editing cannot be used", "no first or end frame when a video is edited"),
    ((O1,), "When image count exceeds 2, end frame is not supported", "more than 2 images can have no end_frame"),
    ((O1,), "With reference video: image count + element count ≤ 4", "at most 4 items together with a video"),
    ((O1,), "Without reference video: ≤ 7", "at most 7 items together without a video"),
    ((O1,), "defaults to video to edit", "A video is edited unless its refer_type is feature"),
    (
        (O1,),
        "this parameter also applies to feature reference video",
        "keep_original_sound holds for a video that features",
    ),
    ((O1,), "3-10 seconds, 720px and 2160px, max 200MB, 24-60fps", "sides 720 to 2160 px, 3 to 10 s, 24 to 60 fps"),
    ((O1,), "output will be 24fps", "the result has 24 frames a second"),
    ((O1,), "To create a subject, refer to: kirin_custom_elements", "the model kirin_custom_elements makes them"),
    ((O1,), "pro: longer video duration with higher quality output", "pro makes longer videos of higher quality"),
    ((O1,), "Required when not using first frame or editing", "aspect_ratio is required unless there is a first frame"),
    ((O1,), "only 5 and 10 seconds supported", "duration can only be 5 or 10 from text alone or from a first frame"),
    ((O1,), "output duration matches input video duration", "An edit is as long as the video that is edited"),
    (
        (O1,),
        "billing is based on input video duration rounded to nearest second",
        "billed by that: its seconds, rounded",
    ),
]
SHOWN_IN_HELP = frozenset(words for _, _, words in NEEDED) - {
    IMAGE_LIMITS,
    "public URL, Base64, data: URI or file",
    "public http(s) URL",
    "under 10 MB",
    "Pixels from the bottom edge",
    "at most 6 items of {mask, trajectories}",
    "2–77 items of {x, y}",
    "1–4 items of {image}",
    "sides 300 to 65536 px",
    "sides 720 to 2160 px, 3 to 10 s, 24 to 60 fps",
}
"""All but what only members of parameters, and the bounds of files, say."""


@cache
def output_of(*arguments: str) -> str:
    """What a command prints, on one line."""
    return " ".join(run_in_process(Path(), {}, *arguments).stdout.split())


@pytest.mark.parametrize(("models", "sentence", "words"), NEEDED, ids=[sentence for _, sentence, _ in NEEDED])
def test_what_a_page_says_a_model_and_its_help_say(models, sentence, words):
    for model in models:
        assert words in output_of("models", model), model
        if words in SHOWN_IN_HELP:
            assert words in output_of(model, "--help"), model


@pytest.mark.parametrize("model", EVERY)
def test_a_note_has_its_source_and_is_about_a_parameter(model):
    for note in MODELS[model].notes:
        assert len(note.source.split()) > 5
        assert note.text.endswith(".")
        assert note.path in {"", *MODELS[model].names}
    assert len({note.text for note in MODELS[model].notes}) == len(MODELS[model].notes)


@pytest.mark.parametrize("model", EVERY)
def test_help_of_a_model_states_its_rules_and_points_to_everything(model):
    text = output_of(model, "--help")
    assert f"Everything about the model: kirin models {MODELS[model].command}." in text
    assert all(f" {law.rule} " in text for law in MODELS[model].rules)


def test_notes_that_cost_money_are_marked_for_programs():
    notes = {model: json.loads(output_of("models", model, "--json"))["notes"] for model in (MOTION, O1, MULTI)}
    assert [note["path"] for note in notes[MOTION] if note["costs"]] == ["video_url", "video_url"]
    assert any("billed" in note["text"] and note["costs"] and "billing" in note["source"] for note in notes[O1])
    (note,) = notes[MULTI]
    assert (note["path"], note["costs"], note["source"][:11]) == ("image_list", False, "No cropping")
