"""The models of the service, one module each. A new model is one file and one row here."""

from typing import Final

from kirin_cli.models import motion_control, v1_5_i2v, v1_6_multi_i2v, v1_t2v, video_o1
from kirin_cli.spec.model import Model

MODELS: Final[dict[str, Model]] = {
    model.id: model
    for model in (v1_t2v.MODEL, v1_5_i2v.MODEL, v1_6_multi_i2v.MODEL, motion_control.MODEL, video_o1.MODEL)
}


def error_words(code: str) -> str:
    """What the reference pages say about the error code of a failed task; "" for an unknown one."""
    return next((model.error_codes[code] for model in MODELS.values() if code in model.error_codes), "")
