"""kirin_motion_control: the character of an image performs the movements of a video.

There is no watermark, no negative prompt, no duration and no aspect ratio here (rule C3).
"""

from collections.abc import Iterator
from typing import Final

from kirin_cli.models.parameters import CALLBACK_URL, EXTERNAL_TASK_ID, KEEP_ORIGINAL_SOUND, MODE, PROMPT
from kirin_cli.spec.fields import Choice
from kirin_cli.spec.laws import Where
from kirin_cli.spec.media import Image, PictureLimits, Video, VideoLimits
from kirin_cli.spec.medium import Medium
from kirin_cli.spec.model import Model
from kirin_cli.spec.view import View

MOST_SECONDS_LIKE_IMAGE: Final = 10
LIMITS: Final = VideoLimits("V2", megabytes=100, side=(340, 3850), seconds=(3, 30))


def too_long_for_image(view: View) -> Iterator[tuple[str, str]]:
    """A video of more than 10 s with character_orientation image, where its length is known."""
    video = view.value("video_url")
    like_image = view.value("character_orientation") == "image"
    if like_image and isinstance(video, Medium) and (video.seconds or 0) > MOST_SECONDS_LIKE_IMAGE:
        most = f"at most {MOST_SECONDS_LIKE_IMAGE} s with character_orientation image"
        yield "video_url", f"lasts {video.seconds:g} s; it may last {most}"


MODEL: Final = Model(
    id="kirin_motion_control",
    command="motion-control",
    help="Let a character perform the movements of a video.",
    fields=(
        PROMPT.but(rule="C2", required=False, least=0, help="What to add, or how the camera moves."),
        Image(
            name="image_url", flag="image", short="-i", rule="C1", required=True, metavar="IMAGE",
            limits=PictureLimits(side_most=65536), help="The character and its surroundings.",
        ),
        Video(
            name="video_url", flag="video", rule="C1", required=True, metavar="URL", limits=LIMITS,
            help="The movements to perform.",
        ),
        Choice(
            name="character_orientation", of=("image", "video"), rule="C1", required=True,
            help="Whose orientation the character takes; `image` allows 10 s of video, `video` 30 s.",
        ),
        MODE.but(rule="C1", required=True, default=None),
        KEEP_ORIGINAL_SOUND.but(rule="C2", default="yes"),
        CALLBACK_URL,
        EXTERNAL_TASK_ID,
    ),
    laws=(
        Where(
            "V2", "video_url", f"may last at most {MOST_SECONDS_LIKE_IMAGE} s with character_orientation image",
            ("video_url", "character_orientation"), too_long_for_image,
        ),
    ),
    error_codes={
        "014002095": "Internal generation error",
        "014002096": "Result parsing exception",
        "014002097": "HTTP error response",
        "014002099": "Sync generation exception",
    },
)  # fmt: skip
