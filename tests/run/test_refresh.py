"""The refresh of the list: the service is asked, its answers are written down, nothing is sent or fetched."""

import signal
import socket
import threading
from _thread import interrupt_main

import pytest
from support.clocks import FakeClock
from support.workspace import open_workspace

from kirin_cli.cli.session import open_session
from kirin_cli.cli.settings import load_settings
from kirin_cli.ledger.leases import Leases
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.states import LedgerState
from kirin_cli.run.limits import RunLimits
from kirin_cli.run.refresh import QUERIES, refresh
from kirin_cli.run.work_queue import SystemClock


@pytest.fixture
def workspace(tmp_path):
    """A workspace whose service finishes its tasks when the test says so."""
    with open_workspace(tmp_path) as workspace:
        workspace.clock = FakeClock()
        workspace.serve(clock=workspace.clock)
        yield workspace


def settle(workspace):
    """Let all tasks come to their end at the service."""
    workspace.clock.now += 86_400


def states(workspace, *flags, **more):
    listed = workspace.kirin("list", "--json", *flags, **more)
    return {task["request"]["params"]["prompt"]: task["detail"] for task in listed.data["tasks"]}


def begin(workspace, *prompts):
    return [workspace.kirin("v1-t2v", prompt, "--no-wait").stdout.strip() for prompt in prompts]


def refresh_all(workspace, session):
    context = session.run_context(SystemClock(), print, RunLimits(in_flight=1, jobs=0), wait=True)
    return refresh(workspace.all_entries(), context, session.leases)


def test_finished_tasks_are_known_as_such_and_nothing_is_fetched(workspace):
    workspace.serve(clock=workspace.clock, faults=["task:fail=002001095@2"])
    begin(workspace, "rain", "snow", "fog")
    assert set(states(workspace).values()) == {"accepted"}
    settle(workspace)
    assert states(workspace, "--refresh") == {"rain": "succeeded", "snow": "failed", "fog": "succeeded"}
    assert states(workspace) == {"rain": "succeeded", "snow": "failed", "fog": "succeeded"}
    assert workspace.kirin("list", "fog", "--json").data["tasks"][0]["cost_usd"] == "0.28"
    assert (workspace.paid, list(workspace.home.work.glob("*.mp4"))) == (3, [])
    assert workspace.kirin("download", "last", "--json").data["jobs"][0]["state"] == "done"


def test_only_what_is_listed_is_asked_for(workspace):
    begin(workspace, "rain", "snow")
    settle(workspace)
    assert states(workspace, "rain", "--refresh") == {"rain": "succeeded"}
    assert states(workspace) == {"rain": "succeeded", "snow": "accepted"}


def test_what_a_living_process_looks_after_is_left_to_it(workspace):
    begin(workspace, "rain")
    settle(workspace)
    with Ledger.open(workspace.home.state, lambda: 0.0) as ledger:
        leases = Leases(ledger.store, lambda: 0.0, lives=lambda *_: True)
        assert leases.acquire(workspace.all_entries()[0]).granted
        assert states(workspace, "--refresh") == {"rain": "accepted"}
        with open_session(load_settings(workspace.home.environ(**workspace.environ)), sandbox=False) as session:
            result = refresh_all(workspace, session)
        assert (result.asked, result.held) == (0, 1)
        leases.close()
    assert states(workspace, "--refresh") == {"rain": "succeeded"}


def test_without_an_answer_the_list_is_printed_and_the_code_is_3(workspace):
    begin(workspace, "rain", "snow")
    workspace.sandbox.stop()
    silent = workspace.kirin("list", "--refresh", expect=3)
    assert "the service gives no answer about 2 tasks of 2: " in silent.stderr
    assert "snow" in silent.stdout


def test_without_a_key_the_code_is_4(workspace):
    begin(workspace, "rain")
    assert "API key" in workspace.kirin("list", "--refresh", KIRIN_API_KEY="", expect=4).stderr
    assert states(workspace) == {"rain": "accepted"}


def test_nothing_to_ask_for_is_no_error(workspace):
    begin(workspace, "rain")
    settle(workspace)
    workspace.kirin("download")
    assert states(workspace, "--refresh") == {"rain": "done"}


def test_G1_an_interrupted_refresh_waits_for_no_answer(workspace):
    """A service that accepts connections and never answers held Ctrl-C up until the query timed out."""
    begin(workspace, "rain")
    connections = []

    def interrupt():
        connections.append(silent.accept())
        interrupt_main()

    with socket.create_server(("127.0.0.1", 0)) as silent:
        base_url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings = load_settings(workspace.home.environ(**{**workspace.environ, "KIRIN_BASE_URL": base_url}))
        threading.Thread(target=interrupt).start()
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background have another
        try:
            with open_session(settings, sandbox=False) as session:
                with pytest.raises(KeyboardInterrupt):
                    refresh_all(workspace, session)
                assert "refresh-0" in {thread.name for thread in threading.enumerate()}  # which still waits
        finally:
            signal.signal(signal.SIGINT, before)
        connections[0][0].close()


def test_no_step_of_a_refresh_sends_or_fetches():
    never = {LedgerState.INTENT, LedgerState.ABSENT, LedgerState.SUCCEEDED, LedgerState.FETCHING, LedgerState.EXPIRED}
    assert not never & set(QUERIES)


def test_watch_goes_on_until_nothing_is_under_way(workspace):
    workspace.serve()
    begin(workspace, "rain", "snow")
    watched = workspace.kirin("list", "--watch", "--format", "{request.params.prompt} {detail}").stdout.splitlines()
    assert {line.split()[0] for line in watched if line.endswith("succeeded")} == {"rain", "snow"}
    assert len(watched) == len(set(watched))
    table = workspace.kirin("list", "--watch")
    assert table.stdout.splitlines()[0].startswith("when")
    assert table.stderr.count("2 tasks are not finished") == 1
    assert "--jsonl" in workspace.kirin("list", "--watch", "--json", expect=2).stderr
