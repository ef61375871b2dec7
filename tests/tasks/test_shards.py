"""Jobs shared among machines: each exactly once, whatever becomes of a machine; and the ready files for CI systems."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from support.job_lines import follower

CI = Path(__file__).parents[2] / "sample_jobs/ci"
NAMES = [f"job{number}" for number in range(9)]


def states(*runs):
    """How each job stands over all runs; a job in two of them is an error."""
    found = [item for run in runs for item in run.states.items()]
    assert len(found) == len(dict(found)), found
    return dict(found)


def part(workspace, index, *flags, expect=0, **environ):
    """What one machine does: with a ledger of its own, unless told otherwise."""
    own = {"KIRIN_STATE_DIR": str(workspace.home.root / f"state-{index}"), **environ}
    return workspace.process("run", "jobs.yaml", "--json", "--shard", f"{index}/3", *flags, expect=expect, **own)


def test_every_job_is_made_once_by_machines_that_know_nothing_of_each_other(workspace):
    workspace.jobs(*NAMES)
    with (workspace.home.work / "jobs.yaml").open("a") as file:
        file.write(follower("after", "job0") + "\n")
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda index: part(workspace, index), (1, 2, 3)))
    assert states(*runs) == dict.fromkeys([*NAMES, "after"], "done")
    assert [run.data["shard"] for run in runs] == [{"index": index, "total": 3} for index in (1, 2, 3)]
    assert workspace.paid == 10
    assert "after" in next(run.states for run in runs if "job0" in run.states)


def test_a_machine_that_was_lost_and_starts_anew_makes_nothing_twice(workspace):
    workspace.jobs(*NAMES)
    part(workspace, 2, "--no-wait")
    shutil.rmtree(workspace.home.root / "state-2")  # and nothing of its disk is left
    assert set(part(workspace, 2).states.values()) == {"done"}
    again = part(workspace, 2)
    assert set(again.states.values()) == {"skipped"}
    assert workspace.paid == len(again.states)


def test_a_machine_that_is_killed_and_started_again_goes_on(workspace):
    workspace.serve(speed=60)
    workspace.jobs(*NAMES)
    planned = workspace.kirin("plan", "jobs.yaml", "--json", "--shard", "2/3").data["jobs"]
    environ = workspace.home.environ(**workspace.environ, KIRIN_STATE_DIR=str(workspace.home.root / "state-2"))
    command = [sys.executable, "-m", "kirin_cli", "run", "jobs.yaml", "--shard", "2/3", "--progress", "plain"]
    with subprocess.Popen(command, cwd=workspace.home.work, env=environ, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        accepted = (line for line in process.stderr if "accepted" in line)
        assert all(next(accepted) for _ in planned)
        process.kill()
    run = part(workspace, 2)
    assert set(run.states.values()) == {"done"}
    assert workspace.paid == len(run.states)


@pytest.mark.parametrize("shared", [True, False])
def test_two_machines_with_the_same_part_make_one_task_each(workspace, shared):
    workspace.jobs(*NAMES[:5])
    folders = ["state-a", "state-a" if shared else "state-b"]

    def run(number):
        state = str(workspace.home.root / folders[number])
        return part(workspace, 3, "-o", "renders" if shared else f"renders-{number}", KIRIN_STATE_DIR=state)

    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(run, (0, 1)))
    assert set(both[0].states) == set(both[1].states)
    assert {state for one in both for state in one.states.values()} <= {"done", "skipped"}
    assert workspace.paid == len(both[0].states) == 4


def test_shards_join_into_one_report_which_says_what_is_missing(workspace):
    workspace.jobs(*NAMES)
    for index in (1, 2):
        workspace.kirin("run", "jobs.yaml", "--shard", f"{index}/3", "--report", f"json=results/{index}.json")
    merged = workspace.kirin("report", "--merge", "results", "--report", "json=all.json", expect=None)
    assert "3" in merged.stderr
    workspace.kirin("run", "jobs.yaml", "--shard", "3/3", "--report", "json=results/3.json")
    workspace.kirin("report", "--merge", "results", "--report", "json=all.json")
    data = json.loads((workspace.home.work / "all.json").read_text())
    assert {job["name"] for job in data["jobs"]} == set(NAMES)
    assert data["totals"]["cost_usd"] == "2.52"


def loaded(name):
    return yaml.safe_load((CI / name).read_text())


def commands(text):
    """The `kirin …` commands of a shell text, each as its words; `pip` and `&&` are the shell's."""
    joined = re.sub(r"\\\n", " ", text)
    pieces = [piece.strip() for line in joined.splitlines() for piece in line.split("&&")]
    return [shlex.split(piece)[1:] for piece in pieces if piece.startswith("kirin ")]


