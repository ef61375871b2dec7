"""The composite action: its scripts run by bash as a runner of GitHub runs them, against a service on loopback."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from support.fork_server import write_program
from support.workspace import Workspace, open_workspace

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / ".github" / "actions" / "kirin" / "action.yml").read_text(encoding="utf-8"))
STEPS = ACTION["runs"]["steps"]
SCRIPTS = [step for step in STEPS if "run" in step]
REFERENCE = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")
SHELL = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail")
EVIL = (
    "$(touch pwned)", "`touch pwned`", "x; touch pwned #", "x' ; touch pwned ; '", 'x" ; touch pwned ; "',
    "x\ntouch pwned", "x && touch pwned", "${IFS}touch${IFS}pwned", "x\nexit-code=0\npart=owned", "%0Atouch pwned",
)  # fmt: skip
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the scripts are for bash")


@dataclass
class Runner:
    """A runner in a workspace: `inputs` are those of the action, `outputs` those of each step that has run."""

    workspace: Workspace
    inputs: dict[str, str]
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    log: str = ""

    @property
    def folder(self) -> Path:
        return self.workspace.home.work

    @property
    def summary(self) -> Path:
        return self.workspace.home.root / "summary.md"

    def value(self, text: str) -> str:
        """A text of the action with what it refers to: an input, an output of an earlier step, a fact of the runner."""

        def of(match):
            scope, _, name = match[1].partition(".")
            if scope == "inputs":
                return self.inputs.get(name, ACTION["inputs"][name].get("default", ""))
            if scope == "steps":
                step, _, output = name.split(".")
                return self.outputs[step].get(output, "")
            temp, action = self.workspace.home.root / "temp", ROOT / ".github" / "actions" / "kirin"
            return {"runner.temp": str(temp), "github.action_path": str(action)}[match[1]]

        return REFERENCE.sub(of, text)

    def step(self, name: str, **environ: str) -> int:
        """Run the script of a step; what it writes is in `outputs` and `log`."""
        step = next(one for one in SCRIPTS if one["name"] == name)
        files = {
            "GITHUB_OUTPUT": self.workspace.home.root / f"output-{name}", "GITHUB_STEP_SUMMARY": self.summary,
            "GITHUB_WORKSPACE": self.folder,
        }  # fmt: skip
        files["GITHUB_OUTPUT"].write_text("")
        own = {key: self.value(str(value)) for key, value in step["env"].items()}
        env = {**self.workspace.home.environ(**self.workspace.environ), **{k: str(v) for k, v in files.items()}, **own}
        env = {key: value for key, value in env.items() if key != "KIRIN_API_KEY"} | environ
        env["PATH"] = f"{self.programs()}{os.pathsep}{env['PATH']}"
        script = self.workspace.home.root / "script.sh"
        script.write_text(step["run"])
        ended = subprocess.run(
            [*SHELL, str(script)], cwd=self.folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        self.log += ended.stdout + ended.stderr
        self.outputs[step.get("id", name)] = read_outputs(files["GITHUB_OUTPUT"].read_text())
        return ended.returncode

    def programs(self) -> Path:
        """A folder of programs: `kirin` as it is here, and a `python` that only writes down what pip is asked for."""
        folder = self.workspace.home.root / "bin"
        folder.mkdir(exist_ok=True)
        write_program(folder / "kirin")
        (folder / "python").write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >"{self.workspace.home.root}/pip"\n')
        (folder / "python").chmod(0o755)
        return folder

    def run(self) -> int:
        """The steps after the installation, as the runner runs them: the second only where the first went well."""
        code = self.step("prepare")
        if not code:
            code = self.step("kirin")
            if self.inputs.get("command", "run") == "run":
                assert self.step("collect what belongs to these jobs") == 0, self.log
        return code

    @property
    def result(self) -> dict:
        """The result of the command, as it would be uploaded."""
        return json.loads((self.folder / "kirin-results" / f"{self.outputs['prepare']['part']}.json").read_text())


def used_in(name: str) -> list[dict[str, str]]:
    """The inputs of each use of the action in a ready workflow."""
    jobs = yaml.safe_load((ROOT / "sample_jobs" / "ci" / name).read_text(encoding="utf-8"))["jobs"].values()
    action = "kirin-cli/kirin/.github/actions/kirin@"
    return [step["with"] for job in jobs for step in job["steps"] if step.get("uses", "").startswith(action)]


def read_outputs(text: str) -> dict[str, str]:
    """The outputs of a step, as the runner reads them."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        if "<<" in line.split("=")[0]:
            name, delimiter = line.split("<<", 1)
            value = []
            while (following := next(lines)) != delimiter:
                value.append(following)
            found[name] = "\n".join(value)
        else:
            name, _, found[name] = line.partition("=")
    return found


