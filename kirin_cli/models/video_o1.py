"""kirin_video_o1: text, images, elements and a video, freely combined; edits videos too."""

from typing import Final

from kirin_cli.models.shared_parameters import (
    ASPECT_RATIO,
    COMMON,
    DURATION,
    KEEP_ORIGINAL_SOUND,
    MODE,
    PROMPT,
    SAY_IT_IN_THE_PROMPT,
)
from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.custom_rules import once_each, references
from kirin_cli.modelspec.fields import Choice, Integer
from kirin_cli.modelspec.media_fields import Image, ImageLimits, Video, VideoLimits
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.notes import Note
from kirin_cli.modelspec.pricing import Pricing, RequestKind
from kirin_cli.modelspec.rules import All, Any, AnyItem, AtLeast, Has, Is, Not, Rule, TogetherAtMost

REFERENCES: Final = "References"
FRAMES: Final = ("first_frame", "end_frame")
FIRST_FRAME: Final = AnyItem("image_list", "type", "first_frame")
END_FRAME: Final = AnyItem("image_list", "type", "end_frame")
EDITING: Final = AnyItem("video_list", "refer_type", "base")
TEXT_ONLY: Final = Not(Any(Has("image_list"), Has("element_list"), Has("video_list")))
TYPES: Final = "image_list[].type"
COUNTED: Final = ("image_list", "element_list")
REFERENCED: Final = {word: f"{word}_list" for word in ("image", "video", "element")}


IMAGES: Final = ListField(
    name="image_list", flag="image", short="-i", rule="O2", panel=REFERENCES, metavar="IMAGE",
    help="Reference image. Repeatable.",
    item=ObjectField(
        name="item", rule="O2", shorthand_field="image_url", aliases={"image": "image_url"},
        fields=(
            Image(name="image_url", rule="O2", required=True, limits=ImageLimits(), help="The image."),
            Choice(name="type", options=FRAMES, rule="O2", help="Use it as the first or the last frame."),
        ),
    ),
    variants={
        "first-frame": ("Image to start from.", {"type": "first_frame"}),
        "end-frame": ("Image to end with; needs a first frame.", {"type": "end_frame"}),
    },
)  # fmt: skip

VIDEOS: Final = ListField(
    name="video_list",
    flag="video",
    rule="O5",
    max_items=1,
    panel=REFERENCES,
    metavar="URL",
    help="Video to edit, or to take features from.",
    item=ObjectField(
        name="item",
        rule="O5",
        shorthand_field="video_url",
        fields=(
            Video(
                name="video_url",
                rule="O5",
                required=True,
                help="The video.",
                limits=VideoLimits(
                    "V3", max_megabytes=200, side_range=(720, 2160), seconds_range=(3, 10), fps_range=(24, 60)
                ),
            ),
            Choice(
                name="refer_type",
                options=("feature", "base"),
                default="base",
                rule="O5",
                panel=REFERENCES,
                help="`base` edits the video, `feature` takes features from it.",
            ),
            KEEP_ORIGINAL_SOUND.replace(flag="keep-original-sound", rule="O5", panel=REFERENCES),
        ),
    ),
)

ELEMENTS: Final = ListField(
    name="element_list", flag="element", rule="O8", panel=REFERENCES, metavar="ID",
    help="Id of an element of your library. Repeatable.",
    item=ObjectField(
        name="item", rule="O8", shorthand_field="element_id",
        fields=(Integer(name="element_id", rule="O8", required=True, help="Id of an element of your library."),),
    ),
)  # fmt: skip

NOTES: Final = (
    Note(
        text="An edit is as long as the video that is edited, and billed by that: its seconds, rounded to whole ones.",
        source="When using video editing function (refer_type: base), output duration matches input video duration, "
        "this parameter is invalid; billing is based on input video duration rounded to nearest second",
        path="video_list", when=EDITING, costs=True,
    ),
    Note(
        text="A video is edited unless its refer_type is feature.",
        source="Can be used as feature reference video or video to edit, defaults to video to edit",
        path="video_list", when=EDITING, costs=True,
    ),
    Note(
        text="With a reference video the result has 24 frames a second.",
        source="Frame rate: 24-60fps, output will be 24fps", path="video_list", when=Has("video_list"),
    ),
    Note(
        text="keep_original_sound holds for a video that features are taken from too.",
        source="this parameter also applies to feature reference video", path="video_list", when=Has("video_list"),
    ),
    Note(
        text="Elements are subjects of your library; the model kirin_custom_elements makes them.",
        source="To create a subject, refer to: kirin_custom_elements", path="element_list", when=Has("element_list"),
    ),
    Note(
        text="This model has no negative prompt: what you do not want to see belongs in the prompt too.",
        source="Video generation prompt, can include positive and negative descriptions", path="prompt",
    ),
    Note(
        text="The prompt refers to images, videos and elements as <<<image_1>>>, <<<video_1>>>, <<<element_1>>>. They "
        "are counted in the order in which they are given, frames among the images; --dry-run shows which is which.",
        source="Use <<<>>> format to reference subjects, images, or videos, e.g., <<<element_1>>>, <<<image_1>>>, "
        "<<<video_1>>>",
        path="prompt", when=Not(TEXT_ONLY),
    ),
)  # fmt: skip

