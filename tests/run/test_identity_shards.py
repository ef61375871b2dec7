"""`--shard`: every job in exactly one part, and the numbers that each CI system gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirin_cli.errors import UsageError
from kirin_cli.run.identity import Shard, parse_shard


@given(st.text(), st.integers(1, 40))
def test_every_job_belongs_to_exactly_one_part(identity, total):
    assert sum(Shard(index, total).takes(identity) for index in range(1, total + 1)) == 1


def test_the_parts_are_about_equal():
    names = [f"job {number}" for number in range(4000)]
    sizes = [sum(map(Shard(index, 4).takes, names)) for index in range(1, 5)]
    assert min(sizes) > 900, sizes


def test_a_job_never_changes_its_part():
    # Written down once: machines with different versions of kirin must agree.
    assert [name for name in map(str, range(12)) if Shard(2, 3).takes(name)] == ["1", "2", "3", "4", "11"]


@pytest.mark.parametrize(("text", "part"), [("1/1", (1, 1)), (" 2/5 ", (2, 5)), ("100000/100000", (100_000, 100_000))])
def test_both_numbers_can_be_given(text, part):
    shard = parse_shard(text, {})
    assert (shard.index, shard.total) == part
    assert str(shard) == text.strip()


SYSTEMS = {
    "GitLab": {"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "4"},
    "CircleCI": {"CIRCLE_NODE_INDEX": "1", "CIRCLE_NODE_TOTAL": "4"},
    "Buildkite": {"BUILDKITE_PARALLEL_JOB": "1", "BUILDKITE_PARALLEL_JOB_COUNT": "4"},
    "AWS Batch": {"AWS_BATCH_JOB_ARRAY_INDEX": "1", "AWS_BATCH_JOB_ARRAY_SIZE": "4"},
    "Cloud Run": {"CLOUD_RUN_TASK_INDEX": "1", "CLOUD_RUN_TASK_COUNT": "4"},
    "Slurm": {"SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "1"},
    "Slurm from 0": {"SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "0"},
    "Slurm in steps": {
        "SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "4",
        "SLURM_ARRAY_TASK_STEP": "3",
    },
    "Slurm of old": {"SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "4"},
}  # fmt: skip


@pytest.mark.parametrize("system", SYSTEMS)
def test_auto_takes_both_numbers_from_the_ci_system(system):
    assert parse_shard("auto", SYSTEMS[system]) == Shard(2, 4)
    assert parse_shard("AUTO", {"PATH": "/bin", **SYSTEMS[system]}) == Shard(2, 4)


def test_auto_with_a_total_takes_only_the_index():
    assert parse_shard("auto/4", {"JOB_COMPLETION_INDEX": "0"}) == Shard(1, 4)
    assert parse_shard("auto/8", {"CLOUD_RUN_TASK_INDEX": "7"}) == Shard(8, 8)


NONSENSE = ["0/4", "5/4", "-1/4", "1/0", "1", "1/", "/4", "a/b", "1.5/2", "1/4/5", "1/1000000", "²/4"]


@pytest.mark.parametrize("text", ["", "1 / 4", "auto/", "auto/x", "automatic", *NONSENSE])
def test_nonsense_is_refused_in_words(text):
    with pytest.raises(UsageError, match="--shard"):
        parse_shard(text, {"JOB_COMPLETION_INDEX": "0"})


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"JOB_COMPLETION_INDEX": "0"},
        {"CI_NODE_INDEX": "1"},
        {"CI_NODE_INDEX": "", "CI_NODE_TOTAL": "4"},
        {"CI_NODE_INDEX": "²", "CI_NODE_TOTAL": "4"},
        {"CI_NODE_INDEX": "1" * 5000, "CI_NODE_TOTAL": "4"},
        {"CI_NODE_INDEX": "one", "CI_NODE_TOTAL": "four"},
    ],
)
def test_auto_is_refused_where_nobody_gives_both_numbers(environ):
    with pytest.raises(UsageError, match="no CI system") as refused:
        parse_shard("auto", environ)
    assert "GitLab" in refused.value.hint


@pytest.mark.parametrize(
    "environ",
    [
        {"CI_NODE_INDEX": "0", "CI_NODE_TOTAL": "4"},
        {"CI_NODE_INDEX": "5", "CI_NODE_TOTAL": "4"},
        {"CIRCLE_NODE_INDEX": "4", "CIRCLE_NODE_TOTAL": "4"},
        {
            "SLURM_ARRAY_TASK_ID": "2",
            "SLURM_ARRAY_TASK_COUNT": "4",
            "SLURM_ARRAY_TASK_MIN": "1",
            "SLURM_ARRAY_TASK_STEP": "2",
        },
        {"SLURM_ARRAY_TASK_ID": "9", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_MIN": "1"},
    ],
)
def test_numbers_that_are_no_part_are_refused_with_the_system_that_gave_them(environ):
    with pytest.raises(UsageError, match=r"auto \(.*is no shard"):
        parse_shard("auto", environ)
