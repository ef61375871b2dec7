"""What `kirin plan` says of each job, from sidecars and the ledger alone; and taking jobs up from the ledger again."""

import base64
import json
from decimal import Decimal

import pytest
from support.job_lines import follower
from support.pictures import png

from kirin_cli.ledger.queries import durations, prices
from kirin_cli.ledger.states import LedgerState
from kirin_cli.run.plan import ACTION_BY_STATE, OTHER_KEY, likely_cost, plan_jobs
from kirin_cli.run.prices import PastCost, PriceList, ledger_class
from kirin_cli.run.resume import jobs_from_entries, restore_job, unfinished_entries, unsent_entries


def plans(desk, **choices):
    def usual(model, mode, duration):
        return durations(desk.ledger.store, model, mode=mode, duration=duration)

    def history(price_class):
        model, mode, duration = ledger_class(price_class)
        rows = prices(desk.ledger.store, "https://cloud.example", model, account="me", mode=mode, duration=duration)
        return [PastCost(*row) for row in rows]

    return plan_jobs(desk.prepared(**choices), desk.find_entries, PriceList(history=history), usual)


EXPECTED = {
    LedgerState.INTENT: "send",
    LedgerState.SENDING: "ask",
    LedgerState.UNKNOWN: "ask",
    LedgerState.ABSENT: "ask",
    LedgerState.ACCEPTED: "go on",
    LedgerState.RUNNING: "go on",
    LedgerState.SUCCEEDED: "fetch",
    LedgerState.FETCHING: "fetch",
    LedgerState.DONE: "fetch",
    LedgerState.REJECTED: "leave",
    LedgerState.FAILED: "leave",
    LedgerState.REFUSED: "ask",
    LedgerState.CONFLICT: "leave",
    LedgerState.LOST: "ask",
    LedgerState.ABANDONED: "leave",
    LedgerState.EXPIRED: "fetch",
}


@pytest.mark.parametrize("state", LedgerState)
def test_every_state_has_a_fate_and_a_reason(desk, state):
    desk.jobs("rain", "snow")
    rain, _ = desk.prepared().jobs
    desk.stands(rain, state)
    first, second = plans(desk)
    assert (first.action, first.reason) == (EXPECTED[state], ACTION_BY_STATE[state][1])
    assert (second.action, second.reason) == ("send", "it is new")


@pytest.mark.parametrize("stands", [None, LedgerState.INTENT])
def test_P7_what_another_key_has_sent_is_asked_about_and_not_sent(desk, stands):
    desk.jobs("rain")
    (rain,) = desk.prepared().jobs
    if stands:
        desk.stands(rain, stands)
    prepared, prices = desk.prepared(), PriceList(history=lambda _: [])
    (plan,) = plan_jobs(prepared, desk.find_entries, prices, lambda *_: [], lambda: {rain.external_id})
    assert (plan.action, plan.reason) == ("ask", OTHER_KEY)
    (again,) = plan_jobs(
        desk.prepared(redo="again"), desk.find_entries, prices, lambda *_: [], lambda: {rain.external_id}
    )
    assert again.action == "send"


def test_a_job_whose_file_is_there_is_skipped(desk):
    desk.jobs("rain")
    (rain,) = desk.prepared().jobs
    desk.stands(rain, LedgerState.DONE)
    path = desk.result(rain, desk.folder / "renders/rain.mp4")
    (plan,) = plans(desk)
    assert (plan.action, plan.reason, plan.path) == ("skip", "its file is there", path)


def test_earlier_prices_and_times_are_asked_for_once_a_class(desk):
    desk.jobs("rain", "snow", "hail")
    asked = []
    prepared, prices = desk.prepared(), PriceList(history=lambda price_class: asked.append(price_class) or [])
    plan_jobs(prepared, desk.find_entries, prices, lambda *task_class: asked.append(task_class) or [])
    assert len(asked) == 2


def test_retried_and_repeated_jobs_are_sent_as_new_attempts(desk):
    desk.jobs("rain", "snow")
    rain, snow = desk.prepared().jobs
    desk.stands(rain, LedgerState.FAILED)
    desk.stands(snow, LedgerState.DONE)
    assert [(plan.action, plan.job.attempt) for plan in plans(desk, redo="retry-failed")] == [("send", 2), ("fetch", 1)]
    assert [(plan.action, plan.job.attempt) for plan in plans(desk, redo="again")] == [("send", 2), ("send", 2)]


def test_names_with_a_day_or_a_task_are_those_that_the_run_will_use(desk):
    desk.write("output: {name: '{date}-{job}-{task_id}.{ext}'}", "jobs:", "  - {name: a, params: {prompt: a}}")
    desk.now = 1_750_000_000.0  # 2025-06-15
    assert plans(desk)[0].path.name == "2025-06-15-a-{task_id}.mp4"
    entry = desk.stands(desk.prepared().jobs[0], LedgerState.RUNNING)
    desk.now += 86_400
    assert plans(desk)[0].path.name == f"2025-06-15-a-{entry.task_id}.mp4"


