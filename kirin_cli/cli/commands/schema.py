"""`kirin schema`: print the JSON Schema of job files."""

from kirin_cli.cli.flags import command_from
from kirin_cli.modelspec.record import Record


class SchemaFlags(Record):
    """Print the JSON Schema (draft-07) of job files, for editors and other tools."""


def run_schema(_: SchemaFlags) -> int:
    """Print it; returns the exit code."""
    from kirin_cli.cli.console import make_console
    from kirin_cli.docgen.job_schema import job_file_text

    make_console().data(job_file_text())
    return 0


schema = command_from(SchemaFlags, run_schema, examples=("kirin schema > kirin-jobs.schema.json",))
