"""Reads job files for the commands that take them."""

from collections.abc import Iterable
from pathlib import Path

from kirin_cli.jobs.files import read
from kirin_cli.models import MODELS
from kirin_cli.run.checking import CheckedFiles, check_files


def check_paths(paths: Iterable[Path]) -> CheckedFiles:
    """Read and check all files; what is wrong with one does not hide what is wrong with another."""
    fields = {model.id: model.names for model in MODELS.values()}
    return check_files(read(path, fields) for path in dict.fromkeys(paths))
