"""kirin_motion_control: the character of an image performs the movements of a video.

There is no watermark, no negative prompt, no duration and no aspect ratio here (rule C3).
"""

from typing import Final

from kirin_cli.models.shared_parameters import (
    CALLBACK_URL,
    DURATION,
    EXTERNAL_TASK_ID,
    KEEP_ORIGINAL_SOUND,
    MODE,
    PROMPT,
    SAY_IT_IN_THE_PROMPT,
)
from kirin_cli.modelspec.custom_rules import max_seconds
from kirin_cli.modelspec.fields import Choice
from kirin_cli.modelspec.media_fields import Image, ImageLimits, Video, VideoLimits
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.notes import Note
from kirin_cli.modelspec.pricing import Pricing, RequestKind
from kirin_cli.modelspec.rules import Is

MAX_SECONDS_LIKE_IMAGE: Final = 10
LIMITS: Final = VideoLimits("V2", max_megabytes=100, side_range=(340, 3850), seconds_range=(3, 30))


EXAMPLE: Final = (
    "kirin motion-control --image dancer.png --video https://example.com/dance.mp4"
    " --character-orientation image --mode std"
)
NOTES: Final = (
    Note(
        text="The result may be shorter than the reference video: of difficult or fast actions the model keeps the "
        "usable part alone, and needs 3 s of it in one piece. What was charged is not refunded.",
        source="For difficult or fast actions, results may be shorter than uploaded video duration as the model only "
        "extracts valid action segments (minimum 3 seconds of continuous usable action). Credits consumed for such "
        "cases are non-refundable",
        path="video_url", costs=True,
    ),
    Note(
        text="The video should be one continuous shot with the character always in frame; with cuts or camera "
        "movements it is trimmed.",
        source="Video should be continuous shot with character always in frame; avoid cuts and camera movements, "
        "otherwise video will be trimmed",
        path="video_url", costs=True,
    ),
    Note(
        text="Of two people or more the one who takes up the largest part is followed; one person is best.",
        source="Recommend uploading single-person action video; for 2+ people, the person occupying the largest "
        "portion will be used",
        path="video_url",
    ),
    Note(
        text="The person should show the upper body or the whole body, with head and limbs, and nothing in front.",
        source="Character should show clear upper body or full body with all limbs and head visible, avoid occlusion",
        path="video_url",
    ),
    Note(
        text="Movements of real people work best, and some stylized characters with limbs like theirs; smooth ones "
        "better than fast ones.",
        source="Avoid overly fast movements; relatively smooth actions produce better results",
        path="video_url",
    ),
    Note(
        text="The picture should show the character's upper body or whole body, with head and limbs, and nothing in "
        "front.",
        source="Character should show clear upper body or full body limbs and head, avoid occlusion",
        path="image_url",
    ),
    Note(
        text="The character should have the proportions of the person in the video: no movements of a whole body for "
        "half a body.",
        source="Character proportions should match reference action proportions as much as possible; avoid using "
        "full-body actions to drive half-body characters",
        path="image_url",
    ),
    Note(
        text="The character should neither stand on its head nor lie, nor be a small part of the picture.",
        source="Avoid extreme orientations like handstands or lying flat; character should not occupy too small a "
        "portion of the frame",
        path="image_url",
    ),
    Note(
        text="Realistic and stylized characters work: humans, humanoid animals, some animals, some with limbs like "
        "theirs.",
        source="Supports realistic/stylized characters (including humans/humanoid animals/some pure animals/some "
        "characters with humanoid limb proportions)",
        path="image_url",
    ),
    Note(
        text="What you do not want to see belongs in the prompt too.",
        source="Text prompt, can include positive and negative descriptions", path="prompt",
    ),
)  # fmt: skip

MODEL: Final = Model(
    id="kirin_motion_control",
    command="motion-control",
    help="Let a character perform the movements of a video.",
    examples=(EXAMPLE,),
    fields=(
        PROMPT.replace(
            rule="C2", required=False, min_length=0, help="What to add, or how the camera moves. Also an argument."
        ),
        Image(
            name="image_url", flag="image", short="-i", rule="C1", required=True, metavar="IMAGE",
            limits=ImageLimits(max_side=65536), help="The character and its surroundings, which the video takes over.",
        ),
        Video(
            name="video_url", flag="video", rule="C1", required=True, metavar="URL", limits=LIMITS,
            help="The movements to perform.",
        ),
        Choice(
            name="character_orientation", options=("image", "video"), rule="C1", required=True,
            help="Whose orientation the character takes; `image` allows 10 s of video, `video` 30 s.",
        ),
        MODE.replace(rule="C1", required=True, default=None),
        KEEP_ORIGINAL_SOUND.replace(rule="C2", default="yes"),
        CALLBACK_URL,
        EXTERNAL_TASK_ID,
    ),
    rules=max_seconds("V2", "video_url", MAX_SECONDS_LIKE_IMAGE, Is("character_orientation", "image")),
    notes=NOTES,
    absent={**SAY_IT_IN_THE_PROMPT, DURATION.name: "the reference video tells how long the result is"},
    # The page names no price. It is taken to be by the second of the video, as the page of kirin_video_o1 says it.
    pricing=Pricing(("mode",), (RequestKind(seconds_of="video_url"),)),
    error_codes={
        "014002095": "Internal generation error",
        "014002096": "Result parsing exception",
        "014002097": "HTTP error response",
        "014002099": "Sync generation exception",
    },
)  # fmt: skip
