"""The ready file for GitLab through an edit: its lines run as a runner runs them, with its caches and artifacts."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.report_data import GITLAB_ATTACHMENT

SAMPLE = yaml.safe_load((Path(__file__).parents[2] / "sample_jobs/ci/gitlab-ci.yml").read_text(encoding="utf-8"))
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the lines are for a shell of POSIX")


def copy_paths(paths, source, target):
    """Copy what the globs of a cache or of artifacts name, as they stand in the file."""
    for pattern in paths:
        for found in source.glob(pattern.rstrip("/")):
            if found.is_dir():
                shutil.copytree(found, target / found.relative_to(source), dirs_exist_ok=True)
            else:
                shutil.copy(found, target)


def run_lines(workspace, lines, environ):
    """Run lines of a script: kirin in this process, the rest by a shell; pip has installed it already."""
    for line in lines:
        words = shlex.split(line.replace("$CI_NODE_INDEX", environ.get("CI_NODE_INDEX", "")))
        if words[0] == "kirin":
            *arguments, target = [word for word in words[1:] if word != ">"] if ">" in words else [*words[1:], ""]
            printed = workspace.kirin(*arguments, **environ).stdout
            if target:
                (workspace.home.work / target).write_text(printed)
        elif words[0] != "pip":
            subprocess.run(["sh", "-e", "-c", line], cwd=workspace.home.work, check=True)


def run_pipeline(workspace):
    """All machines of the render stage, each in a clean checkout with its cache; then the gallery from artifacts."""
    work, render = workspace.home.work, SAMPLE["render"]
    artifacts = workspace.home.root / "artifacts"
    shutil.rmtree(artifacts, ignore_errors=True)
    artifacts.mkdir()
    job_file = (work / "jobs.yaml").read_text()
    for index in range(1, render["parallel"] + 1):
        shutil.rmtree(work)
        work.mkdir()
        (work / "jobs.yaml").write_text(job_file)
        cache = workspace.home.root / f"cache-{index}"
        cache.mkdir(exist_ok=True)
        copy_paths(render["cache"]["paths"], cache, work)
        environ = {"CI_NODE_INDEX": str(index), "CI_NODE_TOTAL": str(render["parallel"])}
        environ["KIRIN_STATE_DIR"] = render["variables"]["KIRIN_STATE_DIR"].replace("$CI_PROJECT_DIR", str(work))
        run_lines(workspace, render["script"], environ)
        run_lines(workspace, render["after_script"], environ)
        shutil.rmtree(cache)
        cache.mkdir()
        copy_paths(render["cache"]["paths"], work, cache)
        copy_paths([*render["artifacts"]["paths"], render["artifacts"]["reports"]["junit"]], work, artifacts)
    shutil.rmtree(work)
    shutil.copytree(artifacts, work)
    (work / "jobs.yaml").write_text(job_file)
    run_lines(workspace, SAMPLE["gallery"]["script"], {})


def gallery(work):
    """The videos that the gallery plays, by the name of their job."""
    page = (work / "gallery.html").read_text("utf-8")
    return dict(re.findall(r'<video src="\./([^"]+)" aria-label="([^:]+): ', page))


def test_a_job_file_is_edited_and_four_machines_make_what_changed_and_upload_nothing_else(workspace):
    work = workspace.home.work
    before = {f"job{number}": f"prompt {number}" for number in range(12)}
    after = {name: f"{text}, at night" if int(name[3:]) < 6 else text for name, text in before.items()}
    after = {name: text for name, text in after.items() if name not in {"job9", "job11"}} | {"new": "prompt"}
    for prompts, paid in ((before, 12), (after, 19)):
        jobs = (f"  - {{name: {name}, params: {{prompt: '{text}'}}}}" for name, text in prompts.items())
        workspace.write("jobs:", *jobs)
        run_pipeline(workspace)
        assert list(gallery(work).values()) == list(prompts)
        assert workspace.paid == paid
        assert 'class="gone"' not in (work / "gallery.html").read_text("utf-8")
        assert sorted(path.stem for path in (work / "renders").glob("*.mp4")) == sorted(prompts)
        assert sorted(path.stem for path in (work / "renders").glob("*.json")) == sorted(prompts)


def test_attachments_of_a_matrix_are_in_the_artifacts(workspace):
    workspace.write("jobs:", "  - {name: city, params: {prompt: x}, matrix: {mode: [std, pro], cfg_scale: [0.1, 0.2]}}")
    run_pipeline(workspace)
    work = workspace.home.work
    lines = [line for file in work.glob("junit-*.xml") for line in file.read_text().splitlines()]
    found = [GITLAB_ATTACHMENT.search(line)["path"] for line in lines if "ATTACHMENT" in line]
    assert len(found) == 4
    assert all((work / path).is_file() for path in found)
