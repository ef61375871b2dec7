"""What programs read: JSON lines and templates, before anything is sent checked for names that there are not."""

import json

import pytest
from support.command_line import Home

from kirin_cli.cli.entries import ENTRY_FIELDS
from kirin_cli.cli.flags import PrintingFlags
from kirin_cli.cli.output_format import output_format
from kirin_cli.errors import UsageError
from kirin_cli.report.json_format import JOB_LINE_FIELDS as JOB_FIELDS
from kirin_cli.sandbox.server import Sandbox

JOBS = """\
version: 1
output: {dir: renders}
jobs:
  - {name: boat, model: kirin_v1_t2v, params: {prompt: "A boat, 港"}}
  - {name: cat, model: kirin_v1_t2v, params: {prompt: "A cat", mode: pro}}
"""
ROW = {
    "run_id": "r1", "name": "a\x1b[2Jb", "cost_usd": None, "take": 1, "line": 4, "error": None,
    "params": {"loud": True, "deep": {"x": ["y"]}},
    "outputs": [{"path": "ren\u200dders/a.mp4", "sha256": "ab", "bytes": 5}, {"path": "b.png"}],
}  # fmt: skip


def text(template, row=ROW, fields=JOB_FIELDS):
    (line,) = output_format(fields, PrintingFlags(template=template)).lines([row])
    return line


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        (r"{run_id}\t{take}\n", "r1\t1\n"),
        (r"{{{line}}} \\t C:\new", "{4} \\t C:" + "\new"),
        ("{outputs.0.sha256} {outputs.1.path} [{outputs.2.path}]", "ab b.png []"),
        ("{path} {bytes}", "ren\u200dders/a.mp4 5"),
        ("[{cost_usd}] [{error.code}] [{prompt}]", "[] [] []"),
        ("{params.loud} {params.deep} {params.deep.x.0} [{params.no.such}]", 'true {"x": ["y"]} y []'),
        ("{name}", r"a\x1b[2Jb"),
        ("nothing", "nothing"),
    ],
)
def test_a_template_shows_the_fields_that_it_names(template, shown):
    assert text(template) == shown


def test_a_line_of_json_is_harmless():
    (line,) = output_format(JOB_FIELDS, PrintingFlags(jsonl=True)).lines([{"name": "a\x7f\x1b\u202e\nb"}])
    assert line.isprintable()
    assert json.loads(line) == {"name": "a\x7f\x1b\u202e\nb"}


def test_a_name_that_rows_have_themselves_is_theirs():
    assert text("{path}", {"path": "own"}, {"path": None, "outputs": [{"path": None}]}) == "own"


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{cost}", 'did you mean "cost_usd"'),
        ("{pth}", 'did you mean "path"'),
        ("{outputs.0.sha}", 'did you mean "sha256"'),
        ("{outputs.first.path}", "0 means the first"),
        ("{outputs.²}", "0 means the first"),
        ("{name.length}", "no field 'name.length'"),
        ("{}", "no field ''"),
        ("{name", "--format is '{name'"),
        ("{name!r}", "only the name of a field"),
        ("{take:>9}", "only the name of a field"),
    ],
)
def test_a_name_that_no_row_has_is_refused_with_the_nearest(template, words):
    with pytest.raises(UsageError) as refused:
        output_format(JOB_FIELDS, PrintingFlags(template=template))
    assert words in refused.value.message


