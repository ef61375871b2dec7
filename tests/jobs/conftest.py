"""A job file written, and read with the parameters of two models."""

import pytest

from kirin_cli.jobs.files import read
from kirin_cli.jobs.limits import Limits

FIELDS = {
    "kirin_v1_t2v": ("prompt", "mode", "aspect_ratio", "duration", "camera_control"),
    "kirin_v1_5_i2v": ("prompt", "mode", "image", "dynamic_masks"),
}


@pytest.fixture
def load(tmp_path):
    def write_and_read(text, name="shots.yaml", **limits):
        path = tmp_path / name
        path.write_text(text)
        return read(path, FIELDS, Limits(**limits))

    return write_and_read
