"""kirin_v1_6_multi_i2v: a video from up to four reference images and text."""

from typing import Final

from kirin_cli.models.parameters import ASPECT_RATIO, COMMON, DURATION, MODE, NEGATIVE_PROMPT, PROMPT
from kirin_cli.spec.compounds import Group, Many
from kirin_cli.spec.media import Image, PictureLimits
from kirin_cli.spec.model import Model

MODEL: Final = Model(
    id="kirin_v1_6_multi_i2v",
    command="v1-6-multi-i2v",
    help="Make a video from up to four images and text.",
    fields=(
        PROMPT.but(rule="M2"),
        Many(
            name="image_list", flag="image", short="-i", rule="M1", required=True, least=1, most=4, metavar="IMAGE",
            help="Reference image. Repeatable.",
            of=Group(
                name="item", rule="M1", bare="image",
                fields=(Image(name="image", rule="M1", required=True, limits=PictureLimits(), help="The image."),),
            ),
        ),
        NEGATIVE_PROMPT.but(rule="M2"),
        DURATION.but(rule="M3"),
        ASPECT_RATIO.but(rule="M3"),
        MODE.but(rule="M3"),
        *COMMON,
    ),
)  # fmt: skip
