"""`kirin wait`: wait for tasks and fetch their videos."""

from kirin_cli.cli.following import command

wait = command(
    """Wait for tasks and fetch their videos.

    Takes tasks of the ledger and tasks that only the service knows. Submits nothing.
    """
)
