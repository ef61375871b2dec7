"""`--report` and `kirin report` from end to end, as a person or a CI job calls them."""

import json
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.command_line import CommandResult, run_in_process
from support.pictures import png
from support.report_data import job, noted, run, wrote

JOBS = """\
version: 1
output: {dir: renders}
jobs:
  - name: boat
    model: kirin_v1_t2v
    params: {prompt: "A <b>paper</b> boat", duration: 5}
"""
BAD = JOBS.replace("duration: 5", "duration: 7")
PATIENCE = 60


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "jobs.yaml").write_text(JOBS)
    (tmp_path / "bad.yaml").write_text(BAD)
    return tmp_path


def environment(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    passed = {name: value for name, value in os.environ.items() if not name.startswith(("KIRIN", "GITHUB"))}
    return {**passed, "KIRIN_STATE_DIR": str(folder / "state"), **more}


def kirin(folder: Path, *arguments: str, **more: str) -> CommandResult:
    return run_in_process(folder, environment(folder, more), *arguments)


def test_a_run_writes_all_its_reports_and_one_that_fails_loses_nothing(folder):
    (folder / "file").write_text("x")
    formats = ("html=g/gallery.html", "junit=r/j.xml", "markdown=file/x.md", "json=r/run.json", "jsonl=r/run.jsonl")
    wanted = [word for one in formats for word in ("--report", one)]
    ended = kirin(folder, "run", "jobs.yaml", "--sandbox", "--json", *wanted)
    assert ended.exit_code == 9, ended.stderr
    assert "file/x.md cannot be written" in ended.stderr
    data = json.loads(ended.stdout)
    assert (data["exit_code"], [error["code"] for error in data["errors"]]) == (9, ["local"])
    (one,) = data["jobs"]
    (written,) = json.loads((folder / "r" / "run.json").read_text())["jobs"]
    assert (one["outputs"][0]["path"], written["outputs"][0].pop("path")) == ("renders/boat.mp4", "../renders/boat.mp4")
    assert written == {**one, "outputs": [{k: v for k, v in one["outputs"][0].items() if k != "path"}]}
    assert (folder / one["outputs"][0]["path"]).stat().st_size == one["outputs"][0]["bytes"]
    assert (one["line"], one["column"], one["prompt"], one["params"]["duration"]) == (4, 5, "A <b>paper</b> boat", "5")
    assert list(one["times"]) == ["intended", "submitted", "accepted", "generated", "fetched"]
    assert data["started_at"] <= one["times"]["submitted"] <= one["times"]["fetched"] <= data["ended_at"]
    assert ET.parse(folder / "r" / "j.xml").find("testsuite/testcase").get("file") == "jobs.yaml"
    assert 'src="../renders/boat.mp4"' in (folder / "g" / "gallery.html").read_text()
    again = kirin(folder, "report", "renders", "--report", "jsonl=-")
    assert json.loads(again.stdout)["times"].keys() == one["times"].keys()


def test_a_model_command_can_print_a_report_and_serve_a_github_step(folder):
    files = {"GITHUB_STEP_SUMMARY": str(folder / "summary.md"), "GITHUB_OUTPUT": str(folder / "outputs")}
    ended = kirin(
        folder,
        "v1-t2v",
        "a boat",
        "--sandbox",
        "--report",
        "jsonl=-",
        "--report",
        "github=auto",
        "-o",
        "b.mp4",
        **files,
    )
    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout)["file"] is None
    assert (folder / "summary.md").read_text().startswith("## ✅ kirin: 1 job, $0.28")
    assert "\nb.mp4\n" in (folder / "outputs").read_text()


def test_a_job_file_that_is_refused_is_annotated_where_it_is_wrong(folder):
    ended = kirin(folder, "run", "bad.yaml", "--sandbox", "--report", "github=-", "--report", "junit=j.xml")
    assert ended.exit_code == 2
    assert ended.stdout.startswith("::error file=bad.yaml,line=6,col=45,title=kirin%3A boat::duration is")
    assert ET.parse(folder / "j.xml").find("testsuite").get("errors") == "1"
    assert not (folder / "renders").exists()


def test_flags_that_are_refused_are_reported_too(folder):
    ended = kirin(folder, "v1-t2v", "x", "--duration", "7", "--sandbox", "--report", "json=r.json", "-q")
    assert ended.exit_code == 2
    (problem,) = json.loads((folder / "r.json").read_text())["problems"]
    assert problem["rule"] == "T5" or "duration" in problem["message"]


def test_a_run_that_cannot_begin_is_reported(folder):
    ended = kirin(folder, "run", "jobs.yaml", "--report", "junit=j.xml")
    assert ended.exit_code == 4
    assert "no API key" in ET.parse(folder / "j.xml").find(".//error").text


@pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are not there")
def test_an_interrupted_run_is_reported(folder):
    with subprocess.Popen(
        [sys.executable, "-m", "kirin_cli", "run", "jobs.yaml", "--sandbox", "--report", "json=r.json"],
        cwd=folder, env=environment(folder, {}), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        for line in process.stderr:
            if "accepted" in line:
                break
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    data = json.loads((folder / "r.json").read_text())
    assert (process.returncode, data["exit_code"], data["jobs"][0]["state"]) == (130, 130, "pending")


@pytest.mark.parametrize("wrong", ["htlm=x", "html", "html=.", "html=-"])
def test_a_report_that_cannot_be_is_refused_before_anything_is_sent(folder, wrong):
    ended = kirin(folder, "run", "jobs.yaml", "--sandbox", "--json", "--report", wrong)
    (error,) = json.loads(ended.stdout)["errors"]
    assert (ended.exit_code, error["code"]) == (2, "usage")
    assert "--report" in ended.stderr
    assert not (folder / "renders").exists()


def test_a_folder_of_videos_reads_as_markdown(folder):
    noted(folder / "renders")
    ended = kirin(folder, "report", "renders")
    assert ended.exit_code == 0
    assert ended.stdout.startswith("## ✅ kirin: 1 job, $0.28\n")
    assert "[harbour.mp4](./renders/harbour.mp4)" in ended.stdout


def test_shards_are_joined_and_the_missing_ones_said(folder):
    for index in (1, 3):
        wrote(folder / "all" / f"shard-{index}" / "run.json", run(job(str(index)), shard={"index": index, "total": 3}))
    ended = kirin(folder, "report", "--merge", "all", "--report", "html=g.html", "--json")
    assert ended.exit_code == 8
    assert "of 3 shards there is no result of: 2" in ended.stderr
    data = json.loads(ended.stdout)
    assert [one["name"] for one in data["jobs"]] == ["1", "3"]
    assert "no result of these shards: 2" in (folder / "g.html").read_text()


def test_a_result_moves_together_with_its_videos(folder):
    kirin(folder, "run", "jobs.yaml", "--sandbox", "-q", "--report", "json=results/run.json")
    (folder / "elsewhere").mkdir()
    for name in ("results", "renders"):
        (folder / name).rename(folder / "elsewhere" / name)
    ended = kirin(folder, "report", "elsewhere/results", "--report", "html=elsewhere/site/g.html", "--json")
    assert ended.data["jobs"][0]["outputs"][0]["path"] == "elsewhere/renders/boat.mp4"
    assert 'src="../renders/boat.mp4"' in (folder / "elsewhere" / "site" / "g.html").read_text()


PICTURES = """\
version: 1
output: {dir: renders}
jobs:
  - name: cup
    model: kirin_v1_5_i2v
    tags: [hero, night]
    params: {prompt: steam, image: media/cup.png}
    matrix: {mode: [std, pro], seed: [1, 2, 3]}
"""


def test_results_and_sidecars_have_position_tags_and_pictures_and_shards_join_in_the_order_of_the_matrix(folder):
    (folder / "media").mkdir()
    (folder / "media" / "cup.png").write_bytes(png(400, 400))
    (folder / "jobs.yaml").write_text(PICTURES)
    for shard in ("2/2", "1/2"):
        report = f"json=results/{shard[0]}.json"
        ended = kirin(folder, "run", "jobs.yaml", "--sandbox", "-q", "--shard", shard, "--report", report)
        assert ended.exit_code == 0, ended.stderr
    jobs = kirin(folder, "report", "--merge", "results", "--json").data["jobs"]
    names = [f"cup[mode={mode},seed={seed}]" for mode in ("std", "pro") for seed in (1, 2, 3)]
    assert [one["name"] for one in jobs] == names
    assert [one["position"] for one in jobs] == [1, 2, 3, 4, 5, 6]
    picture = {
        "param": "image", "path": "media/cup.png", "bytes": (folder / "media" / "cup.png").stat().st_size,
        "sha256": jobs[0]["params"]["image"]["sha256"],
    }  # fmt: skip
    merged = kirin(folder, "report", "renders", "--json").data
    of_sidecars = merged["jobs"]
    assert merged["sandbox"]
    for one in (*jobs, *of_sidecars):
        assert (one["tags"], one["inputs"]) == (["hero", "night"], [picture])
    written = json.loads((folder / "results" / "1.json").read_text())["jobs"][0]
    assert written["inputs"][0]["path"] == "../media/cup.png"


def test_a_result_can_come_from_standard_input(folder):
    ended = run_in_process(folder, environment(folder, {}), "report", "-", stdin=json.dumps(run(job("a"))))
    assert "| ✅ | a |" in ended.stdout


def test_report_without_results_says_what_it_needs(folder):
    ended = kirin(folder, "report")
    assert ended.exit_code == 2
    assert "needs results" in ended.stderr
