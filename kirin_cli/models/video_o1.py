"""kirin_video_o1: text, images, elements and a video, freely combined; edits videos too."""

import re
from collections.abc import Iterator
from typing import Final

from kirin_cli.models.parameters import ASPECT_RATIO, COMMON, DURATION, KEEP_ORIGINAL_SOUND, MODE, PROMPT
from kirin_cli.spec.compounds import Group, Many
from kirin_cli.spec.conditions import All, Any, AnyItem, AtLeast, Has, Is, Not, TogetherAtMost
from kirin_cli.spec.fields import Choice, Integer
from kirin_cli.spec.laws import Law, Where
from kirin_cli.spec.media import Image, PictureLimits, Video, VideoLimits
from kirin_cli.spec.model import Model
from kirin_cli.spec.view import View
from kirin_cli.spec.words import counted

REFERENCES: Final = "References"
FRAMES: Final = ("first_frame", "end_frame")
FIRST_FRAME: Final = AnyItem("image_list", "type", "first_frame")
END_FRAME: Final = AnyItem("image_list", "type", "end_frame")
EDITING: Final = AnyItem("video_list", "refer_type", "base")
TEXT_ONLY: Final = Not(Any(Has("image_list"), Has("element_list"), Has("video_list")))
TYPES: Final = "image_list[].type"
COUNTED: Final = ("image_list", "element_list")
TOKEN: Final = re.compile(r"<<<(?!<)((?:(?!<<<).)*?)>>>", re.DOTALL)  # the innermost, of "<<<<image_1>>>" too
POINTER: Final = re.compile(r"(image|video|element)_(0|[1-9][0-9]*)")


def repeated_frames(view: View) -> Iterator[tuple[str, str]]:
    """Every first or end frame after the first of its kind."""
    seen: set[object] = set()
    for at, kind in view.reach(TYPES):
        if kind in seen:
            yield at, f"is a second {kind}; there can be one"
        seen.add(kind)


def dangling_references(view: View) -> Iterator[tuple[str, str]]:
    """Every `<<<image_N>>>`, `<<<video_N>>>` or `<<<element_N>>>` without its item (N from 1)."""
    for token in _tokens(view):
        pointer = POINTER.fullmatch(token)
        held = f"{pointer[1]}_list" if pointer else ""
        if pointer and not view.spoiled((held,)) and not 1 <= int(pointer[2]) <= len(view.items(held)):
            yield "prompt", f"refers to <<<{token[:40]}>>>, but {held} has {counted(len(view.items(held)))}"


def strange_references(view: View) -> Iterator[tuple[str, str]]:
    """Every other `<<<…>>>`."""
    for token in _tokens(view):
        if not POINTER.fullmatch(token):
            known = "<<<image_N>>>, <<<video_N>>> and <<<element_N>>>"
            yield "prompt", f"holds <<<{token[:40]}>>>, which means nothing to the model; known are {known}"


def _tokens(view: View) -> list[str]:
    prompt = view.value("prompt")
    return TOKEN.findall(prompt) if isinstance(prompt, str) else []


IMAGES: Final = Many(
    name="image_list", flag="image", short="-i", rule="O2", panel=REFERENCES, metavar="IMAGE",
    help="Reference image. Repeatable.",
    of=Group(
        name="item", rule="O2", bare="image_url", aliases={"image": "image_url"},
        fields=(
            Image(name="image_url", rule="O2", required=True, limits=PictureLimits(), help="The image."),
            Choice(name="type", of=FRAMES, rule="O2", help="Use it as the first or the last frame."),
        ),
    ),
    variants={
        "first-frame": ("Image to start from.", {"type": "first_frame"}),
        "end-frame": ("Image to end with; needs a first frame.", {"type": "end_frame"}),
    },
)  # fmt: skip

VIDEOS: Final = Many(
    name="video_list", flag="video", rule="O5", most=1, panel=REFERENCES, metavar="URL",
    help="Video to edit, or to take features from.",
    of=Group(
        name="item", rule="O5", bare="video_url",
        fields=(
            Video(
                name="video_url", rule="O5", required=True, help="The video.",
                limits=VideoLimits("V3", megabytes=200, side=(720, 2160), seconds=(3, 10), fps=(24, 60)),
            ),
            Choice(
                name="refer_type", of=("feature", "base"), default="base", rule="O5", panel=REFERENCES,
                help="`base` edits the video, `feature` takes features from it.",
            ),
            KEEP_ORIGINAL_SOUND.but(flag="keep-original-sound", rule="O5", panel=REFERENCES),
        ),
    ),
)  # fmt: skip

ELEMENTS: Final = Many(
    name="element_list", flag="element", rule="O8", panel=REFERENCES, metavar="ID",
    help="Id of an element of your library. Repeatable.",
    of=Group(
        name="item", rule="O8", bare="element_id",
        fields=(Integer(name="element_id", rule="O8", required=True, help="Id of an element of your library."),),
    ),
)  # fmt: skip

MODEL: Final = Model(
    id="kirin_video_o1",
    command="video-o1",
    help="Make or edit a video from text, images, elements and a video.",
    fields=(
        PROMPT.but(rule="O1"),
        DURATION.but(rule="O11", of=tuple(map(str, range(3, 11)))),
        ASPECT_RATIO.but(rule="O10", default=None),
        MODE.but(rule="O9", default="pro"),
        IMAGES, VIDEOS, ELEMENTS,
        *COMMON,
    ),
    laws=(
        Law("O3", "image_list", "has an end_frame and so needs a first_frame too", need=FIRST_FRAME, when=END_FRAME),
        Where("O3", TYPES, "can be first_frame once and end_frame once", (TYPES,), repeated_frames),
        Law(
            "O4", "image_list", "has more than 2 images and so can have no end_frame",
            need=Not(END_FRAME), when=AtLeast("image_list", 3),
        ),
        Law(
            "O6", "image_list", "can hold no first or end frame when a video is edited (refer_type base)",
            need=Not(Any(FIRST_FRAME, END_FRAME)), when=EDITING,
        ),
        Law(
            "O7", COUNTED, "and element_list take at most 4 items together with a reference video",
            need=TogetherAtMost(COUNTED, 4), when=Has("video_list"),
        ),
        Law(
            "O7", COUNTED, "and element_list take at most 7 items together",
            need=TogetherAtMost(COUNTED, 7), when=Not(Has("video_list")),
        ),
        Law(
            "O10", "aspect_ratio", "is required unless there is a first frame or a video is edited",
            need=Any(Has("aspect_ratio"), FIRST_FRAME, EDITING),
        ),
        Law(
            "O11", "duration", "can only be 5 or 10 from text alone or from a first frame",
            need=Is("duration", "5", "10"), when=Any(TEXT_ONLY, All(FIRST_FRAME, Not(Has("video_list")))),
        ),
        Law(
            "O12", "duration", "has no effect when a video is edited; it is left out",
            need=Not(Has("duration")), when=EDITING, drops=True,
        ),
        Where("O13", "prompt", "may only refer to items that exist", ("prompt",), dangling_references),
        Where("O14", "prompt", "should hold no other <<<…>>>", ("prompt",), strange_references, "warning"),
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
)  # fmt: skip
