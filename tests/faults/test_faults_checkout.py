"""What a checkout, or another user, has laid where kirin writes and reads (faults X1, X3, X5)."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.bench import CLIP, Bench
from faults.in_process import kirin
from faults.processes import run_process

STARTUP = "# my own start-up file\n"
PAYLOAD = "$(touch /tmp/owned)"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of this kind are POSIX")
pytestmark = POSIX


def victim(machine: Bench) -> Path:
    """A file of the person's that must never change."""
    path = machine.folder / "home" / ".bashrc"
    path.parent.mkdir(exist_ok=True)
    path.write_text(STARTUP)
    return path


def plant(path: Path, kind: str, target: Path) -> None:
    """Lay a link, a second name or a pipe."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "link":
        path.symlink_to(target)
    elif kind == "second name":
        path.hardlink_to(target)
    else:
        os.mkfifo(path)


KINDS = ("link", "second name", "pipe")


def test_X1_four_hundred_links_with_the_names_of_drafts_lead_nowhere(machine: Bench) -> None:
    bashrc = victim(machine)
    machine.write_jobs("rain", prompt=PAYLOAD)
    pids = range(os.getpid(), os.getpid() + 200)
    for name in (f".rain.json.{pid}.part" for pid in pids):
        plant(machine.renders / name, "link", bashrc)
    for name in (f".out.json.{pid}.part" for pid in pids):
        plant(machine.folder / name, "link", bashrc)
    code, running = run_process(machine, "run", "jobs.yaml", "--report", "json=out.json", "--report", "html=out.html")
    assert (code, machine.posts) == (0, 1), running.output
    assert bashrc.read_text() == STARTUP
    assert PAYLOAD in (machine.renders / "rain.json").read_text()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("forced", [False, True])
@pytest.mark.parametrize("name", ["rain.json", "rain.mp4.part", "rain.mp4"])
def test_X1_what_lies_where_the_video_is_written_costs_nothing_and_is_not_written_to(
    machine: Bench, name: str, kind: str, forced: bool
) -> None:
    bashrc = victim(machine)
    plant(machine.renders / name, kind, bashrc)
    result = kirin(machine, "run", "jobs.yaml", *["--force"] * forced)
    assert bashrc.read_text() == STARTUP
    is_file = kind == "second name"
    if is_file and (forced or name.endswith(".part")):  # a name more or less of a file hurts nobody
        assert (result.exit_code, (machine.renders / "rain.mp4").read_bytes()) == (0, CLIP), result.stderr
    else:
        assert (result.exit_code, machine.posts) == (2, 0), result.stderr
        assert name in result.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_X1_a_part_that_is_laid_during_the_download_is_not_written_to_and_the_video_is_not_lost(
    machine: Bench, kind: str
) -> None:
    bashrc, part = victim(machine), machine.renders / "rain.mp4.part"
    machine.api.api.results = lambda task: (part.exists() or plant(part, kind, bashrc), machine.cdn.url("/result.mp4"))[
        1
    ]
    run = machine.run_unjudged()
    assert bashrc.read_text() == STARTUP
    if kind == "second name":
        assert run.exit_code == 0
        return
    assert (run.exit_code, run.outcome.error.charged) == (9, "yes")
    assert f"{part} is a" in run.output
    part.unlink()
    machine.api.api.results = machine.cdn.url("/result.mp4")
    assert (machine.run(resume=True).exit_code, machine.posts) == (0, 1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", [("run", "jobs.yaml"), ("v1-t2v", "rain")])
def test_X1_a_report_is_not_written_through_what_lies_there(machine: Bench, kind: str, command: tuple[str]) -> None:
    bashrc = victim(machine)
    plant(machine.folder / "out.json", kind, bashrc)
    result = kirin(machine, *command, "--report", "json=out.json")
    assert bashrc.read_text() == STARTUP
    if kind != "second name":
        assert (result.exit_code, machine.posts) == (2, 0), result.stderr
        assert "out.json" in result.stderr


def test_X1_a_report_does_not_take_the_place_of_a_device(machine: Bench) -> None:
    result = kirin(machine, "run", "jobs.yaml", "--report", "json=/dev/null")
    assert (result.exit_code, "'/dev/null' is a device" in result.stderr) == (2, True), result.stderr


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_X1_init_writes_through_nothing(machine: Bench, kind: str) -> None:
    bashrc = victim(machine)
    plant(machine.folder / "new.yaml", kind, bashrc)
    for flags in ([], ["--force"]):
        assert kirin(machine, "init", "v1-t2v", "-o", "new.yaml", *flags).exit_code == 2
    assert bashrc.read_text() == STARTUP


STATE_FILES = ("ledger.sqlite3", "ledger.sqlite3-wal", "ledger.sqlite3-shm", "ledger.sqlite3-journal", "recovery.jsonl")


@pytest.mark.parametrize("kind", ["link", "pipe"])
@pytest.mark.parametrize("name", STATE_FILES)
def test_X1_a_ledger_or_recovery_file_that_lies_elsewhere_or_never_ends_is_9_before_anything_is_sent(
    machine: Bench, name: str, kind: str
) -> None:
    bashrc = victim(machine)
    plant(machine.folder / "state" / name, kind, bashrc)
    result = kirin(machine, "run", "jobs.yaml")
    assert (result.exit_code, machine.posts) == (9, 0), result.stderr
    assert name in result.stderr
    assert bashrc.read_text() == STARTUP


def test_X1_a_state_folder_that_is_a_link_is_named(machine: Bench) -> None:
    (machine.folder / "elsewhere").mkdir()
    (machine.folder / "state").symlink_to("elsewhere")
    result = kirin(machine, "run", "jobs.yaml")
    assert (result.exit_code, machine.posts, "KIRIN_STATE_DIR" in result.stderr) == (9, 0, True)
    assert list((machine.folder / "elsewhere").iterdir()) == []


READ: dict[str, Callable[[Bench], tuple[str, ...]]] = {
    "job file": lambda m: ("validate", "pipe.yaml"),
    "table": lambda m: ("validate", "table.yaml"),
    "results": lambda m: ("report", "pipe.json", "--report", "markdown=-"),
    "folder of results": lambda m: ("report", ".", "--report", "markdown=-"),
}


@pytest.mark.parametrize("name", READ)
def test_X1_nothing_that_is_read_can_be_waited_for_for_ever(machine: Bench, name: str) -> None:
    for pipe in ("pipe.yaml", "pipe.json", "pipe.csv", "kirin.toml"):
        os.mkfifo(machine.folder / pipe)
    entry = "{name: a, foreach: pipe.csv, params: {prompt: x}}"
    (machine.folder / "table.yaml").write_text(f"defaults: {{model: kirin_v1_t2v}}\njobs: [{entry}]\n")
    code, running = run_process(machine, *READ[name](machine))
    assert code in {2, 9}, running.output


def test_X1_a_sidecar_that_is_a_link_is_nobodys(machine: Bench) -> None:
    assert machine.run().exit_code == 0
    note = machine.renders / "rain.json"
    note.rename(machine.folder / "elsewhere.json")
    note.symlink_to(machine.folder / "elsewhere.json")
    result = kirin(machine, "run", "jobs.yaml")
    assert (result.exit_code, machine.posts) == (2, 1), result.stderr


@pytest.mark.parametrize("command", ["run", "plan"])
def test_X1_the_output_folder_of_a_checkout_leads_out_of_it_only_when_the_person_says_so(
    machine: Bench, command: str
) -> None:
    elsewhere = machine.folder.parent / f"{machine.folder.name}-elsewhere"
    elsewhere.mkdir()
    machine.renders.symlink_to(elsewhere)
    refused = kirin(machine, command, "jobs.yaml")
    assert (refused.exit_code, machine.posts) == (2, 0), refused.stderr
    assert "jobs.yaml:" in refused.stderr
    assert "leads out of the folder of jobs.yaml through a link; -o " in refused.stderr
    assert list(elsewhere.iterdir()) == []
    said = kirin(machine, command, "jobs.yaml", "-o", "renders")
    assert said.exit_code == 0, said.stderr


def test_X1_neither_does_a_job_file_that_a_model_command_starts_from(machine: Bench) -> None:
    elsewhere = machine.folder.parent / f"{machine.folder.name}-elsewhere"
    elsewhere.mkdir()
    (checkout := machine.folder / "checkout").mkdir()
    (checkout / "out").symlink_to(elsewhere)
    (checkout / "j.yaml").write_text("model: kirin_v1_t2v\noutput: {dir: out}\nparams: {prompt: x}\n")
    for flags in ((), ("--dry-run",)):
        refused = kirin(machine, "v1-t2v", "-f", "checkout/j.yaml", *flags)
        assert (refused.exit_code, machine.posts, list(elsewhere.iterdir())) == (2, 0, []), refused.stderr
        assert "leads out of the folder of j.yaml through a link; " in refused.stderr.replace("\nhint: ", "; ")
    said = kirin(machine, "v1-t2v", "-f", "checkout/j.yaml", "-o", "checkout/out/x.mp4")
    assert (said.exit_code, [path.name for path in elsewhere.glob("*.mp4")]) == (0, ["x.mp4"]), said.stderr


SETTINGS = {
    "absolute": 'output_dir = "/tmp/elsewhere"',
    "up": 'output_dir = "../elsewhere"',
    "home": 'output_dir = "~/elsewhere"',
    "link": 'output_dir = "link/x"',
    "scope": 'scope = "again"',
    "service": 'base_url = "https://evil.example"',
    "uploads": 'upload_url = "https://evil.example"',
    "dialect": 'dialect = "documented"',
    "state": 'state_dir = "state"',
    "settle": "settle_seconds = 0",
    "key": 'api_key_file = "key"',
    "proxy": 'proxy = "http://evil.example"',
    "assumed": 'assume_cost = "0.01"',
}


@pytest.mark.parametrize("command", ["run", "plan", "validate", "config"])
@pytest.mark.parametrize("name", SETTINGS)
def test_X3_what_a_checkout_may_not_decide_is_refused_and_its_place_said(
    machine: Bench, name: str, command: str
) -> None:
    (machine.folder / "link").symlink_to("/tmp")
    (machine.folder / "kirin.toml").write_text(f"# ours\njobs = 3\n{SETTINGS[name]}\n")
    result = kirin(machine, command, *(["jobs.yaml"] if command != "config" else []))
    assert (result.exit_code, machine.posts) == (2, 0), result.stderr
    assert "kirin.toml:3" in result.stderr


def test_X3_prices_of_a_checkout_widen_no_limit(machine: Bench) -> None:
    (machine.folder / "kirin.toml").write_text('[prices]\nkirin_v1_t2v = {"std 5" = "0.01"}\n')
    result = kirin(machine, "run", "jobs.yaml", "--max-cost", "0.10")
    assert (result.exit_code, machine.posts) == (5, 0), result.stderr
    assert "kirin.toml:2" in result.stderr
    assert "came with a checkout" in result.stderr
    planned = kirin(machine, "plan", "jobs.yaml", "--json")
    assert planned.data["jobs"][0]["price_source"] == "project file"
    assert kirin(machine, "run", "jobs.yaml", "--max-cost", "1", "--assume-cost", "0.5").exit_code == 0


def test_X3_a_checkout_lowers_limits_and_raises_none(machine: Bench) -> None:
    machine.write_jobs("a", "b", "c")
    (machine.folder / "kirin.toml").write_text("max_jobs = 2\n")
    result = kirin(machine, "validate", "jobs.yaml")
    assert (result.exit_code, "more than 2 jobs" in result.stderr) == (2, True), result.stderr


ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""A locale whose file names are ASCII, as those of ISO-8859-1 lack most of the world."""
NAMES = {
    "name": "{name: 日本, params: {prompt: x}}",
    "file": "{name: a, output: {name: '日本{-n}.{ext}'}, params: {prompt: x}}",
    "folder": "{name: a, output: {dir: 日本}, params: {prompt: x}}",
    "row": "{name: '${row.name}', foreach: [{name: 日本}], params: {prompt: x}}",
}


