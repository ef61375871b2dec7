"""kirin_v1_t2v: a video from text, 720p at 30 frames a second, with camera movements."""

from typing import Final

from kirin_cli.models.shared_parameters import (
    ASPECT_RATIO,
    BY_MODE_AND_DURATION,
    CFG_SCALE,
    COMMON,
    DURATION,
    MODE,
    NEGATIVE_PROMPT,
    ONE_AXIS,
    PROMPT,
    camera_control,
    camera_requires,
)
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.notes import Note
from kirin_cli.modelspec.rules import Has, Is, Not, Rule

SIMPLE: Final = "simple"
READY_MADE: Final = {
    "down_back": "presses down and moves back (zooms out)",
    "forward_up": "moves forward and tilts up (pushes in)",
    "right_turn_forward": "turns right, then moves forward (pushes in)",
    "left_turn_forward": "turns left, then moves forward (pushes in)",
}
MOVEMENTS_HELP: Final = f"{SIMPLE}: along one axis; " + "; ".join(f"{word} {does}" for word, does in READY_MADE.items())

MODEL: Final = Model(
    id="kirin_v1_t2v",
    command="v1-t2v",
    help="Make a video from text.",
    examples=(
        'kirin v1-t2v "Neon rain over a harbour" --aspect-ratio 9:16 -o harbour.mp4',
        'kirin v1-t2v "A paper boat" --camera-type simple --camera-zoom 5 --dry-run',
    ),
    fields=(
        PROMPT.replace(rule="T1"),
        NEGATIVE_PROMPT.replace(rule="T2"),
        DURATION.replace(rule="T3"),
        ASPECT_RATIO.replace(rule="T3"),
        MODE.replace(rule="T3"),
        CFG_SCALE.replace(rule="T4"),
        camera_control((SIMPLE, *READY_MADE), "T6", f"{MOVEMENTS_HELP}."),
        *COMMON,
    ),
    rules=(
        camera_requires("T5", mode="std"),
        ONE_AXIS,
        Rule(
            "T8",
            "camera_control.config",
            "is only for camera type simple; it is left out",
            requirement=Not(Has("camera_control.config")),
            when=Is("camera_control.type", *READY_MADE),
            drop_field=True,
        ),
    ),
    notes=(
        Note(
            text="Videos have 720p and 30 frames a second, with mode std and with mode pro.",
            source="kirin_v1_t2v generates videos at 720p resolution with 30fps frame rate for both std and pro modes",
        ),
    ),
    absent={"image": "v1-5-i2v starts from an image", "video": "video-o1 edits a video"},
    pricing=BY_MODE_AND_DURATION,
    error_codes={
        "002001095": "Internal generation error",
        "002001096": "Result parsing error",
        "002001097": "HTTP error response",
        "002001098": "Status check error",
        "002001099": "Task creation error",
    },
)
