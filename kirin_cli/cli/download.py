"""`kirin download`: fetch the videos of finished tasks again."""

from kirin_cli.cli.following import command

download = command(
    """Fetch the videos of finished tasks again, free of charge, from fresh URLs.

    A task that still runs is waited for. A file that is there and whole is left alone.
    """
)
