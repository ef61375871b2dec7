"""Models that are taken in: from the sandbox, from a service of somebody else with odd specs, and from files."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from support.command_line import CommandResult, Home
from support.odd_specs import PARAMETERS, REFUSED, SPECS, OddService, parameter, spec

from kirin_cli.cli.commands.sandbox import served_models
from kirin_cli.errors import UsageError
from kirin_cli.models import MODEL_ENTRIES
from kirin_cli.sandbox.server import Sandbox

OWN = """\
model: my_model
command: mine
help: My own model.
fields:
  - {name: prompt, max_length: 10}
  - {name: mode, kind: choice, options: [std, pro], default: std}
  - {name: tail, kind: image}
rules:
  - {rule: F3, needs: {mode: pro}, at: tail}
"""


@dataclass
class Desk:
    """A home beside a service of odd specs."""

    home: Home
    service: OddService

    def kirin(self, *arguments: str, expect: int = 0, **env: str) -> CommandResult:
        result = self.home.kirin(*arguments, env={"KIRIN_MODELS_URL": self.service.url, **env})
        assert result.exit_code == expect, result
        assert "Traceback" not in result.stderr
        shown = result.stdout + result.stderr
        assert all(line.isprintable() for line in shown.replace("\t", " ").split("\n")), shown
        assert "##vso" not in shown
        return result

    def file(self, text: str, name: str = "mine.yaml") -> str:
        (self.home.work / name).write_text(text, encoding="utf-8")
        return name

    @property
    def names(self) -> list[str]:
        folder = self.home.work / "kirin-models"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def desk(home: Home) -> Iterator[Desk]:
    service = OddService()
    yield Desk(home, service)
    service.close()


def row_of(desk: Desk, model_id: str) -> dict[str, Any]:
    return next(one for one in desk.kirin("models", "--json").data["models"] if one["id"] == model_id)


ODD = [name for name in SPECS if name not in {"many", "no_parameters"}]
OTHERS = [pytest.param(name, marks=pytest.mark.slow) for name in ODD if name not in ODD[::4]]


@pytest.mark.parametrize("model_id", [*ODD[::4], *OTHERS])
def test_every_odd_spec_becomes_a_model_like_any_other(desk, model_id):
    added = desk.kirin("models", "add", model_id, "--json").data
    assert added["model"] == model_id
    command = added["command"]
    assert command in desk.kirin("--help").stdout
    assert f"Usage: kirin {command}" in desk.kirin(command, "--help").stdout
    assert model_id in desk.kirin("models", command).stdout
    desk.kirin("init", command, "-o", "jobs.yaml")
    desk.kirin("validate", "jobs.yaml")
    assert desk.kirin("plan", "jobs.yaml", "--json", KIRIN_API_KEY="x").data["exit_code"] == 0
    schema = json.loads(desk.kirin("schema").stdout)
    assert model_id in schema["definitions"]
    assert "changed nothing since" in desk.kirin("models", "diff", model_id).stderr
    desk.kirin("models", "remove", model_id)
    assert desk.names == []


def test_twenty_models_and_our_own_have_commands_of_their_own(desk):
    for model_id in PARAMETERS:
        desk.kirin("models", "add", model_id)
    models = desk.kirin("models", "--json").data["models"]
    assert [one["id"] for one in models[: len(MODEL_ENTRIES)]] == list(MODEL_ENTRIES)
    commands = [one["command"] for one in models]
    assert len(commands) == len(set(commands)) == len(MODEL_ENTRIES) + len(PARAMETERS)
    assert "Make the videos that job files describe" in desk.kirin("--help").stdout
    assert desk.kirin("run", "--help").stdout.startswith(" Usage: kirin run FILE")


@contextmanager
def sandbox(**options: Any) -> Iterator[dict[str, str]]:
    """A service that works quickly, as the environment that leads to it."""
    with Sandbox(speed=5000, **options) as service:
        yield {"KIRIN_BASE_URL": service.base_url, "KIRIN_API_KEY": str(service.key), "KIRIN_POLL_SECONDS": "0.02"}


def test_a_model_that_was_added_runs_by_flags_and_from_a_file(desk):
    desk.kirin("models", "add", "number_enum")
    refused = desk.kirin("number-enum", "a boat", "--duration", "9", expect=2)
    assert 'duration is "9"; choose 4, 8 or 12 [A10]' in refused.stderr
    sent = desk.kirin("number-enum", "a boat", "--duration", "8", "--dry-run", "--json").data
    assert sent["body"]["input"][0]["params"] == {"prompt": "a boat", "duration": 8}
    desk.file("model: number_enum\nname: b\nparams: {prompt: a boat, duration: '12', ratio: 0.5}\n", "jobs.yaml")
    with sandbox() as service:
        assert desk.kirin("number-enum", "a boat", "--duration", "8", "-o", "a.mp4", **service).stdout == "a.mp4\n"
        assert desk.kirin("run", "jobs.yaml", "--json", **service).states == {"b": "done"}


def test_the_sandbox_judges_by_the_same_spec_and_by_files_that_it_is_given(desk):
    name = desk.file(OWN)
    own = served_models([desk.home.work / name])
    assert own["my_model"].names == ("prompt", "mode", "tail", "external_task_id")
    assert "kirin_v1_t2v" in own
    desk.kirin("models", "add", name)
    with sandbox(models=own) as service:
        refused = desk.kirin("mine", "a", "--param", "length=5", expect=1, **service)
        assert "unknown parameter" in refused.stderr
        desk.kirin("mine", "a", **service)
    ours = desk.file(OWN.replace("my_model", "kirin_v1_t2v"))
    with pytest.raises(UsageError, match="comes with kirin"):
        served_models([desk.home.work / ours])


def test_a_command_without_a_prompt_takes_none(desk):
    desk.kirin("models", "add", "speech")
    assert "PROMPT" not in desk.kirin("speech", "--help").stdout
    assert "is too much" in desk.kirin("speech", "hello", expect=2).stderr


def test_a_model_lies_beside_kirin_toml_or_with_user_in_the_own_folder(desk):
    (desk.home.work / "kirin.toml").write_text("")
    assert desk.kirin("models", "add", "plain_t2v").stdout == "kirin-models/plain_t2v.yaml\n"
    assert desk.names == ["plain_t2v.yaml"]
    desk.kirin("models", "add", "run", "--user")
    assert (desk.home.config / "models" / "run.yaml").exists()
    assert row_of(desk, "run")["command"] == "model-run"
    desk.kirin("models", "remove", "run", "--user")
    assert "no added model" in desk.kirin("models", "remove", "run", expect=2).stderr


def test_provenance_stands_in_the_file(desk):
    desk.kirin("models", "add", "plain_t2v")
    text = (desk.home.work / "kirin-models" / "plain_t2v.yaml").read_text()
    assert f"  url: {desk.service.url}/api/v1/skill/models/plain_t2v/spec\n" in text
    assert "  date: " in text
    assert "  sha256: " in text


def test_a_file_is_not_replaced_unless_asked_and_diff_says_what_changed(desk):
    desk.kirin("models", "add", "plain_t2v")
    desk.service.specs["plain_t2v"] = spec(
        "plain_t2v", [parameter("prompt", required=True, max_length=900), parameter("seed", "integer")]
    )
    assert "is there already" in desk.kirin("models", "add", "plain_t2v", expect=2).stderr
    found = desk.kirin("models", "diff", "plain_t2v", "--json").data
    assert not found["unchanged"]
    assert {(one["path"], one["fact"], one["here"], one["there"]) for one in found["changes"]} >= {
        ("prompt", "max_length", "800", "900"),
        ("seed", "parameter", "", "integer"),
        ("mode", "parameter", "string", ""),
    }
    lines = desk.kirin("models", "diff", "plain-t2v").stdout.splitlines()
    assert "prompt: max_length is 900, here 800" in lines
    assert "seed is new (integer)" in lines
    desk.kirin("models", "add", "plain_t2v", "--force")
    assert desk.kirin("models", "diff", "plain_t2v").stdout == ""


def test_our_own_models_stay_and_diff_shows_what_the_spec_has_beyond(desk):
    desk.service.specs["kirin_v1_t2v"] = spec("kirin_v1_t2v", [parameter("prompt"), parameter("sharp", "boolean")])
    found = desk.kirin("models", "diff", "v1-t2v")
    assert "sharp is new (boolean)" in found.stdout
    assert "stays as kirin brings it along; --param sends what is new" in found.stderr
    desk.kirin("models", "add", "kirin_v1_t2v")
    assert "--sharp" not in desk.kirin("v1-t2v", "--help").stdout
    warned = desk.kirin("v1-t2v", "a", "--param", "sharp=true", "--dry-run")
    assert "the service's spec in kirin-models/kirin_v1_t2v.yaml has it: boolean" in warned.stderr
    assert '"sharp": true' in warned.stdout
    desk.file("model: kirin_v1_t2v\nparams: {prompt: a}\nextra_params: {sharp: maybe}\n", "jobs.yaml")
    assert "but takes another value: " in desk.kirin("validate", "jobs.yaml").stderr
    assert "comes with kirin and stays" not in desk.kirin("models", "remove", "kirin_v1_t2v").stderr
    assert "comes with kirin and stays" in desk.kirin("models", "remove", "kirin_v1_t2v", expect=2).stderr


@pytest.mark.parametrize("model_id", [*REFUSED, "nobody", "../../etc/passwd", "a b", "x\x1b[31m"])
def test_what_cannot_be_taken_in_is_refused_and_leaves_nothing(desk, model_id):
    desk.kirin("models", "add", model_id, expect=2)
    assert desk.names == []


def test_search_lists_what_fits_and_what_is_here_in_harmless_text(desk):
    desk.kirin("models", "add", "plain_t2v")
    assert "plain_t2v" in desk.kirin("models", "search", "plain").stdout
    rows = desk.kirin("models", "search", "--json").data["models"]
    assert {row["id"]: row["here"] for row in rows}["plain_t2v"] == "added"
    assert len(rows) > 20
    assert "offers nothing" in desk.kirin("models", "search", "no", "such").stderr


def test_a_file_of_ones_own_is_taken_as_it_is_with_its_rules(desk):
    assert desk.kirin("models", "add", desk.file(OWN + "# mine\n")).stdout == "kirin-models/my_model.yaml\n"
    assert (desk.home.work / "kirin-models" / "my_model.yaml").read_text() == OWN + "# mine\n"
    refused = desk.kirin("mine", "a", "--tail", "https://example.com/a.png", expect=2)
    assert "--tail: error: tail needs mode pro (mode is std) [F3]" in refused.stderr
    assert "F3" in desk.kirin("models", "mine").stdout


def test_an_answer_of_the_service_that_was_kept_as_json_is_taken_too(desk):
    name = desk.file(json.dumps({"status": {"code": 200}, "data": SPECS["plain_t2v"]}), "plain.json")
    desk.kirin("models", "add", name)
    assert "url: plain.json" in (desk.home.work / "kirin-models" / "plain_t2v.yaml").read_text()


def test_every_mistake_of_a_file_is_said_before_it_is_taken(desk):
    refused = desk.kirin("models", "add", desk.file(OWN + "rule: 1\nfield: 2\n"), expect=2)
    assert "mine.yaml:10:1" in refused.stderr
    assert "mine.yaml:11:1" in refused.stderr
    assert "2 problems" in refused.stderr
    assert desk.names == []


def test_a_broken_file_stops_nobody_else_and_is_said_where_it_matters(desk):
    desk.kirin("models", "add", desk.file(OWN))
    path = desk.home.work / "kirin-models" / "my_model.yaml"
    path.write_text(OWN.replace("max_length: 10", "max_length: ten"))
    desk.file("jobs:\n  - {name: a, model: kirin_v1_t2v, params: {prompt: a}}\n", "good.yaml")
    desk.kirin("validate", "good.yaml")
    desk.kirin("v1-t2v", "a", "--dry-run")
    assert "mine" in desk.kirin("--help").stdout
    assert " mine " in desk.home.process("--help").stdout
    assert "kirin-models/my_model.yaml:5:" in desk.kirin("models").stderr
    assert "kirin-models/my_model.yaml:5:" in desk.kirin("mine", "a", expect=2).stderr
    desk.file("model: my_model\nname: a\nparams: {prompt: a}\n", "bad.yaml")
    found = desk.kirin("validate", "bad.yaml", "--json", expect=2).data
    assert "kirin-models/my_model.yaml:5:" in found["jobs"][0]["errors"][0]["message"]
    desk.kirin("models", "remove", "my_model")


def test_a_task_of_a_model_that_is_gone_is_fetched_all_the_same(desk):
    desk.kirin("models", "add", desk.file(OWN))
    with sandbox() as service:
        task_id = desk.kirin("mine", "a", "--no-wait", "-o", "a.mp4", **service).stdout.strip()
        desk.kirin("models", "remove", "mine")
        assert desk.kirin("wait", task_id, **service).stdout.strip().endswith("a.mp4")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add",), "takes one ID or FILE"),
        (("diff", "a", "b"), "takes one ID"),
        (("ad", "x"), 'did you mean "add"?'),
        (("remove", "nobody"), "no added model"),
        (("diff", "nobody"), "there is no model"),
        (("add", "none.yaml"), "cannot be read"),
        (("kirin_v1_t2w",), 'did you mean "kirin_v1_t2v"?'),
    ],
)
def test_mistakes_are_said_in_words(desk, arguments, words):
    assert words in desk.kirin("models", *arguments, expect=2).stderr


def test_X1_quickstart_writes_its_pictures_through_no_linked_folder(home: Home) -> None:
    (home.work / "i").mkdir()
    (home.root / "elsewhere").mkdir()
    (home.work / "i" / "media").symlink_to(home.root / "elsewhere")
    for more in ((), ("--force",)):
        done = home.kirin("init", "quickstart", "-o", "i/jobs.yaml", *more)
        assert (done.exit_code, "symbolic link" in done.stderr) == (2, True)
    assert list((home.root / "elsewhere").iterdir()) == []
    assert [path.name for path in (home.work / "i").iterdir()] == ["media"]
