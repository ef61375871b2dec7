"""Requests held against the models: a good one of each model to change, and what a check says about it."""

from collections.abc import Mapping

from kirin_cli.models import MODELS
from kirin_cli.modelspec.model import CheckResult
from kirin_cli.modelspec.types import InspectMedia, MediaFile, MediaKind, assume_url

PICTURE = "https://example.com/cat.png"
FILM = "https://example.com/dance.mp4"
GOOD: dict[str, dict[str, object]] = {
    "kirin_v1_t2v": {"prompt": "a"},
    "kirin_v1_5_i2v": {"image": PICTURE},
    "kirin_v1_6_multi_i2v": {"prompt": "a", "image_list": [PICTURE]},
    "kirin_motion_control": {
        "image_url": PICTURE,
        "video_url": FILM,
        "character_orientation": "video",
        "mode": "std",
    },
    "kirin_video_o1": {"prompt": "a", "aspect_ratio": "16:9"},
}

FIELDS = {model.id: {field.name: field for field in model.fields} for model in MODELS.values()}
"""By model: its fields by name, as job files are read with them."""


def checked(model: str, look: InspectMedia = assume_url, /, **changes: object) -> CheckResult:
    """The check of the model's good request with these changes; `...` takes a parameter away."""
    params = {name: value for name, value in (GOOD[model] | changes).items() if value is not ...}
    return MODELS[model].check(params, look)


def refused(model: str, look: InspectMedia = assume_url, /, **changes: object) -> list[tuple[str, str]]:
    """(path, rule) of every error, in order."""
    return [(problem.path, problem.rule) for problem in checked(model, look, **changes).errors]


def warned(model: str, look: InspectMedia = assume_url, /, **changes: object) -> list[tuple[str, str]]:
    """(path, rule) of every warning of a request without errors."""
    result = checked(model, look, **changes)
    assert not result.errors
    return [(problem.path, problem.rule) for problem in result.problems]


def sent(model: str, look: InspectMedia = assume_url, /, **changes: object) -> dict[str, object]:
    """What a request without any problem sends."""
    result = checked(model, look, **changes)
    assert result.problems == ()
    return result.values


def said(model: str, look: InspectMedia = assume_url, /, **changes: object) -> str:
    """The one sentence about a request with one problem."""
    (problem,) = checked(model, look, **changes).problems
    return problem.message


def facts(of: Mapping[str, Mapping[str, object]]) -> InspectMedia:
    """A look that knows these facts by value, and nothing of other values."""

    def look(given: str, kind: MediaKind) -> MediaFile:
        return MediaFile(given, "url", **of.get(given, {}))

    return look