@pytest.mark.parametrize("command", ["run", "plan", "validate"])
def test_X5_a_name_that_the_locale_lacks_is_refused_at_its_place_before_anything_is_sent(
    machine: Bench, command: str
) -> None:
    entries = "".join(f"  - {entry}\n" for entry in NAMES.values())
    machine.file.write_text(f"defaults: {{model: kirin_v1_t2v}}\njobs:\n{entries}", encoding="utf-8")
    code, running = run_process(machine, command, "jobs.yaml", **ASCII)
    assert (code, machine.posts) == (2, 0), running.output
    for line in range(3, 3 + len(NAMES)):
        assert f"jobs.yaml:{line}:" in running.err
    assert "LC_ALL=C.UTF-8" in running.err


@pytest.mark.parametrize(
    "flags",
    [("-o", "日本"), ("-o", "日本.mp4"), ("--report", "json=日本.json"), ("-o", "{prompt}.mp4"), ()],
    ids=["folder", "file", "report", "prompt", "none"],
)
def test_X5_paths_of_the_command_line_and_of_prompts_end_as_documented(machine: Bench, flags: tuple[str, ...]) -> None:
    code, running = run_process(machine, "v1-t2v", "日本", *flags, **ASCII)
    assert "Traceback" not in running.output
    assert (code, machine.posts) in {(2, 0), (0, 1)}, running.output


def test_X5_what_has_a_name_of_its_own_is_made(machine: Bench) -> None:
    entry = "{name: 日本, output: {name: japan.mp4}, params: {prompt: 日本}}"
    machine.file.write_text(f"defaults: {{model: kirin_v1_t2v}}\njobs: [{entry}]\n", encoding="utf-8")
    code, running = run_process(machine, "run", "jobs.yaml", "--report", "html=out.html", **ASCII)
    assert (code, (machine.renders / "japan.mp4").read_bytes()) == (0, CLIP), running.output
