"""A task that a sidecar names: asked for by its id, then by its external id; nothing is ever sent instead."""

import json
import shutil

import pytest
from faults.bench import CLIP, Bench, bench
from loopback import faults
from support.fast_folder import fast_folder


@pytest.fixture
def machine(tmp_path):
    """A machine whose ledger is lost and whose video is gone, but not the sidecar."""
    with fast_folder(tmp_path) as folder, bench(folder) as machine:
        assert machine.run().exit_code == 0
        (machine.renders / "rain.mp4").unlink()
        shutil.rmtree(folder / "state")
        yield machine


def whole(machine: Bench) -> bool:
    return (machine.renders / "rain.mp4").read_bytes() == CLIP and machine.posts == 1


def test_the_video_is_fetched_again(machine):
    assert machine.run().exit_code == 0
    assert whole(machine)


def test_trouble_tells_nothing(machine):
    machine.api.script("GET", faults.answer(503), faults.close_before_reading(), faults.answer(429))
    assert machine.run().exit_code == 0
    assert whole(machine)


def test_a_task_id_that_is_no_longer_known_is_followed_by_the_external_id(machine):
    note = machine.renders / "rain.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | {"task_id": "gone"}))
    assert machine.run().exit_code == 0
    assert whole(machine)


def test_the_key_that_is_refused_stops_the_run(machine):
    machine.api.decide("GET", lambda *_: faults.answer(401))
    assert (machine.run().exit_code, machine.posts) == (4, 1)


def test_what_the_service_does_not_have_any_more_is_said_to_be_paid_for(machine):
    machine.api.decide("GET", lambda *_: faults.answer(404, {"message": "no such task"}))
    result = machine.run()
    assert (result.exit_code, result.outcome.state, result.outcome.error.charged, machine.posts) == (
        7,
        "pending",
        "yes",
        1,
    )
    assert "--again" in result.outcome.error.hint
    machine.api.forget_scripts()
    assert machine.run().exit_code == 0
    assert whole(machine)
