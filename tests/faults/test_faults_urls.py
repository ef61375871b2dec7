"""Passwords and signatures in URLs (fault X4): in the ledger what is needed to go on, in everything else none."""

import json
import shutil
from pathlib import Path

import pytest
from faults.bench import CLIP, Bench
from faults.in_process import sent
from faults.processes import environment
from loopback import faults
from support.command_line import CommandResult, run_in_process

SIGNATURE = "c2lnbmF0dXJl0123456789"
PASSWORD = "hunter2hunter2"
MEDIA = f"https://reader:{PASSWORD}@media.example/cup.png?X-Amz-Signature={SIGNATURE}&v=2"
REPORTS = ("json", "jsonl", "html", "markdown", "junit")


def kirin(machine: Bench, *arguments: str, **more: str) -> CommandResult:
    return run_in_process(machine.folder, {**environment(machine), **more}, *arguments)


def told(machine: Bench, *results: CommandResult) -> str:
    """All that was said and written, but for the job file and the ledger."""
    texts = [result.stdout + result.stderr for result in results]
    paths = [path for path in machine.folder.rglob("*") if path.is_file() and path != machine.file]
    texts += [path.read_bytes().decode("latin-1") for path in paths if "state" not in path.parts]
    return "\n".join(texts)


def write_image_job(machine: Bench, image: str = MEDIA) -> None:
    params = f"{{image: '{image}', prompt: x, callback_url: 'https://hook:{PASSWORD}@hooks.example/x?sig={SIGNATURE}'}}"
    machine.file.write_text(f"jobs:\n  - {{name: rain, model: kirin_v1_5_i2v, params: {params}}}\n")


def test_X4_the_signature_of_a_result_is_written_nowhere(machine: Bench) -> None:
    machine.cdn.decide("GET", lambda _number, _request: faults.answer(200, CLIP, {"Content-Type": "video/mp4"}))
    machine.api.api.results = f"{machine.cdn.origin}/result.mp4?X-Amz-Signature={SIGNATURE}&Expires=1"
    reports = [part for kind in REPORTS for part in ("--report", f"{kind}=out/{kind}.txt")]
    results = [kirin(machine, "run", "jobs.yaml", "--json", *reports)]
    assert results[0].exit_code == 0, results[0]
    assert SIGNATURE in str(machine.cdn.truth.requests)
    assert results[0].data["jobs"][0]["outputs"][0]["url"] == f"{machine.cdn.origin}/result.mp4"
    task = machine.api.truth.tasks[0].id
    results += [
        kirin(machine, "list", "--all-services", "--json"),
        kirin(machine, "show", task),
        kirin(machine, "show", task, "--json"),
    ]
    results += [
        kirin(machine, "run", "jobs.yaml", "--json"),
        kirin(machine, "report", "renders", "--report", "html=r.html"),
    ]
    assert [result.exit_code for result in results] == [0] * len(results), results
    assert machine.posts == 1
    assert SIGNATURE not in told(machine, *results)


def test_X4_nor_where_it_cannot_be_fetched(machine: Bench) -> None:
    answers = {f"after-{status}": faults.answer(status, f"<Error>{SIGNATURE}</Error>") for status in (403, 404, 410)}
    machine.write_jobs(*answers)
    for name, answer in answers.items():
        machine.cdn.script(f"GET /{name}.mp4", then=answer)
    machine.api.api.results = lambda task: (
        f"{machine.cdn.origin}/{task.params['prompt'].split()[-1]}.mp4?X-Amz-Signature={SIGNATURE}"
    )
    result = kirin(machine, "run", "jobs.yaml", "--json", "--report", "json=out.json", KIRIN_RESULT_WAIT="0.1")
    assert (result.exit_code, set(result.states.values())) == (7, {"expired"})
    machine.cdn.forget_scripts()
    for name in answers:
        machine.cdn.serve_file(f"/{name}.mp4", CLIP)
    fetched = kirin(machine, "download", *(task.id for task in machine.api.truth.tasks))  # ledger or service know what
    assert fetched.exit_code == 0, fetched
    assert SIGNATURE not in told(machine, result, fetched)


def test_X4_passwords_and_signatures_of_media_and_callbacks_are_sent_and_not_told(machine: Bench) -> None:
    write_image_job(machine)
    reports = [part for kind in REPORTS for part in ("--report", f"{kind}=out/{kind}.txt")]
    results = [kirin(machine, "plan", "jobs.yaml", "--json"), kirin(machine, "validate", "jobs.yaml", "--json")]
    results += [kirin(machine, "run", "jobs.yaml", "--json", *reports), kirin(machine, "run", "jobs.yaml")]
    assert [result.exit_code for result in results] == [0] * 4, results
    assert sent(machine)[0]["image"] == MEDIA
    results += [
        kirin(machine, "list", "--all-services", "--json"),
        kirin(machine, "show", machine.api.truth.tasks[0].id),
    ]
    text = told(machine, *results)
    assert SIGNATURE not in text
    assert PASSWORD not in text
    assert (
        "media.example/cup.png?X-Amz-Signature=***&v=2"
        in json.loads((machine.renders / "rain.json").read_text())["request"]["params"]["image"]
    )
    assert machine.posts == 1


