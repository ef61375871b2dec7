"""`kirin schema`: print the JSON Schema of job files."""

from kirin_cli.cli.console import talk
from kirin_cli.derive.schemas import job_file_text


def schema() -> int:
    """Print the JSON Schema (draft-07) of job files, for editors and other tools."""
    talk().data(job_file_text())
    return 0
