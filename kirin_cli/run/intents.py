"""What the ledger is told of a job before anything is sent: a row that the job can be taken up from again."""

from pathlib import Path

from kirin_cli.ledger.entry import Intent
from kirin_cli.run import ends
from kirin_cli.run.course import World
from kirin_cli.run.job import Job
from kirin_cli.run.plans import plan_text


def intent_of(job: Job, world: World, run_id: str) -> Intent:
    """The intent of a job at this service. Raises LocalFault where a medium cannot be read."""
    model, mode, duration = ends.task_class(job)
    job_file = str(Path(job.file).absolute()) if job.file else ""
    return Intent(
        origin=world.origin, account=world.account, external_id=job.external_id, model=model, request=job.request,
        plan=plan_text(job), mode=mode, duration=duration, job=job.name, job_file=job_file, scope=job.scope,
        take=job.take, run_id=run_id,
    )  # fmt: skip