@pytest.fixture
def runner(tmp_path):
    with open_workspace(tmp_path) as workspace:
        workspace.jobs("rain", "snow", "hail", "fog")
        yield Runner(workspace, {"files": "jobs.yaml", "api-key": workspace.environ["KIRIN_API_KEY"]})


def test_every_input_and_output_is_explained():
    for part in ("inputs", "outputs"):
        assert all(len(entry["description"]) > 15 for entry in ACTION[part].values())
    assert set(ACTION["inputs"]["files"]) == {"description", "required"}


def test_no_script_has_anything_put_into_its_text():
    assert [step.get("id") for step in SCRIPTS] == [None, "prepare", "kirin", "collect"]
    assert all("${{" not in step["run"] and step["shell"] == "bash" for step in SCRIPTS)


def test_whatever_is_referred_to_is_there():
    named = re.findall(r"\b(inputs|steps|runner|github)\.([\w.-]+)", yaml.safe_dump(ACTION["runs"]))
    known = {
        "temp", "action_path", "run_id", "run_attempt", "prepare.outputs.part", "prepare.outputs.results",
        "prepare.outputs.output", "prepare.outputs.state", "collect.outputs.folder", *ACTION["inputs"],
    }  # fmt: skip
    assert {name for _, name in named} <= known


def test_only_the_step_that_runs_is_given_the_key():
    given = [step.get("id") for step in STEPS if "api-key" in json.dumps(step)]
    assert given == ["kirin"]


def test_caches_and_artifacts_are_kept_however_the_run_ended():
    for name in ("actions/cache/save@v4", "actions/upload-artifact@v4"):
        (step,) = [one for one in STEPS if one.get("uses") == name]
        assert "always()" in step["if"]


def test_it_runs_its_part_and_leaves_reports_outputs_and_a_summary(runner):
    assert runner.run() == 0, runner.log
    found = runner.outputs["kirin"]
    assert (found["exit-code"], found["jobs"], found["done"], found["failed"]) == ("0", "4", "4", "0")
    assert found["cost_usd"] == "1.12"
    assert sorted(found["paths"].splitlines()) == [f"renders/{name}.mp4" for name in ("fog", "hail", "rain", "snow")]
    names = {path.suffix for path in (runner.folder / "kirin-results").iterdir()}
    assert names == {".json", ".xml", ".md"}
    assert runner.summary.read_text(encoding="utf-8").startswith("## ✅ kirin: 4 jobs")
    assert runner.workspace.paid == 4
    for output in ACTION["outputs"].values():
        step, _, name = REFERENCE.match(output["value"])[1].removeprefix("steps.").split(".")
        assert name in runner.outputs[step] or name == "send"


def test_what_is_cached_is_enough_to_pay_nothing_twice(runner):
    assert runner.run() == 0, runner.log
    state = Path(runner.outputs["prepare"]["state"])
    assert (state / "ledger.sqlite3").exists() or any(state.iterdir())
    assert runner.run() == 0
    assert runner.outputs["kirin"]["skipped"] == "4"
    assert runner.workspace.paid == 4