MODEL: Final = Model(
    id="kirin_video_o1",
    command="video-o1",
    help="Make or edit a video from text, images, elements and a video.",
    examples=(
        'kirin video-o1 "A quiet street at dawn" --duration 5 --aspect-ratio 16:9',
        'kirin video-o1 "Make it snow" --video https://example.com/street.mp4 --video-refer-type base',
    ),
    fields=(
        PROMPT.replace(rule="O1"),
        DURATION.replace(rule="O11", options=tuple(map(str, range(3, 11)))),
        ASPECT_RATIO.replace(rule="O10", default=None),
        MODE.replace(rule="O9", default="pro", help="std is cheaper; pro makes longer videos of higher quality."),
        IMAGES,
        VIDEOS,
        ELEMENTS,
        *COMMON,
    ),
    rules=(
        Rule(
            "O3",
            "image_list",
            "with an end_frame needs a first_frame too",
            requirement=FIRST_FRAME,
            when=END_FRAME,
            items=(END_FRAME,),
        ),
        once_each("O3", TYPES, FRAMES),
        Rule(
            "O4",
            "image_list",
            "with more than 2 images can have no end_frame",
            requirement=Not(END_FRAME),
            when=AtLeast("image_list", 3),
            items=(END_FRAME,),
        ),
        Rule(
            "O6",
            "image_list",
            "can hold no first or end frame when a video is edited",
            requirement=Not(Any(FIRST_FRAME, END_FRAME)),
            when=EDITING,
            items=(FIRST_FRAME, END_FRAME),
            advice="refer_type is base, the default of --video-refer-type; feature would allow it",
        ),
        Rule(
            "O7",
            COUNTED,
            "and element_list take at most 4 items together with a video",
            requirement=TogetherAtMost(COUNTED, 4),
            when=Has("video_list"),
        ),
        Rule(
            "O7",
            COUNTED,
            "and element_list take at most 7 items together without a video",
            requirement=TogetherAtMost(COUNTED, 7),
            when=Not(Has("video_list")),
        ),
        Rule(
            "O10",
            "aspect_ratio",
            "is required unless there is a first frame or a video is edited",
            requirement=Any(Has("aspect_ratio"), FIRST_FRAME, EDITING),
            advice=ASPECT_RATIO.describe_bounds(),
        ),
        Rule(
            "O11",
            "duration",
            "can only be 5 or 10 from text alone or from a first frame",
            requirement=Is("duration", "5", "10"),
            when=Any(TEXT_ONLY, All(FIRST_FRAME, Not(Has("video_list")))),
        ),
        Rule(
            "O12",
            "duration",
            "has no effect when a video is edited; it is left out",
            requirement=Not(Has("duration")),
            when=EDITING,
            drop_field=True,
            advice="the video is billed by its own seconds",
        ),
        *references("O13", "O14", "prompt", REFERENCED),
    ),
    notes=NOTES,
    references=REFERENCED,
    absent=SAY_IT_IN_THE_PROMPT,
    pricing=Pricing(
        ("mode", "duration"),
        (
            # "billing is based on input video duration rounded to nearest second", and duration is invalid then.
            RequestKind(word="edit", when=EDITING, without=("duration",), seconds_of="video_list[].video_url"),
            # The page tells no price of a reference video; apart from the others it can at least not hide theirs.
            RequestKind(word="feature", when=Has("video_list")),
        ),
    ),
    error_codes={
        "002015001": "Missing prompt",
        "002015002": "Prompt exceeds 2500 character limit",
        "002015095": "Internal generation error",
        "002015096": "Result parsing error",
        "002015097": "HTTP error response",
        "002015098": "Status check error",
        "002015099": "Task creation error",
    },
)