def test_X4_a_sidecar_without_signatures_is_still_known_on_a_machine_without_the_ledger(machine: Bench) -> None:
    write_image_job(machine)
    machine.api.script("POST", faults.answer(400, {"message": "not today"}))
    assert kirin(machine, "run", "jobs.yaml").exit_code == 1
    assert kirin(machine, "run", "jobs.yaml", "--retry-failed").exit_code == 0
    shutil.rmtree(machine.folder / "state")
    planned = kirin(machine, "plan", "jobs.yaml", "--json")
    assert planned.data["jobs"][0]["action"] == "skip", planned
    assert (kirin(machine, "run", "jobs.yaml").exit_code, machine.posts) == (0, 2)
    write_image_job(machine, MEDIA.replace(SIGNATURE, SIGNATURE[::-1]))
    changed = kirin(machine, "plan", "jobs.yaml", "--json").data["jobs"][0]
    assert (changed["action"], "not written down" in changed["reason"]) == ("send", True)


@pytest.mark.parametrize("path", ["cup.gif", "cup.mp4", "a b.png"])
def test_X4_a_url_that_is_refused_is_named_without_them(machine: Bench, path: str) -> None:
    for image in (MEDIA.replace("cup.png", path), f"https://{PASSWORD * 12}:{PASSWORD * 12}@media.example/{path}"):
        write_image_job(machine, image)
        results = [kirin(machine, "validate", "jobs.yaml"), kirin(machine, "validate", "jobs.yaml", "--json")]
        results += [kirin(machine, "v1-5-i2v", "x", "--image", image), kirin(machine, "run", "jobs.yaml", "--json")]
        text = told(machine, *results)
        assert [result.exit_code for result in results] == [2] * 4, text
        assert SIGNATURE not in text
        assert PASSWORD not in text


def test_X4_what_the_service_says_of_a_url_is_told_without_them(machine: Bench) -> None:
    write_image_job(machine)
    machine.api.script("POST", faults.answer(400, {"message": f"cannot read {MEDIA}"}))
    result = kirin(machine, "run", "jobs.yaml", "--json", "--report", "junit=out.xml")
    assert result.exit_code == 1
    assert "media.example/cup.png" in result.stderr
    assert SIGNATURE not in told(machine, result)
    assert PASSWORD not in told(machine, result)


SETTINGS = {
    "proxy": {"HTTPS_PROXY": f"http://user:{PASSWORD}@127.0.0.1:9", "KIRIN_BASE_URL": "https://service.example"},
    "proxy without scheme": {
        "HTTPS_PROXY": f"user:{PASSWORD}@127.0.0.1:9",
        "KIRIN_BASE_URL": "https://service.example",
    },
    "socks": {"ALL_PROXY": f"socks5://user:{PASSWORD}@127.0.0.1:9", "KIRIN_BASE_URL": "https://service.example"},
    "base url": {"KIRIN_BASE_URL": f"https://user:{PASSWORD}@127.0.0.1:9"},
    "base url of no kind": {"KIRIN_BASE_URL": f"ftp://user:{PASSWORD}@127.0.0.1:9"},
    "upload url": {"KIRIN_UPLOAD_URL": f"https://user:{PASSWORD}@uploads.example/?token={PASSWORD}"},
}


@pytest.mark.parametrize(
    "command", ["config", "config --json", "doctor", "doctor --json", "run jobs.yaml --timeout 0.3s", "list --json"]
)
@pytest.mark.parametrize("name", SETTINGS)
def test_X4_settings_are_shown_without_passwords(machine: Bench, name: str, command: str) -> None:
    result = kirin(machine, *command.split(), **SETTINGS[name])
    assert result.exit_code != 70, result
    assert PASSWORD not in told(machine, result)


def test_X4_the_ledger_keeps_what_it_needs_for_its_owner_alone(machine: Bench) -> None:
    write_image_job(machine)
    assert kirin(machine, "run", "jobs.yaml").exit_code == 0
    files = [path for path in Path(machine.folder / "state").rglob("*") if path.is_file()]
    assert files
    assert [path.name for path in files if path.stat().st_mode & 0o077] == []


def test_X4_the_command_to_go_on_with_is_said_whole_or_in_words(machine: Bench) -> None:
    entry = "{name: rain, model: kirin_v1_5_i2v, params: {image: '${u}', prompt: x}}"
    machine.file.write_text(f"vars: {{u: ''}}\njobs:\n  - {entry}\n")
    machine.api.script("POST", faults.answer(401, {"message": "no"}))
    result = kirin(machine, "run", "jobs.yaml", "--set", f"u={MEDIA}")
    assert result.exit_code == 4, result
    assert "***" not in result.stderr.partition("to go on")[2]
    assert PASSWORD not in told(machine, result)