def test_two_ways_to_print_are_one_too_many():
    with pytest.raises(UsageError, match="--json and --jsonl"):
        output_format(JOB_FIELDS, PrintingFlags(json=True, jsonl=True))
    with pytest.raises(UsageError, match="--jsonl and --format"):
        output_format(JOB_FIELDS, PrintingFlags(jsonl=True, template="{name}"))
    with pytest.raises(UsageError, match="--json and --csv"):
        output_format({}, PrintingFlags(json=True), csv=True)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A home where both jobs have run on a sandbox that is still there, with its lines."""
    home = Home(tmp_path_factory.mktemp("shaping"))
    (home.work / "jobs.yaml").write_text(JOBS, encoding="utf-8")
    with Sandbox(speed=5000) as served:
        service = {"KIRIN_BASE_URL": served.base_url, "KIRIN_API_KEY": served.key, "KIRIN_POLL_SECONDS": "0.02"}
        ended = home.kirin("run", "jobs.yaml", "--jsonl", env=service)
        assert ended.exit_code == 0, ended.stderr
        yield home, service, ended.stdout


def names(tree):
    """The names that a tree of fields has, one level down too; what may be anything is left out."""
    below = {name: value[0] if isinstance(value, list) else value for name, value in tree.items()}
    return {name: set(value) if isinstance(value, dict) else None for name, value in below.items()}


def test_a_line_for_each_job_has_the_fields_that_are_known_and_no_others(ran):
    jobs = [json.loads(line) for line in ran[2].splitlines()]
    assert ran[2].isascii()
    assert [one["name"] for one in jobs] == ["boat", "cat"]
    known = names(JOB_FIELDS)
    assert {name: known[name] for name in jobs[0]} == known
    assert set(jobs[0]["outputs"][0]) == known["outputs"]
    assert set(jobs[0]["times"]) <= known["times"]
    assert len({one["run_id"] for one in jobs}) == 1


def test_what_is_skipped_and_what_is_fetched_again_is_printed_in_order(ran):
    home, service, lines = ran
    again = home.kirin("run", "jobs.yaml", "--format", r"{state}\t{name}\t{path}", env=service)
    assert again.stdout == "skipped\tboat\trenders/boat.mp4\nskipped\tcat\trenders/cat.mp4\n"
    tasks = [json.loads(line)["task_id"] for line in lines.splitlines()][::-1]
    fetched = home.kirin("download", *tasks, "--format", "{task_id}", env=service)
    assert fetched.stdout.split() == tasks
    assert home.kirin("resume", "--jsonl", env=service).stdout == ""


def test_what_is_no_terminal_is_shown_no_picture(ran):
    home, _, lines = ran
    task = json.loads(lines.splitlines()[0])["task_id"]
    plain, asked = home.kirin("show", task), home.kirin("show", task, "--preview")
    assert (asked.exit_code, asked.stdout, asked.stderr) == (0, plain.stdout, "")


def test_the_list_has_a_line_for_each_task(ran):
    home, *_ = ran
    rows = [json.loads(line) for line in home.kirin("list", "--all-services", "--jsonl").stdout.splitlines()]
    assert [one["job"] for one in rows] == ["cat", "boat"]
    assert set(rows[0]) == set(ENTRY_FIELDS)
    assert set(rows[0]["outputs"][0]) == names(ENTRY_FIELDS)["outputs"]
    shown = home.kirin("list", "--all-services", "--format", "{job} {request.params.mode} {path}").stdout.splitlines()
    assert shown[0].startswith("cat pro ")
    assert shown[0].endswith("cat.mp4")


def test_usage_has_a_line_for_each_group(ran):
    home, *_ = ran
    row = {"service": ran[1]["KIRIN_BASE_URL"], "model": "kirin_v1_t2v", "videos": 2, "cost_usd": "0.77", "maybe": 0}
    (line,) = home.kirin("usage", "--all-services", "--jsonl").stdout.splitlines()
    assert {**json.loads(line), "cost_usd": ""} == {**row, "cost_usd": ""}
    assert home.kirin("usage", "--all-services", "--by", "file", "--format", "{videos}").stdout == "2\n"
    assert 'did you mean "videos"' in home.kirin("usage", "--format", "{video}").stderr


@pytest.mark.parametrize(
    "flags",
    [("--format", "{nam}"), ("--json", "--jsonl"), ("--jsonl", "--report", "json=-"), ("--jsonl", "--dry-run")],
)
def test_what_cannot_be_printed_is_refused_before_anything_is_sent(home, flags):
    ended = home.kirin("v1-t2v", "a boat", "--sandbox", *flags)
    assert (ended.exit_code, bool(ended.stdout)) == (2, "--json" in flags)
    assert "--" in ended.stderr
    assert not list(home.work.iterdir())
