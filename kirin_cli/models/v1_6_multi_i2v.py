"""kirin_v1_6_multi_i2v: a video from up to four reference images and text."""

from typing import Final

from kirin_cli.models.shared_parameters import (
    ASPECT_RATIO,
    BY_MODE_AND_DURATION,
    COMMON,
    DURATION,
    MODE,
    NEGATIVE_PROMPT,
    PROMPT,
)
from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.media_fields import Image, ImageLimits
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.notes import Note

MODEL: Final = Model(
    id="kirin_v1_6_multi_i2v",
    command="v1-6-multi-i2v",
    help="Make a video from up to four images and text.",
    examples=(
        'kirin v1-6-multi-i2v "The cat finds the boat" --image cat.png --image boat.png',
        'kirin v1-6-multi-i2v "They sail away" --image cat.png --image boat.png --to-yaml > sail.yaml',
    ),
    fields=(
        PROMPT.replace(rule="M2"),
        ListField(
            name="image_list", flag="image", short="-i", rule="M1", required=True, min_items=1, max_items=4,
            metavar="IMAGE", help="Reference image. Repeatable.",
            item=ObjectField(
                name="item", rule="M1", shorthand_field="image",
                fields=(Image(name="image", rule="M1", required=True, limits=ImageLimits(), help="The image."),),
            ),
        ),
        NEGATIVE_PROMPT.replace(rule="M2"),
        DURATION.replace(rule="M3"),
        ASPECT_RATIO.replace(rule="M3"),
        MODE.replace(rule="M3"),
        *COMMON,
    ),
    notes=(
        Note(
            text="Pictures are not cropped: upload them with the subject framed as it is meant.",
            source="No cropping is applied on the API side — upload images with the subject already framed as intended",
            path="image_list",
        ),
    ),
    pricing=BY_MODE_AND_DURATION,
)  # fmt: skip
