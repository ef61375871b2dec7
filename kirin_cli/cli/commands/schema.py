"""`kirin schema`: print the JSON Schema of job files."""

from kirin_cli.cli.console import make_console
from kirin_cli.docgen.job_schema import job_file_text


def schema() -> int:
    """Print the JSON Schema (draft-07) of job files, for editors and other tools."""
    make_console().data(job_file_text())
    return 0