def test_what_is_of_no_job_any_more_is_kept_in_the_cache_and_left_out_of_the_upload(runner):
    runner.workspace.write(
        "jobs:",
        "  - {name: city, params: {prompt: x}, matrix: {mode: [std, pro]}}",
        "  - {name: old, params: {prompt: y}}",
    )
    assert runner.run() == 0, runner.log
    runner.workspace.write("jobs:", "  - {name: city, params: {prompt: x}, matrix: {mode: [std, pro]}}")
    assert runner.run() == 0, runner.log
    folder = Path(runner.outputs["collect"]["folder"])
    assert sorted(path.name for path in (folder / "renders").iterdir()) == [
        "city[mode=pro].json", "city[mode=pro].mp4", "city[mode=std].json", "city[mode=std].mp4",
    ]  # fmt: skip
    assert (folder / "kirin-results" / "kirin-run.json").exists()
    assert (runner.folder / "renders" / "old.mp4").exists()


def test_the_key_is_in_no_log_and_in_no_file(runner):
    key = runner.inputs["api-key"]
    assert runner.run() == 0
    assert key not in runner.log
    written = [path for path in runner.workspace.home.root.rglob("*") if path.is_file()]
    assert len(written) > 10
    assert [path for path in written if key.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("command", ["plan", "validate", "report"])
def test_the_key_does_not_reach_a_command_that_needs_none(runner, command):
    (runner.programs() / "kirin").write_text("#!/bin/sh\nenv\n")
    step = next(one for one in SCRIPTS if one["name"] == "kirin")["run"]
    script = runner.workspace.home.root / "s.sh"
    script.write_text(step)
    env = {
        "PATH": f"{runner.workspace.home.root / 'bin'}{os.pathsep}{os.environ['PATH']}", "API_KEY": "s3cret-key",
        "COMMAND": command, "FILES": "x", "ARGS": "", "SHARD": "", "GITHUB_OUTPUT": os.devnull,
        "TEMP": str(runner.workspace.home.root),
    }  # fmt: skip
    shown = {}
    for name in (command, "run"):
        done = subprocess.run([*SHELL, str(script)], env={**env, "COMMAND": name}, capture_output=True, check=False)
        shown[name] = done.stdout.decode()
    assert "KIRIN_API_KEY=s3cret-key" in shown["run"]
    assert "s3cret" not in shown[command]


def test_shards_are_joined_and_the_missing_one_is_said(runner):
    for shard in ("1/3", "3/3"):
        runner.inputs["shard"] = shard
        assert runner.run() == 0, runner.log
    assert runner.outputs["prepare"]["part"] == "kirin-run-3-of-3"
    joined = Runner(runner.workspace, {"command": "report", "files": "kirin-results", "args": "--report=html=g.html"})
    assert joined.run() == 8
    assert joined.outputs["kirin"]["exit-code"] == "8"
    assert "missing shards: 2" in joined.summary.read_text(encoding="utf-8")
    runner.inputs["shard"] = "2/3"
    assert runner.run() == 0
    assert joined.run() == 0, joined.log
    assert joined.outputs["kirin"]["done"] == "4"
    assert (runner.folder / "g.html").exists()
    assert runner.workspace.paid == 4


def test_a_plan_ends_well_and_says_in_its_outputs_that_there_is_something_to_do(runner):
    runner.inputs |= {"command": "plan", "args": "--detailed-exitcode\n--assume-cost=0.28"}
    assert runner.run() == 0, runner.log
    found = runner.outputs["kirin"]
    assert (found["exit-code"], found["send"], found["cost_usd"]) == ("10", "4", "1.12")
    assert runner.workspace.paid == 0


def test_a_job_file_that_is_wrong_fails_the_step_and_leaves_what_code_scanning_reads(runner):
    runner.workspace.write("jobs:", "  - {name: rain, params: {prompt: ''}}", name="jobs.yaml")
    runner.inputs |= {"command": "validate"}
    assert runner.run() == 2
    assert runner.outputs["kirin"]["exit-code"] == "2"
    results = json.loads((runner.folder / "kirin-results" / "kirin-validate.sarif").read_text())["runs"][0]["results"]
    assert [one["ruleId"] for one in results] == ["T1"]
    assert "::error file=jobs.yaml,line=4" in runner.log


def test_a_job_that_failed_fails_the_step_after_its_reports_are_there(runner):
    runner.workspace.serve(fail_rate=1.0, key=runner.inputs["api-key"])
    assert runner.run() == 1
    assert runner.outputs["kirin"]["exit-code"] == "1"
    assert runner.result["totals"]["failed"] == 4


def test_patterns_are_filled_in_and_names_with_blanks_stay_whole(runner):
    for name in ("my jobs/a b.yaml", "my jobs/c.yaml", "[x].yaml"):
        path = runner.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"jobs: [{{name: '{path.stem}', model: kirin_v1_t2v, params: {{prompt: x}}}}]\n")
    runner.inputs |= {"command": "validate", "files": "my jobs/*.yaml\r\n\n[x].yaml\n"}
    assert runner.run() == 0, runner.log
    assert [job["name"] for job in runner.result["jobs"]] == ["a b", "c", "[x]"]
    runner.inputs["files"] = "nothing/*.yaml"
    assert runner.run() == 2
    assert "nothing/*.yaml" in runner.log


