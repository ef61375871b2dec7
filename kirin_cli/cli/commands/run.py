"""`kirin run`: make the videos that job files describe."""

from functools import partial

from kirin_cli.cli import options as o
from kirin_cli.cli.flags import (
    CheckFlags,
    DisplayFlags,
    JobFileFlags,
    PrintingFlags,
    ServiceFlags,
    TakeFlags,
    ViewFlags,
    command_from,
)
from kirin_cli.modelspec.record import Record


class RunFlags(Record, kw_only=True):
    """Make the videos that job files describe.

    Checks everything first and sends nothing if anything is wrong. A job whose file is there is skipped;
    the same command again goes on where it stopped.
    """

    job_files: JobFileFlags
    output: o.OutputFolder = None
    in_flight: o.InFlight = o.DEFAULT_IN_FLIGHT
    timeout: o.Timeout = o.DEFAULT_TIMEOUT
    wait: o.WaitFlag = True
    max_cost: o.MaxCost = None
    assume_cost: o.AssumeCost = None
    takes: TakeFlags
    checks: CheckFlags
    sandbox: o.SandboxFlag = False
    service: ServiceFlags
    report: o.ReportFlag = None
    printing: PrintingFlags
    view: ViewFlags
    display: DisplayFlags


def run_run(flags: RunFlags) -> int:
    """Check, run, report; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.command_line import current_command_line
    from kirin_cli.cli.job_files import check_job_files, prepare_and_tell, prepare_options
    from kirin_cli.cli.reports import parse_reports
    from kirin_cli.cli.runner import ExecuteOptions, execute, job_output_format, run_options
    from kirin_cli.jobs.source_text import is_stream

    console = flags.display.console()
    output = job_output_format(flags.printing)
    reports = parse_reports(flags.report, json=output.for_programs)
    settings = flags.service.load_settings()
    uploads = bool(settings.upload_url) or flags.sandbox
    checked = check_job_files(flags.job_files, check_urls=flags.checks.check_urls, uploads=uploads)
    console.findings(checked.all_findings(), strict=flags.checks.strict)
    if checked.is_refused(strict=flags.checks.strict):
        return reports.write_refused(checked.all_findings(), console)
    limits = run_options(flags.timeout, flags.max_cost, flags.in_flight, flags.assume_cost, sandbox=flags.sandbox)
    choices = prepare_options(flags.takes, flags.output, flags.job_files.allow_env)
    if checked.left_out:
        console.info(checked.left_out_text)
    from_input = any(map(is_stream, flags.job_files.files))  # which the same command would not find again
    options = ExecuteOptions(
        settings=settings, sandbox=flags.sandbox, limits=limits, wait=flags.wait, output=output,
        view=flags.view, reports=reports, shard=choices.shard,
        resume="kirin resume" if from_input else current_command_line().text,
    )  # fmt: skip
    # Held by nobody once the jobs are made: what was read of 10,000 is 12 MB.
    prepare = [partial(prepare_and_tell, checked, choices, console)]
    del checked
    return execute(prepare.pop(), options, console)


run = command_from(
    RunFlags,
    run_run,
    examples=("kirin run jobs.yaml", "kirin run jobs.yaml --max-cost 5 -j 4 --report html=gallery.html"),
)
