"""The real command line meets the fault matrix: exit codes, and what a person reads then."""

import json
import resource
import sys
import threading
from pathlib import Path

import pytest
from faults.bench import KEY, Bench
from faults.processes import judge, run_process, start_process
from loopback import faults
from loopback.proxy import tunnel
from loopback.service import CERTIFICATES, Service

RUN = ("run", "jobs.yaml")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits of another process can be set on Linux only")


def test_S2_a_bad_certificate_is_3_in_words(machine: Bench) -> None:
    with Service(tls="stranger", patience=2) as api:
        code, kirin = run_process(machine, *RUN, KIRIN_BASE_URL=api.url("", host="localhost"))
        assert (code, api.truth.requests) == (3, ())
    assert "certificate" in kirin.err
    assert "Traceback" not in kirin.output


def test_S10_a_refusal_is_1_with_the_words_of_the_service(machine: Bench) -> None:
    machine.api.script("POST", faults.answer(400, {"message": "no \x1b[31mred\x1b[0m boats"}))
    code, kirin = run_process(machine, *RUN, "--json")
    assert (code, json.loads(kirin.out)["exit_code"]) == (1, 1)
    assert r"no \x1b[31mred" in kirin.err
    judge(machine, kirin)


@pytest.mark.parametrize(("status", "code"), [(401, 4), (402, 5)])
def test_S14_a_denial_is_4_or_5_and_the_same_command_goes_on(machine: Bench, status: int, code: int) -> None:
    machine.write_jobs("a", "b", "c")
    machine.api.script("POST", faults.answer(status, {"message": f"not with {KEY}"}))
    first, kirin = run_process(machine, *RUN, "-j", "1")
    assert (first, machine.posts) == (code, 1)
    assert "to go on: kirin run jobs.yaml" in kirin.err
    second, again = run_process(machine, *RUN)
    assert (second, machine.api.truth.created(), len(again.out.splitlines())) == (0, 3, 3)
    judge(machine, kirin, again)


def test_S17_netrc_and_proxies_of_the_environment_never_get_the_key(machine: Bench) -> None:
    (machine.folder / "home").mkdir()
    (machine.folder / "home" / ".netrc").write_text("default login somebody password else\n")
    (machine.folder / "home" / ".netrc").chmod(0o600)
    with Service(patience=2) as proxy:
        code, kirin = run_process(
            machine, *RUN, HTTP_PROXY=proxy.origin, http_proxy=proxy.origin, ALL_PROXY=proxy.origin
        )
        assert (code, proxy.truth.requests) == (0, ()), kirin.err
    assert machine.api.truth.keys == {KEY}
    assert machine.cdn.truth.keys == frozenset()
    judge(machine, kirin)


def test_S17_over_https_the_proxy_tunnels_and_sees_no_key(machine: Bench) -> None:
    with Service(tls="localhost", patience=2) as api, Service(patience=2) as proxy:
        api.serve_api(machine.cdn.url("/result.mp4"))
        proxy.script("CONNECT", then=tunnel(api.port))
        # A name that is not this machine's, so that a proxy is asked; the certificate is for localhost alone.
        code, kirin = run_process(
            machine, *RUN, KIRIN_BASE_URL="https://service.invalid", HTTPS_PROXY=proxy.origin,
            SSL_CERT_FILE=str(CERTIFICATES / "localhost.pem"),
        )  # fmt: skip
        assert (code, api.truth.requests, proxy.truth.keys) == (3, (), frozenset()), kirin.err
        assert proxy.truth.of("CONNECT")
        assert not proxy.truth.saw(KEY)


def test_P4_paid_without_a_result_is_7_and_names_the_task(machine: Bench) -> None:
    machine.api.api.results = "ftp://127.0.0.1/x.mp4"
    code, kirin = run_process(machine, *RUN, "--quiet")
    task = machine.api.truth.tasks[0].id
    assert (code, kirin.out) == (7, "")
    assert f"task {task} was generated and paid for" in kirin.err
    judge(machine, kirin)


def test_P7_a_new_key_of_the_account_goes_on_with_resume(machine: Bench) -> None:
    machine.write_jobs("a", "b", "c")
    machine.api.api.statuses = ("in_progress",) * 3 + ("completed",)
    machine.api.decide("GET /model/*", lambda number, _: revoke(machine) if number == 4 else None)
    code, kirin = run_process(machine, *RUN, "-j", "2")
    assert (code, machine.posts) == (4, 2), kirin.err
    stranger, nothing = run_process(machine, "resume", KIRIN_API_KEY="sk-of-somebody-else-entirely")
    assert (stranger, machine.posts, nothing.out) == (0, 2, "")
    new = machine.api.api.key
    code, again = run_process(machine, "resume", KIRIN_API_KEY=new)
    assert (code, machine.api.truth.created(), len(list(machine.renders.glob("*.mp4")))) == (0, 2, 2), again.err
    assert "1 job of jobs.yaml was never sent: kirin run jobs.yaml sends it" in again.err
    assert (run_process(machine, *RUN, KIRIN_API_KEY=new)[0], machine.posts) == (0, 3)
    judge(machine, kirin, again)


def revoke(machine: Bench) -> None:
    machine.api.api.key = "sk-the-new-key-of-the-same-account"


def test_P8_a_task_that_never_completes_is_8_with_the_command_that_goes_on(machine: Bench) -> None:
    machine.api.api.statuses = ("in_progress",)
    code, kirin = run_process(machine, *RUN, "--timeout", "0.3s")
    task = machine.api.truth.tasks[0].id
    assert (code, kirin.out) == (8, "")
    assert task in kirin.err
    assert "to go on: kirin run jobs.yaml --timeout 0.3s" in kirin.err
    judge(machine, kirin)


def test_L1_a_state_folder_that_cannot_be_made_is_9_without_a_post(machine: Bench) -> None:
    code, kirin = run_process(machine, *RUN, KIRIN_STATE_DIR=str(machine.file / "state"))
    assert (code, machine.posts) == (9, 0)
    assert "ledger" in kirin.err


@LINUX
def test_L2_a_ledger_that_is_full_after_200_leaves_the_task_id_on_stderr_and_in_the_recovery_file(
    machine: Bench,
) -> None:
    released = threading.Event()
    machine.api.script("POST", faults.stall(released, create=True))
    with start_process(machine, *RUN) as kirin:
        machine.api.truth.until(lambda truth: bool(truth.created()))
        resource.prlimit(kirin.process.pid, resource.RLIMIT_FSIZE, (2000, 2000))
        released.set()
        code = kirin.end()
    task = machine.api.truth.tasks[0].id
    assert (code, machine.posts) == (9, 1), kirin.err
    assert task in kirin.err
    assert task in (machine.folder / "state" / "recovery.jsonl").read_text()
    judge(machine, kirin)
    again, second = run_process(machine, *RUN)
    assert (again, machine.posts) == (0, 1), second.err
    judge(machine, kirin, second)


def test_L3_a_newer_ledger_is_9_and_says_what_to_do(machine: Bench) -> None:
    state = machine.folder / "state"
    state.mkdir()
    Path(state / "ledger.sqlite3").write_bytes(b"SQLite format 3\x00" + bytes(4000))
    code, kirin = run_process(machine, *RUN)
    assert (code, machine.posts) == (9, 0)
    assert "KIRIN_STATE_DIR" in kirin.err