HOSTILE = [
    (name, evil)
    for name in ("command", "files", "shard", "output", "results", "args", "name", "install")
    for evil in EVIL
]
"""Every third is tried each time: all texts and all inputs."""


@pytest.mark.parametrize(
    ("name", "evil"),
    [pair if n % 3 == 0 else pytest.param(*pair, marks=pytest.mark.slow) for n, pair in enumerate(HOSTILE)],
)
def test_a_hostile_input_is_a_text_and_nothing_else(runner, name, evil):
    runner.inputs |= {"command": "validate", name: evil}
    if name == "install":
        assert runner.step("install") == 0
        assert (runner.workspace.home.root / "pip").read_text().endswith(f"--quiet\n{evil}\n")
    else:
        assert runner.run() in ({0, 2} if name in {"output", "results"} else {2}), runner.log
    assert [path for path in runner.workspace.home.root.rglob("pwned") if path.is_file()] == []
    prepared = runner.outputs.get("prepare", {})
    assert set(prepared) <= {"part", "results", "output", "state"}
    assert prepared.get("part", "kirin-validate") == "kirin-validate"
    assert runner.workspace.paid == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("results", "/etc"),
        ("results", "../x"),
        ("output", "a/../../x"),
        ("output", ""),
        ("output", "-x"),
        ("shard", "1"),
    ],
)
def test_a_folder_outside_the_workspace_and_half_a_shard_are_refused_in_words(runner, name, value):
    runner.inputs[name] = value
    assert runner.step("prepare") == 2
    assert f"{name.removesuffix('s') if name == 'shard' else 'results and output'}:" in runner.log
    assert runner.outputs["prepare"] == {}


def test_what_is_installed_is_this_version_or_what_was_asked_for_and_no_flag(runner):
    assert runner.step("install") == 0
    words = (runner.workspace.home.root / "pip").read_text().splitlines()
    assert words[:3] == ["-m", "pip", "install"]
    assert Path(words[-1]).resolve() == ROOT
    runner.inputs["install"] = "kirin-cli==0.1.0"
    assert runner.step("install") == 0
    assert (runner.workspace.home.root / "pip").read_text().splitlines()[-1] == "kirin-cli==0.1.0"
    runner.inputs["install"] = "--index-url=https://evil.example"
    assert runner.step("install") == 2