def test_cost_and_time_are_those_of_earlier_tasks_of_the_same_kind(desk):
    desk.jobs("old", "dear", "new")
    old, dear, _ = desk.prepared().jobs
    assert likely_cost(plans(desk)) is None
    desk.stands(old, LedgerState.DONE, cost="0.20")
    desk.stands(dear, LedgerState.DONE, cost="0.28")
    *_, new = plans(desk)
    assert (new.price.usd, new.price.source, new.seconds) == (Decimal("0.28"), "history", 10)
    assert new.price_detail == "the dearest of 2 earlier tasks"
    assert likely_cost(plans(desk)) == Decimal("0.28")


def test_one_job_without_a_known_price_leaves_the_cost_open(desk):
    desk.write("jobs:", "  - {name: a, params: {prompt: a}}", "  - {name: b, params: {prompt: b, mode: pro}}")
    a, _ = desk.prepared().jobs
    desk.stands(a, LedgerState.DONE, cost="0.28")
    assert likely_cost(plans(desk, redo="again")) is None


def test_what_is_not_sent_costs_nothing(desk):
    desk.jobs("rain")
    desk.stands(desk.prepared().jobs[0], LedgerState.UNKNOWN)
    assert likely_cost(plans(desk)) == 0


def taken(desk, name="rain"):
    (job,) = [
        job
        for job in jobs_from_entries(unsent_entries(desk.ledger, origin="https://cloud.example", account="me")).jobs
        if job.name == name
    ]
    return job


def with_picture(desk, given="cup.png", size=(300, 300)):
    (desk.folder / "cup.png").write_bytes(png(*size))
    desk.write("jobs:", f"  - {{name: rain, model: kirin_v1_5_i2v, params: {{prompt: p, image: {given}}}}}")
    (job,) = desk.prepared().jobs
    return job


def test_a_job_is_taken_up_as_it_was_left(desk):
    job = with_picture(desk)
    desk.stands(job, LedgerState.INTENT)
    again = taken(desk)
    assert (again.external_id, again.request, again.line, again.file) == (job.external_id, job.request, 4, job.file)
    assert again.target == job.target
    assert again.values["image"].path == job.values["image"].path
    assert not again.unsendable


def test_a_picture_that_has_changed_since_is_not_sent(desk):
    desk.stands(with_picture(desk), LedgerState.INTENT)
    (desk.folder / "cup.png").write_bytes(png(300, 301))
    assert "cup.png is no longer what it was" in taken(desk).unsendable


def test_a_picture_that_is_gone_is_not_sent(desk):
    desk.stands(with_picture(desk), LedgerState.INTENT)
    (desk.folder / "cup.png").unlink()
    assert "is no longer what it was" in taken(desk).unsendable


def test_a_picture_given_as_base64_is_not_kept(desk):
    text = base64.b64encode(png(300, 300)).decode()
    desk.stands(with_picture(desk, given=text), LedgerState.INTENT)
    assert taken(desk).unsendable == "its pictures were given as Base64 and are not kept"


def test_a_picture_given_as_a_url_needs_no_file(desk):
    desk.stands(with_picture(desk, given="'https://a.example/cup.png'"), LedgerState.INTENT)
    again = taken(desk)
    assert not again.unsendable
    assert again.values["image"] == "https://a.example/cup.png"


def test_a_follower_is_sent_by_its_job_file_only(desk):
    desk.write("jobs:", "  - {name: first, params: {prompt: a}}", follower("rain", "first"))
    first, rain = desk.prepared().jobs
    desk.stands(first, LedgerState.INTENT)
    desk.stands(rain, LedgerState.INTENT)
    assert taken(desk).unsendable == "it needs what another job makes"
    assert not taken(desk, "first").unsendable


def test_a_prompt_that_speaks_of_jobs_is_no_reference(desk):
    desk.write("jobs:", """  - {name: rain, params: {prompt: 'say {"job":"x"} aloud'}}""")
    desk.stands(desk.prepared().jobs[0], LedgerState.INTENT)
    assert not taken(desk).unsendable


def test_an_entry_of_a_model_that_is_not_known_here_is_fetched_and_never_sent(desk):
    desk.jobs("rain")
    entry = desk.stands(desk.prepared().jobs[0], LedgerState.INTENT)
    (unknown,) = jobs_from_entries([entry.replace(model="kirin_v9")]).jobs
    assert unknown.model.id == "kirin_v9"
    assert "kirin_v9, is not known" in unknown.unsendable
    bare = restore_job(entry.replace(request=json.dumps({"model": entry.model, "params": {}}), plan=""))
    assert bare.unsendable


def test_only_what_is_not_at_its_end_is_taken_up_oldest_first(desk):
    desk.jobs("a", "b", "c", "d")
    a, b, c, d = desk.prepared().jobs
    for job, state in (
        (a, LedgerState.RUNNING),
        (b, LedgerState.DONE),
        (c, LedgerState.UNKNOWN),
        (d, LedgerState.FAILED),
    ):
        desk.stands(job, state)
    found = unfinished_entries(desk.ledger, origin="https://cloud.example", account="me")
    assert [entry.job for entry in found] == ["a", "c"]
