"""A job file written, and read with some parameters of two models."""

import pytest

from kirin_cli.jobs.parser import read_job_file
from kirin_cli.jobs.problems import InputLimits
from kirin_cli.jobs.scope import ExternalInputs
from kirin_cli.models import MODELS

NAMES = {
    "kirin_v1_t2v": ("prompt", "negative_prompt", "mode", "aspect_ratio", "duration", "cfg_scale", "camera_control"),
    "kirin_v1_5_i2v": ("prompt", "mode", "cfg_scale", "image", "dynamic_masks"),
}
FIELDS = {model: {name: MODELS[model].field_named(name) for name in names} for model, names in NAMES.items()}


@pytest.fixture
def load(tmp_path):
    """Writes a file and reads it; `outside` is what it may ask for, the rest are limits."""

    def write_and_read(text, name="shots.yaml", outside=None, **limits):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return read_job_file(path, FIELDS, InputLimits(**limits), outside or ExternalInputs())

    return write_and_read


@pytest.fixture
def table(tmp_path):
    """Writes a file of rows beside the job files."""

    def write(name, content):
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)

    return write
