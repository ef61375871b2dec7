"""A run as a whole: what a mistake in one step means for all."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from faults.bench import bench

from kirin_cli.api.transport import Transport
from kirin_cli.run.events import Queued


@pytest.fixture
def machine(tmp_path):
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder, bench(Path(folder)) as made:
        yield made


class Broken(Transport):
    """A transport with a bug."""

    def send(self, *_: object, **__: object) -> None:  # type: ignore[override]
        raise ZeroDivisionError("a bug")


def test_a_mistake_in_one_step_ends_the_run_with_its_exception(machine):
    machine.write_jobs("rain", "snow", "hail")
    with pytest.raises(ZeroDivisionError, match="a bug"):
        machine.run_unjudged(transport=Broken)
    assert machine.posts == 0


def test_after_a_mistake_the_next_run_asks_before_it_sends(machine):
    with pytest.raises(ZeroDivisionError):
        machine.run_unjudged(transport=Broken)
    assert machine.run(lives=lambda *_: False).outcome.state == "done"
    assert machine.posts == 1
    assert machine.queries > 1


def test_a_job_that_waits_says_what_people_see_of_it(machine):
    machine.write_jobs("job-1", "rain")
    queued = machine.run().of(Queued)
    assert [(event.job, event.title) for event in queued] == [("job-1", "job-1 a paper boat job-1"), ("rain", "")]
