"""What a checked request asks for: shape, length, price and working time of one video. Knows no task, no HTTP.

The prices are the sandbox's own, plausible and invented; nobody pays them and no invoice is made of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from kirin_cli.sandbox.footage import nearest_length, nearest_ratio
from kirin_cli.spec.medium import Medium
from kirin_cli.spec.model import Model

SANDBOX_USD_PER_SECOND: Final[Mapping[str, Mapping[str, Decimal]]] = {
    "kirin_v1_t2v": {"std": Decimal("0.056"), "pro": Decimal("0.098")},
    "kirin_v1_5_i2v": {"std": Decimal("0.056"), "pro": Decimal("0.098")},
    "kirin_v1_6_multi_i2v": {"std": Decimal("0.056"), "pro": Decimal("0.098")},
    "kirin_motion_control": {"std": Decimal("0.070"), "pro": Decimal("0.112")},
    "kirin_video_o1": {"std": Decimal("0.084"), "pro": Decimal("0.112")},
}
OTHERWISE_USD_PER_SECOND: Final = Decimal("0.070")
USUAL_SECONDS: Final = 5
# 60 s for 5 s of video and 100 s for 10 s: about what such services take; pro takes longer.
START_UP_SECONDS: Final = 20.0
WORK_PER_SECOND: Final = 8.0
PRO_TAKES: Final = 1.8


@dataclass(frozen=True, slots=True)
class Order:
    """One video to make. `seconds` is its length (3-10), `ratio` its shape, `cost` in US dollars.

    `work` is how many seconds the real service would take, before chance.
    """

    seconds: int
    ratio: str
    cost: Decimal
    work: float


def order(model: Model, values: Mapping[str, object]) -> Order:
    """What a request that passed the check asks for."""
    mode, seconds = str(_value(model, values, "mode")), _seconds(model, values)
    usd = SANDBOX_USD_PER_SECOND.get(model.id, {}).get(mode, OTHERWISE_USD_PER_SECOND)
    work = (START_UP_SECONDS + WORK_PER_SECOND * seconds) * (PRO_TAKES if mode == "pro" else 1)
    return Order(seconds, _ratio(model, values), (usd * seconds).quantize(Decimal("0.01")), work)


def _value(model: Model, values: Mapping[str, object], name: str) -> object:
    defaults = {field.name: field.default for field in model.fields}
    return values.get(name, defaults.get(name))


def _seconds(model: Model, values: Mapping[str, object]) -> int:
    """The length asked for; an edited or imitated video gives its own, where it is known."""
    if _follows_video(model, values):
        return nearest_length(next((medium.seconds for medium in _media(values) if medium.seconds), USUAL_SECONDS))
    return nearest_length(float(str(_value(model, values, "duration"))))


def _follows_video(model: Model, values: Mapping[str, object]) -> bool:
    videos = values.get("video_list")
    edited = isinstance(videos, list) and any(video.get("refer_type", "base") == "base" for video in videos)
    return edited or "duration" not in model.names


def _ratio(model: Model, values: Mapping[str, object]) -> str:
    """The shape asked for, or that of the first medium whose size is known."""
    asked = values.get("aspect_ratio")
    if asked is None:
        sizes = ((medium.width, medium.height) for medium in _media(values))
        asked = next((nearest_ratio(width, height) for width, height in sizes if width and height), None)
    return str(asked or _value(model, values, "aspect_ratio") or "16:9")


def _media(value: object) -> Iterator[Medium]:
    if isinstance(value, Medium):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _media(part)
    elif isinstance(value, list):
        for part in value:
            yield from _media(part)
