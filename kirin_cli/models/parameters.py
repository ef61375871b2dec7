"""Parameters that several models have, in the words of the reference pages. A model may change them with `.but()`."""

from typing import Final

from kirin_cli.spec.compounds import Group
from kirin_cli.spec.conditions import Is, OneNonZero
from kirin_cli.spec.fields import Boolean, Choice, Integer, Number, Text, Url, YesNo
from kirin_cli.spec.laws import Law, needs

DELIVERY: Final = "Delivery"
CAMERA: Final = "Camera"

PROMPT: Final = Text(
    name="prompt", required=True, least=1, most=2500, metavar="TEXT",
    help="What the video shows. Also the first argument.",
)  # fmt: skip
NEGATIVE_PROMPT: Final = Text(name="negative_prompt", most=2500, metavar="TEXT", help="What the video must not show.")
DURATION: Final = Choice(name="duration", of=("5", "10"), default="5", unit="s", help="Length of the video.")
ASPECT_RATIO: Final = Choice(
    name="aspect_ratio", of=("16:9", "9:16", "1:1"), default="16:9", help="Width to height of the video."
)
MODE: Final = Choice(name="mode", of=("std", "pro"), default="std", help="std is cheaper, pro looks better.")
CFG_SCALE: Final = Number(
    name="cfg_scale", low=0, high=1, default=0.5, metavar="NUMBER",
    help="How closely to follow the prompt; higher is closer.",
)  # fmt: skip
SEED: Final = Integer(name="seed", metavar="INTEGER", help="Random seed.")
KEEP_ORIGINAL_SOUND: Final = YesNo(name="keep_original_sound", help="Keep the sound of the reference video.")

WATERMARK: Final = Group(
    name="watermark_info", flag="watermark", rule="A5", panel=DELIVERY, help="Whether to add the watermark.",
    fields=(
        Boolean(name="enabled", flag="", rule="A5", required=True, panel=DELIVERY, help="Add the service's watermark."),
    ),
)  # fmt: skip
CALLBACK_URL: Final = Url(
    name="callback_url", rule="A3", panel=DELIVERY, metavar="URL", help="Where the service reports changes of state."
)
EXTERNAL_TASK_ID: Final = Text(
    name="external_task_id", rule="A4", least=1, panel=DELIVERY, metavar="ID",
    help="An id of your own, unique in your account; kirin makes one where none is given.",
)  # fmt: skip

AXES: Final = {
    "horizontal": "Move left (negative) or right.",
    "vertical": "Move down (negative) or up.",
    "pan": "Turn left (negative) or right.",
    "tilt": "Turn down (negative) or up.",
    "roll": "Roll counter-clockwise (negative) or clockwise.",
    "zoom": "Change the focal length.",
}


def camera_control(types: tuple[str, ...], rule: str, says: str) -> Group:
    """The camera parameter with these movements; `rule` is raised by another `type`, T7 by an axis out of range."""
    return Group(
        name="camera_control", flag="camera", rule=rule, panel=CAMERA, metavar="JSON",
        help="Camera movement, whole, as JSON.",
        fields=(
            Choice(name="type", of=types, required=True, rule=rule, panel=CAMERA, help=says),
            Group(
                name="config", flag="", rule="T7", panel=CAMERA, help="The one axis to move along, for type simple.",
                fields=tuple(
                    Number(name=axis, low=-10, high=10, rule="T7", panel=CAMERA, metavar="NUMBER", help=words)
                    for axis, words in AXES.items()
                ),
            ),
        ),
    )  # fmt: skip


ONE_AXIS: Final = Law(
    "T7", "camera_control.config", "must set exactly one axis to something other than 0 with camera type simple",
    need=OneNonZero("camera_control.config", tuple(AXES)), when=Is("camera_control.type", "simple"),
)  # fmt: skip


def camera_needs(rule: str, mode: str) -> Law:
    """A camera movement is only had in this mode and with 5 seconds."""
    return needs(rule, "camera_control", f"needs mode {mode} and duration 5", mode=mode, duration="5")


COMMON: Final = (WATERMARK, CALLBACK_URL, EXTERNAL_TASK_ID)
