"""The models of the service, one module each. A new model is one file and one row here.

A row is what a list of commands shows; the module behind it, with its fields, is loaded when the model is asked for.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from kirin_cli.modelspec.model import Model
    from kirin_cli.modelspec.types import Problem


class ModelEntry(NamedTuple):
    """A model as far as it is known without its fields."""

    command: str
    help: str
    load: Callable[[], "Model"]


def _load_v1_t2v() -> "Model":
    from kirin_cli.models.v1_t2v import MODEL  # noqa: PLC0415  (loaded when asked for)

    return MODEL


def _load_v1_5_i2v() -> "Model":
    from kirin_cli.models.v1_5_i2v import MODEL  # noqa: PLC0415  (loaded when asked for)

    return MODEL


def _load_v1_6_multi_i2v() -> "Model":
    from kirin_cli.models.v1_6_multi_i2v import MODEL  # noqa: PLC0415  (loaded when asked for)

    return MODEL


def _load_motion_control() -> "Model":
    from kirin_cli.models.motion_control import MODEL  # noqa: PLC0415  (loaded when asked for)

    return MODEL


def _load_video_o1() -> "Model":
    from kirin_cli.models.video_o1 import MODEL  # noqa: PLC0415  (loaded when asked for)

    return MODEL


MODEL_ENTRIES: Final[dict[str, ModelEntry]] = {
    "kirin_v1_t2v": ModelEntry("v1-t2v", "Make a video from text.", _load_v1_t2v),
    "kirin_v1_5_i2v": ModelEntry("v1-5-i2v", "Animate a still image.", _load_v1_5_i2v),
    "kirin_v1_6_multi_i2v": ModelEntry(
        "v1-6-multi-i2v", "Make a video from up to four images and text.", _load_v1_6_multi_i2v
    ),
    "kirin_motion_control": ModelEntry(
        "motion-control", "Let a character perform the movements of a video.", _load_motion_control
    ),
    "kirin_video_o1": ModelEntry(
        "video-o1", "Make or edit a video from text, images, elements and a video.", _load_video_o1
    ),
}


class _Models(Mapping[str, "Model"]):
    """The model of each row by its id."""

    def __getitem__(self, model_id: str) -> "Model":
        return MODEL_ENTRIES[model_id].load()

    def __contains__(self, model_id: object) -> bool:
        return model_id in MODEL_ENTRIES

    def __iter__(self) -> Iterator[str]:
        return iter(MODEL_ENTRIES)

    def __len__(self) -> int:
        return len(MODEL_ENTRIES)


MODELS: Final[Mapping[str, "Model"]] = _Models()


def error_message(code: str) -> str:
    """What the reference pages say about the error code of a failed task; "" for an unknown one."""
    return next((model.error_codes[code] for model in MODELS.values() if code in model.error_codes), "")


def advice_for_unknown(model_id: str, name: str) -> str:
    """What to do in place of a parameter or flag (with underscores) that only other models have; "" for no such."""
    from kirin_cli.modelspec.flags import model_flags  # noqa: PLC0415  (only a mistake needs it)
    from kirin_cli.modelspec.text import join_and  # noqa: PLC0415  (the same)

    own = MODELS[model_id]
    words = {
        model.command: {*model.names, *(flag.name.replace("-", "_") for flag in model_flags(model))}
        for model in MODELS.values()
    }
    having = [command for command in words if name in words[command]]
    if name in own.absent or not having or own.command in having:
        return own.absent.get(name, "")
    return f"{join_and(having)} {'has' if len(having) == 1 else 'have'} one"


def explain_unknown(model: "Model", problem: "Problem") -> "Problem":
    """The problem of a parameter that the model does not have, with what to do in its place where that is known."""
    from dataclasses import replace  # noqa: PLC0415  (only a mistake needs it)

    advised = "; did you mean" not in problem.message or problem.path in model.absent
    advice = advice_for_unknown(model.id, problem.path) if advised else ""
    text = f'unknown parameter "{problem.path}"; {model.id} has none: {advice}'
    return replace(problem, message=text) if advice else problem
