"""Two jobs for one file: `validate` refuses what `run` would refuse."""

import pytest
from support.model_requests import FIELDS

from kirin_cli.jobs.parser import read_job_file
from kirin_cli.run.check import check_files

JOBS = "defaults: {model: kirin_v1_t2v, params: {prompt: a}}\n"


@pytest.fixture
def find(tmp_path):
    """(line, message without the folder) of every finding of these files."""

    def found(*texts):
        files = []
        for number, text in enumerate(texts):
            (tmp_path / f"{number}.yaml").write_text(JOBS + text)
            files.append(read_job_file(tmp_path / f"{number}.yaml", FIELDS))
        return [
            (one.line, one.message.replace(f"{tmp_path}/", "")) for one in check_files(files).all_findings()
        ]  # fmt: skip

    return found


SHARED = "renders/{} is where the video of job {} goes too; {}"
ANOTHER = "give one of them another name"


def test_D14_names_that_some_file_system_takes_for_one_are_refused(find):
    assert find(
        "jobs: [{name: harbour},\n {name: Harbour},\n {name: cafe\u0301},\n {name: caf\u00e9}, {name: other}]\n"
    ) == [
        (3, SHARED.format("Harbour.mp4", "harbour", ANOTHER)),
        (5, SHARED.format("caf\u00e9.mp4", "cafe\u0301", ANOTHER)),
    ]
    assert find("jobs: [{name: 'a/b'},\n {name: a_b},\n {name: 'a:b'}, {name: ab}]\n") == [
        (3, SHARED.format("a_b.mp4", "a/b", ANOTHER)),
        (4, SHARED.format("a_b.mp4", "a/b", ANOTHER)),
    ]


def test_D14_a_template_that_tells_no_jobs_or_takes_apart_is_refused(find):
    text = "output:\n  name: '{}'\njobs: [{{name: a}}, {{name: b}}, {{name: c, output: {{dir: c}}}}]\n"
    assert find(text.format("x.{ext}")) == [(3, SHARED.format("x.mp4", "a", "give output.name a {job}"))]
    assert find("output:\n  name: '{job}.{ext}'\njobs: [{name: a, take: 2}]\n") == [
        (3, SHARED.format("a.mp4", "a", "give output.name a {-take}"))
    ]
    assert find("output:\n  name: '{task_id}.{ext}'\njobs: [{name: a}, {name: b}]\n") == []


def test_D14_jobs_of_two_files_may_not_share_a_file(find):
    assert find("jobs: [{name: a}]\n", "\njobs: [{name: A}]\n") == [(3, SHARED.format("A.mp4", "a", ANOTHER))]
    assert find("jobs: [{name: a}]\n", "output: {dir: other}\njobs: [{name: a}]\n") == []


def test_jobs_with_files_of_their_own_are_left_alone(find):
    assert find("jobs: [{name: a, take: 3}, {name: b, matrix: {mode: [std, pro]}}, {name: a-b}, {name: 'a b'}]\n") == []
