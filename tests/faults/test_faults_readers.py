"""Streams that nobody reads, that were never open or that are full (fault G3): quiet, nothing lost."""

import pytest
from faults import processes
from faults.bench import CLIP, Bench
from faults.processes import shell


def test_G3_nobody_reads_the_paths_any_more(machine: Bench) -> None:
    machine.write_jobs(*"abc")
    code, process = shell(machine, "kirin run jobs.yaml -q | head -1; echo ${PIPESTATUS[0]}")
    assert (code, process.out.splitlines()[1:], process.err) == (0, ["0"], "")
    processes.judge(machine, process)
    assert len(list(machine.renders.glob("*.mp4"))) == 3


def test_G3_nobody_reads_anything_any_more(machine: Bench) -> None:
    machine.write_jobs(*"abc")
    code, process = shell(machine, "kirin run jobs.yaml 2>&1 | head -1; echo ${PIPESTATUS[0]}")
    assert (code, len(process.out.splitlines()), process.out.splitlines()[-1], process.err) == (0, 2, "0", "")
    processes.judge(machine, process)
    assert len(list(machine.renders.glob("*.mp4"))) == 3


@pytest.mark.parametrize("command", ["list --all-services", "show krn1- --json", "schema"])
def test_G3_every_listing_ends_quietly(machine: Bench, command: str) -> None:
    machine.run()
    code, process = shell(machine, f"kirin {command} | head -1; echo ${{PIPESTATUS[0]}}")
    assert (code, len(process.out.splitlines()), process.out.splitlines()[-1], process.err) == (0, 2, "0", "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_G3_streams_that_were_never_open(machine: Bench, closed: str) -> None:
    code, process = shell(machine, f"kirin run jobs.yaml {closed}", fresh=True)
    assert (code, process.err if "2>" in closed else "") == (0, "")
    assert machine.renders.joinpath("rain.mp4").read_bytes() == CLIP
    processes.judge(machine, process)


def test_G3_a_full_disk_behind_stdout_is_9_and_the_file_is_there(machine: Bench) -> None:
    code, process = shell(machine, "kirin run jobs.yaml > /dev/full")
    assert code == 9
    assert "standard output cannot be written" in process.err
    assert machine.renders.joinpath("rain.mp4").read_bytes() == CLIP