def gitlab():
    file = loaded("gitlab-ci.yml")
    run, report = (
        " ".join(line for line in file[name]["script"] if line.startswith("kirin ")) for name in ("render", "gallery")
    )
    run = run.partition(" > ")[0]

    def of(index):
        return {"CI_NODE_INDEX": str(index), "CI_NODE_TOTAL": str(file["render"]["parallel"])}

    return [
        (of(index), shlex.split(run.replace("$CI_NODE_INDEX", str(index)))[1:]) for index in (1, 2, 3, 4)
    ], commands(report)


def kubernetes():
    spec = loaded("kubernetes-job.yaml")["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    (words,) = commands(" ".join(container["args"]))
    assert words[words.index("--shard") + 1] == f"auto/{spec['completions']}"

    def of(index):
        here = [word.replace("/jobs/", "").replace("/renders", "renders") for word in words]
        return {"JOB_COMPLETION_INDEX": str(index)}, [
            word.replace("$JOB_COMPLETION_INDEX", str(index)) for word in here
        ]

    report = ["report", "--merge", "renders/results", "--report", "html=gallery.html"]
    return [of(index) for index in range(spec["completions"])], [report]


def slurm():
    text = (CI / "slurm-array.sh").read_text()
    first, last = map(int, re.search(r"--array=(\d)-(\d)", text).groups())
    (words,) = commands(text)
    (report,) = commands(re.search(r"# When .*: (kirin report.*)", text)[1])

    def of(index):
        environ = {
            "SLURM_ARRAY_TASK_ID": str(index),
            "SLURM_ARRAY_TASK_COUNT": str(last - first + 1),
            "SLURM_ARRAY_TASK_MIN": str(first),
        }
        return environ, [word.replace("$SLURM_ARRAY_TASK_ID", str(index)) for word in words]

    return [of(index) for index in range(first, last + 1)], [report]


@pytest.mark.parametrize("system", [gitlab, kubernetes, slurm], ids=lambda system: system.__name__)
def test_the_ready_files_share_a_job_file_among_machines_and_report_on_it(workspace, system):
    runs, reports = system()
    workspace.jobs(*NAMES[:6])
    assert len(runs) == 4
    assert reports
    for environ, words in runs:
        workspace.kirin(*words, KIRIN_STATE_DIR=str(workspace.home.root / words[-1]), **environ)
    assert workspace.paid == 6
    for report in reports:
        assert "missing" not in workspace.kirin(*report).stderr
    assert "job5" in next(workspace.home.work.rglob("*.html")).read_text()


def test_the_ready_review_of_gitlab_finds_what_is_wrong_and_plans_what_is_right(workspace):
    (check,), (plan,) = (
        commands(line) for line in loaded("gitlab-ci.yml")["review"]["script"] if line.startswith("kirin ")
    )
    workspace.jobs("rain")
    workspace.kirin(*check, KIRIN_API_KEY="")
    workspace.kirin(*plan, KIRIN_API_KEY="")
    assert "1 send" in (workspace.home.work / "plan.md").read_text(encoding="utf-8")
    workspace.jobs("rain", prompt="'{")
    workspace.kirin(*check, expect=2)
    assert 'file="jobs.yaml" line=' in (workspace.home.work / "junit-validate.xml").read_text(encoding="utf-8")
    assert workspace.paid == 0


def test_the_ready_files_are_what_their_systems_read():
    for name, event in (("github-actions.yml", "workflow_dispatch"), ("github-review.yml", "pull_request")):
        workflow = loaded(name)
        assert event in workflow[True]  # how YAML 1.1 reads `on`
        for job in workflow["jobs"].values():
            assert set(job) <= {"needs", "if", "runs-on", "strategy", "env", "steps", "permissions"}
            assert all(("uses" in step) != ("run" in step) for step in job["steps"])
            assert all(set(step) <= {"uses", "with", "run", "if", "id", "env"} for step in job["steps"])
    render = loaded("gitlab-ci.yml")["render"]
    assert render["stage"] in loaded("gitlab-ci.yml")["stages"]
    assert all(isinstance(line, str) for line in render["script"])
    job = loaded("kubernetes-job.yaml")
    assert (job["apiVersion"], job["kind"], job["spec"]["completionMode"]) == ("batch/v1", "Job", "Indexed")
    volumes = {volume["name"] for volume in job["spec"]["template"]["spec"]["volumes"]}
    assert {mount["name"] for mount in job["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]} == volumes
    environ = job["spec"]["template"]["spec"]["containers"][0]["env"]
    for place, one in enumerate(environ):  # Kubernetes fills in only what stands above
        needed = re.findall(r"\$\((\w+)\)", one.get("value", ""))
        assert set(needed) <= {other["name"] for other in environ[:place]}
    assert subprocess.run(["bash", "-n", CI / "slurm-array.sh"], check=False).returncode == 0
