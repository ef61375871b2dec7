"""kirin_v1_5_i2v: animate a still image, with a last frame, a motion brush or a camera movement."""

from typing import Final

from kirin_cli.models.shared_parameters import (
    BY_MODE_AND_DURATION,
    CFG_SCALE,
    COMMON,
    DURATION,
    MODE,
    NEGATIVE_PROMPT,
    ONE_AXIS,
    PROMPT,
    SEED,
    camera_control,
    camera_requires,
)
from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.custom_rules import no_mask_on_turned, points_inside, same_aspect_ratio, same_size
from kirin_cli.modelspec.fields import Integer
from kirin_cli.modelspec.media_fields import Image, ImageLimits
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.notes import Note
from kirin_cli.modelspec.rules import Has, at_least_one, at_most_one, requires

BRUSH: Final = "Motion brush"
BELOW_10_MB: Final = ImageLimits(exclusive=True)
ANY_RATIO: Final = ImageLimits(exclusive=True, max_ratio=None)
# The page asks of masks the image's format and aspect ratio, not its 300 px.
MASK_LIMITS: Final = ImageLimits(exclusive=True, min_side=1)
MASKS: Final = ("static_mask", "dynamic_masks[].mask")
POINTS: Final = "dynamic_masks[].trajectories[]"


def mask_from_text(text: str) -> object:
    """`MASK@X,Y>X,Y…` as a mask with its trajectory; parts that are no whole numbers stay text for the check."""
    mask, _, path = text.rpartition("@")
    if not mask:
        return {"mask": text}
    return {"mask": mask, "trajectories": [_point(point) for point in path.split(">")]}


def _point(text: str) -> object:
    x, comma, y = text.partition(",")
    return {"x": POINT_X.read(x), "y": POINT_Y.read(y)} if comma else text


POINT_X: Final = Integer(name="x", rule="F8", required=True, unit="px", help="Pixels from the left edge.")
POINT_Y: Final = Integer(name="y", rule="F8", required=True, unit="px", help="Pixels from the bottom edge.")

MASK: Final = ObjectField(
    name="mask",
    rule="F8",
    text=mask_from_text,
    fields=(
        Image(name="mask", rule="F8", required=True, limits=MASK_LIMITS, help="The area that moves."),
        ListField(
            name="trajectories",
            rule="F8",
            required=True,
            min_items=2,
            max_items=77,
            help="The path that the area follows.",
            item=ObjectField(name="point", rule="F8", fields=(POINT_X, POINT_Y)),
        ),
    ),
)

MODEL: Final = Model(
    id="kirin_v1_5_i2v",
    command="v1-5-i2v",
    help="Animate a still image.",
    examples=(
        'kirin v1-5-i2v "Steam rises from the cup" --image cup.png',
        "kirin v1-5-i2v --image cup.png --image-tail empty.png --mode pro --sandbox",
    ),
    documented_under="data",
    fields=(
        PROMPT.replace(rule="F6", required=False, min_length=0),
        Image(name="image", rule="F1", short="-i", metavar="IMAGE", limits=BELOW_10_MB, help="First frame."),
        Image(name="image_tail", rule="F1", metavar="IMAGE", limits=ANY_RATIO, help="Last frame; needs mode pro."),
        NEGATIVE_PROMPT.replace(rule="F6"),
        DURATION.replace(rule="F7"),
        MODE.replace(rule="F7"),
        CFG_SCALE.replace(rule="F7"),
        SEED.replace(rule="F7"),
        camera_control(("simple",), "F5", "Only `simple` here: one axis by hand."),
        Image(
            name="static_mask", rule="F4", panel=BRUSH, metavar="IMAGE", limits=MASK_LIMITS,
            help="Area that must not move.",
        ),
        ListField(
            name="dynamic_masks", flag="dynamic-mask", rule="F8", panel=BRUSH, max_items=6, item=MASK,
            metavar="MASK@X,Y>X,Y…", help="An area and the path it follows (px from bottom-left). Repeatable.",
        ),
        *COMMON,
    ),
    rules=(
        at_least_one("F1", ("image", "image_tail"), "or image_tail is required: a first frame, a last frame or both"),
        *at_most_one("F2", (("image_tail",), ("static_mask", "dynamic_masks"), ("camera_control",))),
        requires("F3", "image_tail", "needs mode pro", mode="pro"),
        requires("F4", ("static_mask", "dynamic_masks"), "needs mode pro and duration 5", mode="pro", duration="5"),
        camera_requires("F5", mode="pro"),
        ONE_AXIS,
        same_aspect_ratio("F9", "image", MASKS, percent=1),
        no_mask_on_turned("F9", "image", MASKS),
        same_size("F10", MASKS),
        points_inside("F11", "image", POINTS),
    ),
    notes=(
        Note(
            text="The points of a path are joined in their order, from the first on; two of them make a straight line.",
            source="With only 2 trajectory points, it will be a straight line connecting them",
            path="dynamic_masks", when=Has("dynamic_masks"),
        ),
        Note(
            text="The more points a path has, the closer it is followed.",
            source="More coordinate points provide more accurate trajectory depiction",
            path="dynamic_masks", when=Has("dynamic_masks"),
        ),
    ),
    pricing=BY_MODE_AND_DURATION,
    error_codes={
        "00200301": "Image missing",
        "00200302": "Image format invalid",
        "00200303": "Prompt length invalid",
        "00200304": "Duration invalid",
        "00200305": "Aspect ratio invalid",
        "00200306": "Authentication failed",
        "00200398": "Generation failed",
        "00200399": "Service unavailable",
    },
)  # fmt: skip
