"""The models of the service: those that kirin brings along, one module each, and those that people have added.

A new model is one file and one row here. A row is what a list of commands shows; the module or the file behind it, with
its fields, is loaded when the model is asked for. Where added models lie, the command line says.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from kirin_cli.modelspec.model import Model
    from kirin_cli.modelspec.types import Problem


class ModelEntry(NamedTuple):
    """A model as far as it is known without its fields. An added one has no command where every name was taken.

    `load` raises UsageError where the file of an added model, `path`, makes no sense.
    """

    command: str
    help: str
    load: Callable[[], "Model"]
    path: "Path | None" = None


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


FindModelEntries = Callable[[], Mapping[str, ModelEntry]]
"""Finds the rows of added models, by id."""


class _AddedModels:
    """The rows of the added models, looked for when the first is asked for."""

    find: FindModelEntries = dict
    entries: Mapping[str, ModelEntry] | None = None

    def get(self) -> Mapping[str, ModelEntry]:
        if self.entries is None:
            self.entries = self.find()
        return self.entries


_ADDED: Final = _AddedModels()


def use_added_models(find: FindModelEntries) -> None:
    """Have the models that `find` finds be there beside our own, until the next call; it is called when needed."""
    _ADDED.find, _ADDED.entries = find, None


def file_entries() -> Mapping[str, ModelEntry]:
    """The rows of all files, those too that have a spec of one of our own models."""
    return _ADDED.get()


def added_entries() -> Mapping[str, ModelEntry]:
    """The rows of the added models. None of them takes the place of one of our own, which stay as they are."""
    return {model_id: entry for model_id, entry in _ADDED.get().items() if model_id not in MODEL_ENTRIES}


def find_entry(name: str) -> tuple[str, ModelEntry] | None:
    """Id and row of the model with this id or command; ours are looked through first."""
    for is_added in (False, True):
        for model_id, entry in (added_entries() if is_added else MODEL_ENTRIES).items():
            if name in {model_id, entry.command}:
                return model_id, entry
    return None


def explain_extra(model_id: str, name: str, value: object) -> str:
    """What a stored spec of one of our own models says of a parameter that its page does not have; "" for nothing."""
    entry = _ADDED.get().get(model_id) if model_id in MODEL_ENTRIES else None
    if entry is None:
        return ""
    from kirin_cli.errors import UsageError  # noqa: PLC0415  (few models have such a file)

    try:
        fields = entry.load().fields
    except UsageError:  # what is wrong with the file is said where it is asked for
        return ""
    field = next((field for field in fields if field.name == name), None)
    if field is None:
        return ""
    from kirin_cli.modelspec.fields import CheckContext  # noqa: PLC0415  (the same)
    from kirin_cli.modelspec.types import assume_url  # noqa: PLC0415

    context, bounds = CheckContext(assume_url), field.describe_bounds()
    field.check(value, name, context)
    what = f"{field.kind}, {bounds}" if bounds else field.kind
    wrong = f", but takes another value: {context.problems[0].message}" if context.problems else ""
    return f"the service's spec in {entry.path} has it: {what}{wrong}"


class _Models(Mapping[str, "Model"]):
    """The model of each row by its id; ours come first."""

    def __getitem__(self, model_id: str) -> "Model":
        return (MODEL_ENTRIES.get(model_id) or added_entries()[model_id]).load()

    def __contains__(self, model_id: object) -> bool:
        return model_id in MODEL_ENTRIES or model_id in added_entries()

    def __iter__(self) -> Iterator[str]:
        yield from MODEL_ENTRIES
        yield from added_entries()

    def __len__(self) -> int:
        return len(MODEL_ENTRIES) + len(added_entries())


MODELS: Final[Mapping[str, "Model"]] = _Models()


def error_message(code: str) -> str:
    """What the reference pages say about the error code of a failed task; "" for an unknown one."""
    return next((model.error_codes[code] for model in usable_models() if code in model.error_codes), "")


def usable_models() -> Iterator["Model"]:
    """Every model but those of which the file makes no sense."""
    from kirin_cli.errors import UsageError  # noqa: PLC0415  (a list of commands needs none)

    for model_id in MODELS:
        try:
            yield MODELS[model_id]
        except UsageError:  # said where that model is asked for
            continue


def advice_for_unknown(model_id: str, name: str) -> str:
    """What to do in place of a parameter or flag (with underscores) that only other models have; "" for no such."""
    from kirin_cli.modelspec.flags import model_flags  # noqa: PLC0415  (only a mistake needs it)
    from kirin_cli.modelspec.text import join_and  # noqa: PLC0415  (the same)

    own = MODELS[model_id]
    words = {
        model.command: {*model.names, *(flag.name.replace("-", "_") for flag in model_flags(model))}
        for model in usable_models()
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
