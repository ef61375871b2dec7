"""Parameters that several models have, in the words of the reference pages. Models vary them by `.replace()`."""

from typing import Final

from kirin_cli.modelspec.containers import ObjectField
from kirin_cli.modelspec.fields import Boolean, Choice, Integer, Number, Text, Url, YesNo
from kirin_cli.modelspec.pricing import Pricing
from kirin_cli.modelspec.rules import Is, OneNonZero, Rule, requires

DELIVERY: Final = "Delivery"
CAMERA: Final = "Camera"

PROMPT: Final = Text(
    name="prompt", required=True, min_length=1, max_length=2500, metavar="TEXT",
    help="What the video shows. Also the first argument.",
)  # fmt: skip
NEGATIVE_PROMPT: Final = Text(
    name="negative_prompt", max_length=2500, metavar="TEXT", help="What the video must not show."
)
SAY_IT_IN_THE_PROMPT: Final = {NEGATIVE_PROMPT.name: "say in the prompt what you do not want to see"}
"""What a model without a negative prompt advises."""

DURATION: Final = Choice(name="duration", options=("5", "10"), default="5", unit="s", help="Length of the video.")
ASPECT_RATIO: Final = Choice(
    name="aspect_ratio", options=("16:9", "9:16", "1:1"), default="16:9", help="Width to height of the video."
)
MODE: Final = Choice(name="mode", options=("std", "pro"), default="std", help="std is cheaper, pro looks better.")
CFG_SCALE: Final = Number(
    name="cfg_scale", minimum=0, maximum=1, default=0.5, metavar="NUMBER",
    help="How closely to follow the prompt; higher is closer, and leaves the model less freedom.",
)  # fmt: skip
SEED: Final = Integer(
    name="seed", metavar="INTEGER", counts_up=True, help="Random seed; with --count the first of several, counted up."
)
KEEP_ORIGINAL_SOUND: Final = YesNo(name="keep_original_sound", help="Keep the sound of the reference video.")

WATERMARK: Final = ObjectField(
    name="watermark_info", flag="watermark", rule="A5", panel=DELIVERY, help="Whether to add one with watermark.",
    fields=(
        Boolean(
            name="enabled", flag="", rule="A5", required=True, panel=DELIVERY,
            help="Make an additional version with the service's watermark; one of your own is not possible.",
        ),
    ),
)  # fmt: skip
CALLBACK_URL: Final = Url(
    name="callback_url", rule="A3", panel=DELIVERY, metavar="URL",
    help="Where the service reports whenever the state of the task changes.",
)  # fmt: skip
EXTERNAL_TASK_ID: Final = Text(
    name="external_task_id", rule="A4", min_length=1, panel=DELIVERY, metavar="ID",
    help="An id of your own, unique in your account, that finds the task too; kirin makes one where none is given.",
)  # fmt: skip

AXES: Final = {
    "horizontal": "Move left (negative) or right, along the x-axis.",
    "vertical": "Move down (negative) or up, along the y-axis.",
    "pan": "Turn left (negative) or right, about the y-axis.",
    "tilt": "Turn down (negative) or up, about the x-axis.",
    "roll": "Roll counter-clockwise (negative) or clockwise, about the z-axis.",
    "zoom": "Zoom in: closer, a smaller field of view (negative), or out: a larger one.",
}


def camera_control(types: tuple[str, ...], rule: str, help_text: str) -> ObjectField:
    """The camera parameter with these movements; `rule` is raised by another `type`, T7 by an axis out of range."""
    return ObjectField(
        name="camera_control", flag="camera", rule=rule, panel=CAMERA, metavar="JSON",
        help="Camera movement, whole, as JSON; without one the model chooses what fits.",
        fields=(
            Choice(name="type", options=types, required=True, rule=rule, panel=CAMERA, help=help_text),
            ObjectField(
                name="config", flag="", rule="T7", panel=CAMERA, help="The one axis to move along, for type simple.",
                fields=tuple(
                    Number(name=axis, minimum=-10, maximum=10, rule="T7", panel=CAMERA, metavar="NUMBER", help=text)
                    for axis, text in AXES.items()
                ),
            ),
        ),
    )  # fmt: skip


ONE_AXIS: Final = Rule(
    "T7", "camera_control.config", "must set exactly one axis to something other than 0 with camera type simple",
    requirement=OneNonZero("camera_control.config", tuple(AXES)), when=Is("camera_control.type", "simple"),
)  # fmt: skip


def camera_requires(rule: str, mode: str) -> Rule:
    """A camera movement is only had in this mode and with 5 seconds."""
    return requires(rule, "camera_control", f"needs mode {mode} and duration 5", mode=mode, duration="5")


COMMON: Final = (WATERMARK, CALLBACK_URL, EXTERNAL_TASK_ID)
BY_MODE_AND_DURATION: Final = Pricing(("mode", "duration"))
"""What the pages name beside cost; they tell no other parameter that would change it."""
