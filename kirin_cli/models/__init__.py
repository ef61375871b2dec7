"""The models of the service, one module each. A new model is one file and one row here.

A row is what a list of commands shows; the module behind it, with its fields, is loaded when the model is asked for.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from kirin_cli.spec.model import Model


class Row(NamedTuple):
    """A model as far as it is known without its fields."""

    command: str
    help: str


ROWS: Final[dict[str, Row]] = {
    "kirin_v1_t2v": Row("v1-t2v", "Make a video from text."),
    "kirin_v1_5_i2v": Row("v1-5-i2v", "Animate a still image."),
    "kirin_v1_6_multi_i2v": Row("v1-6-multi-i2v", "Make a video from up to four images and text."),
    "kirin_motion_control": Row("motion-control", "Let a character perform the movements of a video."),
    "kirin_video_o1": Row("video-o1", "Make or edit a video from text, images, elements and a video."),
}


class _Models(Mapping[str, "Model"]):
    """The model of each row by its id; the module is named like the id, without the `kirin_`."""

    def __getitem__(self, model_id: str) -> "Model":
        if model_id not in ROWS:
            raise KeyError(model_id)
        found: Model = import_module(f"{__name__}.{model_id.removeprefix('kirin_')}").MODEL
        return found

    def __contains__(self, model_id: object) -> bool:
        return model_id in ROWS

    def __iter__(self) -> Iterator[str]:
        return iter(ROWS)

    def __len__(self) -> int:
        return len(ROWS)


MODELS: Final[Mapping[str, "Model"]] = _Models()


def error_words(code: str) -> str:
    """What the reference pages say about the error code of a failed task; "" for an unknown one."""
    return next((model.error_codes[code] for model in MODELS.values() if code in model.error_codes), "")
