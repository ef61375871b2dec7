"""Jobs that need one another's results: their order, their identity, their part, and what stands for a URL."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.job_lines import follower

from kirin_cli.errors import UsageError
from kirin_cli.jobs.placeholders import JobReference
from kirin_cli.ledger.states import LedgerState
from kirin_cli.modelspec.types import MediaFile
from kirin_cli.run.identity import Shard
from kirin_cli.run.prepare import PendingJob, chain_of, fill_references, in_dependency_order

CHAIN = (
    "jobs:",
    follower("last", "middle"),
    follower("middle", "first"),
    "  - {name: first, params: {prompt: rain}}",
    "  - {name: alone, params: {prompt: snow}}",
)


def names(jobs):
    return [job.name for job in jobs]


def by_name(prepared):
    return {job.name: job for job in prepared.jobs}


def test_needed_jobs_come_first_and_the_order_of_the_file_is_kept_for_people(desk):
    desk.write(*CHAIN)
    drafts = in_dependency_order(desk.checked())
    order = names(draft.checked.job for draft in drafts)
    assert order.index("first") < order.index("middle") < order.index("last")
    assert names(desk.prepared().jobs) == ["last", "middle", "first", "alone"]


def test_without_needs_the_order_stays(desk):
    desk.jobs("c", "a", "b")
    assert names(draft.checked.job for draft in in_dependency_order(desk.checked())) == ["c", "a", "b"]


def test_a_job_knows_the_ids_of_those_it_needs(desk):
    desk.write(*CHAIN)
    jobs = by_name(desk.prepared())
    assert jobs["last"].needs == {"middle": jobs["middle"].external_id}
    assert jobs["first"].needs == {}


def test_the_identity_holds_the_identity_of_what_is_needed_and_no_url(desk):
    desk.write(*CHAIN)
    before = by_name(desk.prepared())
    assert "http" not in before["last"].request
    assert "jobs.middle" not in before["last"].request
    assert before["middle"].request in desk.prepared(scope="").jobs[1].request
    desk.write(*CHAIN[:3], CHAIN[3].replace("rain", "hail"), CHAIN[4])
    after = by_name(desk.prepared())
    changed = {name for name in before if before[name].external_id != after[name].external_id}
    assert changed == {"first", "middle", "last"}


def test_a_retried_need_keeps_the_identity_of_its_follower(desk):
    desk.write(*CHAIN)
    before = by_name(desk.prepared())
    desk.stands(before["first"], LedgerState.FAILED)
    after = by_name(desk.prepared(redo="retry-failed"))
    assert (after["first"].take, after["first"].attempt) == (1, 2)
    assert after["middle"].external_id == before["middle"].external_id
    assert after["middle"].needs == {"first": after["first"].external_id}


def test_only_a_follower_brings_what_it_needs_with_it(desk):
    desk.write(*CHAIN)
    assert names(one.job for one in desk.checked(only=["last"])) == ["last", "middle", "first"]


def test_a_need_that_is_not_in_the_run_is_refused_in_words(desk):
    desk.write(*CHAIN)
    alone = [one for one in desk.checked() if one.job.name == "middle"]
    with pytest.raises(UsageError, match=r"jobs\.yaml:5: job middle needs job first, which is not selected") as refused:
        in_dependency_order(alone)
    assert "select that job too" in refused.value.hint


@pytest.mark.parametrize("total", [2, 3, 7])
def test_linked_jobs_stay_in_one_part_and_every_job_is_in_one(desk, total):
    desk.write(*CHAIN, *(f"  - {{name: more{n}, params: {{prompt: more {n}}}}}" for n in range(20)))
    parts = [set(names(desk.prepared(shard=Shard(index, total)).jobs)) for index in range(1, total + 1)]
    assert set.union(*parts) == set(by_name(desk.prepared()))
    assert all(one.isdisjoint(other) for one, other in combinations(parts, 2))
    assert sum({"first", "middle", "last"} <= part for part in parts) == 1


def test_parts_do_not_change_with_takes_services_and_output_folders(desk):
    desk.write(*CHAIN)
    part = names(desk.prepared(shard=Shard(1, 2)).jobs)
    first = by_name(desk.prepared())["first"]
    desk.stands(first, LedgerState.FAILED)
    for choices in (
        {"redo": "again"},
        {"redo": "retry-failed"},
        {"origin": "https://b"},
        {"folder": desk.folder / "x"},
    ):
        assert names(desk.prepared(shard=Shard(1, 2), **choices).jobs) == part


def draft(place: int, identity: str, *needs: PendingJob) -> PendingJob:
    made = PendingJob(None, place)  # type: ignore[arg-type]
    made.needs, made.identity = {str(need.position): need for need in needs}, identity
    return made


def test_jobs_of_one_identity_are_one_chain_with_all_that_need_either():
    # Two files may hold one job under two external ids of the person's own.
    one, twin = draft(0, "x"), draft(1, "x")
    follower, other = draft(2, "a", twin), draft(3, "b", one)
    assert set(chain_of([one, twin, follower, other]).values()) == {"a"}


@given(st.data())
def test_whatever_is_linked_shares_a_name_and_nothing_else_does(data):
    drafts: list[PendingJob] = []
    group: dict[int, set[int]] = {}
    for place in range(data.draw(st.integers(1, 12))):
        needs = data.draw(st.lists(st.sampled_from(drafts), unique_by=id, max_size=3)) if drafts else []
        drafts.append(draft(place, data.draw(st.sampled_from("abcdefgh")) + str(place), *needs))
        whole = {place}.union(*(group[need.position] for need in needs))
        for member in whole:
            group[member] = whole
    named = chain_of(drafts)
    for one, other in combinations(range(len(drafts)), 2):
        assert (named[one] == named[other]) == (other in group[one])


def test_references_are_filled_in_wherever_they_stand():
    reference = JobReference("rain", "url")
    tree = {
        "video": MediaFile(reference, "url"),
        "list": [{"url": reference}, "text", 5],
        "image": MediaFile("https://b/x.png", "url"),
    }
    assert fill_references(tree, {"rain": "https://cdn/x.mp4"}) == {
        "video": MediaFile("https://cdn/x.mp4", "url"),
        "list": [{"url": "https://cdn/x.mp4"}, "text", 5],
        "image": MediaFile("https://b/x.png", "url"),
    }


@pytest.mark.parametrize("needed", ["last", "first"])
def test_circles_are_errors_with_their_place(desk, needed):
    desk.write("jobs:", follower("last", "first"), follower("first", needed))
    with pytest.raises(AssertionError, match=r"in a circle: .*line=5, column=\d"):
        desk.checked()
