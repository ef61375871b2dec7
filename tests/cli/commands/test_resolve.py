"""`kirin resolve`: a person decides, but only where nobody else can know."""

import json

import pytest

from kirin_cli.api.credentials import fingerprint
from kirin_cli.ledger.entry import Intent
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.states import LedgerEvent, LedgerState


def moved(workspace, *events: LedgerEvent) -> str:
    """A job in the ledger, brought to a state by these events; its external id."""
    (job,) = workspace.kirin("plan", str(workspace.jobs("rain")), "--json").data["jobs"]
    request = json.dumps(job["request"], sort_keys=True, separators=(",", ":"))
    plan = json.dumps({"target": {"folder": str(workspace.renders), "template": "{job}.{ext}"}})
    account = fingerprint(workspace.environ["KIRIN_API_KEY"])
    with Ledger.open(workspace.home.state, lambda: 1.75e9) as ledger:
        entry = ledger.intend(
            Intent(
                origin=workspace.sandbox.base_url, account=account, external_id=job["external_task_id"],
                model=job["model"], request=request, plan=plan, job="rain",
            )
        )  # fmt: skip
        for event in events:
            facts = {"task_id": "task-1"} if event is LedgerEvent.ACCEPTED else {}
            entry = ledger.move(entry, event, **facts)
        return entry.external_id


UNKNOWN = (LedgerEvent.SEND, LedgerEvent.AMBIGUOUS)
ABSENT = (*UNKNOWN, *[LedgerEvent.NOT_FOUND] * 5, LedgerEvent.SETTLED)
CONFLICT = (
    LedgerEvent.SEND,
    LedgerEvent.DUPLICATE,
    *[LedgerEvent.NOT_FOUND] * 5,
    LedgerEvent.SETTLED,
    LedgerEvent.CONTRADICTED,
)
LOST = (LedgerEvent.SEND, LedgerEvent.ACCEPTED, LedgerEvent.VANISHED)


@pytest.mark.parametrize("events", [UNKNOWN, ABSENT, CONFLICT, LOST], ids=["unknown", "absent", "conflict", "lost"])
def test_each_decision_is_taken_where_the_outcome_is_not_known(workspace, events):
    name = moved(workspace, *events)
    assert workspace.kirin("resolve", name, "--abandon", KIRIN_API_KEY="").stdout == f"{name} abandoned\n"
    task_id = workspace.create_elsewhere(external_task_id=name)
    decided = workspace.kirin("resolve", name[:12], "--adopt", task_id)
    assert decided.stdout == f"{name} accepted\n"
    assert "kirin resume goes on with it" in decided.stderr
    assert workspace.entries()["rain"].task_id == task_id


def test_what_goes_on_with_a_conflict_names_the_choices(workspace):
    name = moved(workspace, *CONFLICT)
    told = workspace.kirin("wait", name, expect=6).stderr
    assert f"to go on: kirin resolve {name} with --adopt TASK, --resend or --abandon\n" in told


def test_resend_sends_the_same_id_again_at_once(workspace):
    name = moved(workspace, *CONFLICT)
    sent = workspace.kirin("resolve", name, "--resend")
    assert sent.stdout == f"{name} intent\n{workspace.entries()['rain'].task_id}\n"
    assert "sent twice" not in sent.stderr  # it was called a duplicate: the service refuses repeats
    assert workspace.paid == 1
    assert workspace.kirin("resume", "--json").data["jobs"][0]["external_task_id"] == name
    assert workspace.paid == 1


def test_resend_of_what_has_come_to_light_meanwhile_takes_it_up(workspace):
    name = moved(workspace, *ABSENT)
    workspace.create_elsewhere(external_task_id=name)
    workspace.kirin("resolve", name, "--resend")
    assert workspace.entries()["rain"].state is LedgerState.ACCEPTED
    assert workspace.paid == 1


ADOPTIONS = {
    "a typo": ({}, "typo", "the service has no task typo; nothing was changed"),
    "another model": ({"model": "kirin_video_o1"}, None, "is of kirin_video_o1, and"),
    "another external id": ({"external_task_id": "order-9"}, None, "was made under the external_task_id order-9"),
}


@pytest.mark.parametrize("name", ADOPTIONS)
def test_a_task_to_adopt_is_asked_for_and_refused_where_it_is_another(workspace, name):
    params, given, words = ADOPTIONS[name]
    external_id = moved(workspace, *UNKNOWN)
    task_id = given or workspace.create_elsewhere(**params)
    before = workspace.entries()["rain"]
    refused = workspace.kirin("resolve", external_id, "--adopt", task_id, expect=2)
    assert words in refused.stderr
    assert "nothing was changed" in refused.stderr
    assert workspace.entries()["rain"] == before


def test_without_an_answer_nothing_is_adopted(workspace):
    workspace.serve(faults=["query:503"])
    name = moved(workspace, *UNKNOWN)
    before = workspace.entries()["rain"]
    refused = workspace.kirin("resolve", name, "--adopt", "t1", expect=3)
    assert "gives no answer about task t1; nothing was changed" in refused.stderr
    assert workspace.entries()["rain"] == before


def test_an_adopted_task_is_fetched(workspace):
    name = moved(workspace, *UNKNOWN)
    task_id = workspace.create_elsewhere(prompt="a rain")
    workspace.kirin("resolve", name, "--adopt", task_id)
    assert workspace.kirin("resume", "--json").states == {"rain": "done"}
    assert workspace.paid == 1


@pytest.mark.parametrize("how", [("--resend",), ("--adopt", "task-7"), ("--abandon",)])
def test_it_is_refused_where_there_is_nothing_to_decide(workspace, how):
    workspace.jobs("rain")
    workspace.kirin("run", "jobs.yaml")
    entry = workspace.entries()["rain"]
    refused = workspace.kirin("resolve", entry.task_id, *how, expect=2)
    assert (
        f"{entry.external_id} is done: there is nothing to decide\nhint: kirin show {entry.external_id}"
        in refused.stderr
    )
    assert "goes on with it" not in refused.stderr
    assert workspace.entries()["rain"] == entry


@pytest.mark.parametrize(
    "how",
    [
        (),
        ("--resend", "--abandon"),
        ("--adopt", "x", "--resend"),
        ("--adopt", ""),
        ("--adopt", ".."),
        ("--adopt", "a\nb"),
    ],
)
def test_exactly_one_decision_that_makes_sense_is_asked_for(workspace, how):
    refused = workspace.kirin("resolve", "krn1-A", *how, expect=2)
    assert "--adopt" in refused.stderr
    assert refused.stdout == ""


def test_a_task_of_another_job_is_not_adopted_twice(workspace):
    workspace.jobs("snow")
    workspace.kirin("run", "jobs.yaml")
    snow = workspace.entries()["snow"]
    refused = workspace.kirin("resolve", moved(workspace, *UNKNOWN), "--adopt", str(snow.task_id), expect=2)
    assert f"was made under the external_task_id {snow.external_id}" in refused.stderr


def test_nobody_is_nobody(workspace):
    assert "The ledger has no task nobody" in workspace.kirin("resolve", "nobody", "--abandon", expect=2).stderr
