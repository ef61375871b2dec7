"""Ten jobs that run."""

from kirin_cli.run.events import Accepted, Queued, Submitting

NAMES = [
    "harbour",
    "a name so long that nobody would ever want to read it in full",
    "港の夜明け",
    *map("take-{:02}".format, range(7)),
]


def begin(listener, names=NAMES):
    for name in names:
        listener(Queued(job=name, at=0, model="kirin_v1_6_multi_i2v"))
        listener(Submitting(job=name, at=0, external_task_id="e"))
        listener(Accepted(job=name, at=0, task_id="t"))