def run_parts(runner: Runner, inputs: dict[str, str]) -> Path:
    """A step of each of four machines, with their caches; returns the folder of what they uploaded, joined."""
    collected = runner.folder / "all"
    shutil.rmtree(collected, ignore_errors=True)
    for number in range(1, 5):
        shard = inputs["shard"].replace("${{ matrix.shard }}", str(number))
        one = Runner(runner.workspace, {**inputs, "shard": shard, "api-key": runner.inputs["api-key"]})
        cached = {
            runner.workspace.home.root / f"cache-{number}" / "state": runner.workspace.home.root / "temp/kirin-state",
            runner.workspace.home.root / f"cache-{number}" / "renders": runner.folder / "renders",
        }
        for cache, place in cached.items():
            shutil.rmtree(place, ignore_errors=True)
            if cache.exists():
                shutil.copytree(cache, place)
        assert one.run() == 0, one.log
        for cache, place in cached.items():
            if place.exists():
                shutil.rmtree(cache, ignore_errors=True)
                shutil.move(place, cache)
        uploaded = one.outputs.get("collect", {}).get("folder") or runner.folder / "kirin-results"
        shutil.copytree(uploaded, collected, dirs_exist_ok=True)
        shutil.rmtree(runner.folder / "kirin-results")
    return collected


def make_gallery(runner: Runner, inputs: dict[str, str]) -> dict[str, str]:
    """Join what the machines uploaded; by name of the video, the prompt that it was made from."""
    joined = Runner(runner.workspace, inputs)
    assert joined.run() == 0, joined.log
    folder = runner.folder / "all"
    videos = [folder / path for path in re.findall(r'src="([^"]+\.mp4)"', (folder / "index.html").read_text("utf-8"))]
    assert all(video.is_file() for video in videos)
    assert sorted(folder.rglob("*.mp4")) == sorted(videos)  # nothing else is uploaded
    sidecars = {video.stem: json.loads(video.with_suffix(".json").read_text("utf-8")) for video in videos}
    return {name: sidecar["request"]["params"]["prompt"] for name, sidecar in sidecars.items()}


def test_a_job_file_is_edited_and_four_machines_make_what_changed_and_nothing_twice(runner):
    render, gallery = used_in("github-actions.yml")
    prompts = {f"job{number}": f"prompt {number}" for number in range(12)}
    edited = {name: f"{text}, at night" if number < 6 else text for number, (name, text) in enumerate(prompts.items())}
    edited = {name: text for name, text in edited.items() if name not in {"job9", "job11"}} | {"new": "prompt"}
    for wanted, paid in ((prompts, 12), (edited, 19), (edited, 19), (prompts, 19)):
        jobs = (f"  - {{name: {name}, params: {{prompt: '{text}'}}}}" for name, text in wanted.items())
        runner.workspace.write("jobs:", *jobs)
        run_parts(runner, render)
        assert make_gallery(runner, gallery) == wanted
        assert runner.workspace.paid == paid


def test_the_ready_review_comments_what_would_be_paid_and_pays_nothing(runner):
    check, plan, comment = used_in("github-review.yml")
    one = Runner(runner.workspace, check)
    assert one.run() == 0, one.log
    assert (runner.folder / "kirin-results" / "kirin-validate.sarif").exists()
    shutil.rmtree(runner.folder / "kirin-results")
    run_parts(runner, {**plan, "args": plan["args"] + "\n--assume-cost=0.28"})
    joined = Runner(runner.workspace, comment)
    assert joined.run() in {0, 10}, joined.log
    text = (runner.folder / "kirin-results" / "kirin-report.md").read_text(encoding="utf-8")
    assert text.startswith("## ✅ kirin plan: 4 send, likely cost $1.12")
    assert joined.outputs["kirin"]["send"] == "4"
    assert runner.workspace.paid == 0


@pytest.mark.parametrize("name", ["github-actions.yml", "github-review.yml"])
def test_the_ready_workflows_give_the_action_what_it_knows(name):
    for inputs in used_in(name):
        assert set(inputs) <= set(ACTION["inputs"])
        assert "files" in inputs
