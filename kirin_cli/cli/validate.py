"""`kirin validate`: check job files and send nothing."""

from kirin_cli.cli import options as o
from kirin_cli.cli.console import talk
from kirin_cli.cli.files import check_paths
from kirin_cli.report import validation


def validate(
    files: o.JobFiles,
    strict: o.Strict = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
    color: o.Color = "auto",
) -> int:
    """Check job files against everything that the service would refuse.

    Needs no key and no network. Ends with 0 when every job could be sent, else with 2.
    """
    voice = talk(color=color, quiet=quiet)
    checked = check_paths(files)
    refused = checked.refused(strict=strict)
    if json:
        voice.data(validation.render(checked, strict=strict))
    else:
        voice.findings(checked.all_findings())
        if not refused:
            voice.note(f"{len(checked.jobs)} jobs in {len(set(files))} files are valid; nothing was sent")
    return 2 if refused else 0
