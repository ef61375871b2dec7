"""`kirin again` and `-f NOTE`: the request of a task once more, what it pays, and inputs that have changed."""

import json
import os
import shutil

import pytest
from support.pictures import png
from support.workspace import open_workspace

from kirin_cli.cli.command_line import begin_command_line
from kirin_cli.cli.commands.again import flags_of_models, name_by_id
from kirin_cli.ledger.entry import Intent
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.ledger.states import LedgerEvent
from kirin_cli.models import MODELS
from kirin_cli.modelspec.flags import model_flags


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A video of a picture and a seed; what the tests do not send leaves it as it is."""
    with open_workspace(tmp_path_factory.mktemp("desk")) as workspace:
        (workspace.home.work / "cup.png").write_bytes(png(400, 400))
        workspace.kirin("v1-5-i2v", "orbit", "-i", "cup.png", "--seed", "3", "-o", "clips/orbit.mp4")
        yield workspace


def asked(workspace, *arguments):
    """The parameters that a command would send."""
    result = workspace.kirin(*arguments, "--dry-run", "--json", KIRIN_API_KEY="")
    return result.data["body"]["input"][0]["params"]


@pytest.mark.parametrize("task", ["last", "clips/orbit.mp4", "clips/orbit.json"])
def test_the_request_is_that_of_the_task_with_flags_over_it(desk, task):
    before = asked(desk, "v1-5-i2v", "orbit", "-i", str(desk.home.work / "cup.png"), "--seed", "3")
    assert asked(desk, "again", task) == before
    assert asked(desk, "again", task, "--seed", "7", "--duration", "10") == {**before, "seed": 7, "duration": "10"}
    assert asked(desk, "again", task, "other words") == {**before, "prompt": "other words"}
    assert desk.paid == 1


def test_a_note_is_a_file_to_start_from_without_any_ledger(desk, tmp_path):
    elsewhere = {"KIRIN_STATE_DIR": str(tmp_path)}
    made = desk.kirin("v1-5-i2v", "-f", "clips/orbit.json", "--seed", "8", "--dry-run", "--json", **elsewhere).data
    assert made["body"]["input"][0]["params"]["seed"] == 8
    assert desk.kirin("again", "clips/orbit.mp4", "--dry-run", "--json", **elsewhere).data["body"]
    wrong = desk.kirin("v1-t2v", "-f", "clips/orbit.json", "--dry-run", expect=2)
    assert "the video is of 'kirin_v1_5_i2v', this command is kirin_v1_t2v" in wrong.stderr


def test_a_folder_that_moved_has_its_inputs_by_the_note(desk, tmp_path):
    shutil.copytree(desk.home.work, tmp_path / "moved")
    (cup := desk.home.work / "cup.png").rename(desk.home.work / "gone.png")
    try:
        image = asked(desk, "again", str(tmp_path / "moved" / "clips" / "orbit.mp4"))["image"]
        assert str(tmp_path / "moved" / "cup.png") in image
    finally:
        (desk.home.work / "gone.png").rename(cup)


@pytest.mark.parametrize("change", ["has changed since then", "is gone"])
@pytest.mark.parametrize("command", [("again", "last"), ("v1-5-i2v", "-f", "clips/orbit.json")], ids=["again", "note"])
def test_an_input_that_is_not_what_it_was_is_named_and_nothing_is_sent(desk, command, change):
    cup = desk.home.work / "cup.png"
    whole = cup.read_bytes()
    cup.unlink()
    try:
        if "changed" in change:
            cup.write_bytes(png(500, 500))
        refused = desk.kirin(*command, expect=2)
        assert f"image was {cup} in" in refused.stderr
        assert f"that file {change}; give another with --image" in refused.stderr
        assert ("takes it as it is now" in refused.stderr) == ("changed" in change)
        (cup.with_name("new.png")).write_bytes(png(600, 600))
        assert "new.png" in asked(desk, *command, "--image", "new.png")["image"]
        told = desk.kirin("show", "last", "--to-yaml")
        assert (f"that file {change}" in told.stderr, str(cup) in told.stdout) == (True, True)
    finally:
        cup.write_bytes(whole)
    assert desk.paid == 1


def test_X2_a_secret_of_an_unchecked_parameter_is_asked_for_again(workspace):
    workspace.write("params: {prompt: rain}", "extra_params: {style: {of: '${env.STYLE}'}, 'mo od': '${env.STYLE}'}")
    workspace.kirin("v1-t2v", "-f", "jobs.yaml", "--allow-env", "STYLE", expect=1, STYLE="noir-of-mine")
    (entry,) = workspace.all_entries()
    note = {"kirin": 1, "outputs": {}, "request": json.loads(entry.request)}
    (workspace.home.work / "rain.json").write_text(json.dumps(note))
    for command in (("again", "last"), ("v1-t2v", "-f", "rain.json")):
        refused = workspace.kirin(*command, expect=2).stderr
        assert "extra_params.style.of held a secret in" in refused
        assert "which is not kept; give another with --param style=" in refused
        assert "give another with --param 'mo od='" in refused
        sent = asked(workspace, *command, "--param", "style=new", "--param", "mo od=1")
        assert (sent["style"], sent["mo od"]) == ("new", 1)
    assert "extra_params.mo od held a secret" in workspace.kirin("show", "last", "--to-yaml", expect=2).stderr
    assert len(workspace.all_entries()) == 1


def test_show_prints_a_job_file_that_asks_for_the_same(desk):
    (desk.home.work / "same.yaml").write_text(desk.kirin("show", "last", "--to-yaml").stdout)
    assert asked(desk, "v1-5-i2v", "-f", "same.yaml") == asked(desk, "again", "last")
    assert desk.kirin("validate", "same.yaml")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("last", "--camera-zoom", "3"), "camera_control"),
        (("last", "--element", "3"), "--element is a flag of video-o1"),
        (("last", "--image", "a", "--image", "b"), "--image is given 2 times; v1-5-i2v takes one"),
        (("nothing",), "The ledger has no task nothing"),
        (("last", "-f", "x.yaml"), "there is no flag -f"),
        (("last~1",), "The ledger has 1 task"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_makes_no_sense_is_refused_and_costs_nothing(desk, arguments, words):
    assert words in desk.kirin("again", *arguments, expect=2).stderr
    assert desk.paid == 1


def test_what_was_asked_for_may_not_be_known(workspace):
    workspace.kirin("wait", workspace.create_elsewhere(external_task_id="elsewhere-1"))
    refused = workspace.kirin("again", "last", expect=2).stderr
    assert "was taken up by its id alone; what was asked for is not known here" in refused


def test_promise_8_again_pays_once_for_what_was_typed_and_obeys_its_limits(workspace):
    workspace.kirin("v1-t2v", "rain")
    limited = workspace.kirin("again", "last", "--max-cost", "0.01", "--json", expect=5)
    assert (limited.data["jobs"][0]["state"], workspace.paid) == ("pending", 1)
    made = workspace.kirin("again", "last", "--duration", "10", "--json").data["jobs"]
    assert (made[0]["state"], made[0]["params"], workspace.paid) == ("done", {"prompt": "rain", "duration": "10"}, 2)
    assert len({entry.external_id for entry in workspace.all_entries()}) == 2


def test_a_job_of_a_file_that_is_not_finished_is_said_before_another_is_made(workspace):
    workspace.serve(speed=0.01)
    workspace.jobs("rain")
    workspace.kirin("run", "jobs.yaml", "--no-wait")
    (entry,) = workspace.all_entries()
    said = workspace.kirin("again", "rain", "--dry-run").stderr
    assert f"job rain is not finished: kirin wait {entry.task_id}; this makes another, at cost" in said
    assert workspace.paid == 1


def test_promise_11_again_takes_up_what_it_began_before(workspace):
    workspace.serve(speed=0.01)
    workspace.kirin("v1-t2v", "rain", "--no-wait")
    for flags in ((), ("--duration", "10")):
        paid = workspace.paid
        first = workspace.kirin("again", "last", *flags, "--no-wait")
        second = workspace.kirin("again", "last", *flags, "--no-wait")
        assert "taken up: task" in second.stderr
        assert (first.stdout, workspace.paid) == (second.stdout, paid + bool(flags))
    assert "taken up" not in workspace.kirin("again", "last", "--no-wait", "--again").stderr


def test_promise_11_no_seed_is_counted_on_from_what_the_same_command_began(workspace):
    workspace.serve(speed=0.01)
    (workspace.home.work / "cup.png").write_bytes(png(400, 400))
    workspace.kirin("v1-5-i2v", "orbit", "-i", "cup.png", "--seed", "41", "--no-wait")
    (first,) = workspace.all_entries()
    counted = ("--count", "2", "--no-wait")
    refused = workspace.kirin("again", "last", *counted, expect=2).stderr
    assert f"not finished ({first.task_id}); --count would count seed on from 41" in refused
    assert f"kirin again {first.task_id}" in refused
    sent = workspace.kirin("again", first.task_id, *counted).stdout
    assert "seed on from 42" in workspace.kirin("again", "last", *counted, expect=2).stderr
    assert workspace.kirin("again", first.task_id, *counted).stdout == sent
    assert workspace.paid == 2
    workspace.kirin("again", "last", *counted, "--dry-run")
    workspace.kirin("again", "last", *counted, "--seed", "42")
    assert workspace.paid == 3


@pytest.mark.parametrize(
    ("typed", "noted"),
    [
        (["again", "last", "--seed", "7"], ["again", "krn1-X", "--seed", "7"]),
        (["again", "--prompt", "last", "last"], ["again", "--prompt", "last", "last"]),  # which is which is not known
    ],
)
def test_the_command_that_sends_it_later_names_the_task_and_not_last(typed, noted):
    line = begin_command_line(typed)
    name_by_id("last", "krn1-X")
    assert list(line.arguments) == noted


def test_every_flag_of_every_model_is_there_once():
    flags = flags_of_models(MODELS.values())
    names = [flag.name for flag in flags]
    assert len(names) == len(set(names))
    assert set(names) == {flag.name for model in MODELS.values() for flag in model_flags(model)}
    assert next(flag for flag in flags if flag.name == "image").repeats


def test_the_last_task_is_that_of_this_key_at_this_service(workspace):
    workspace.kirin("v1-t2v", "rain", "-o", "rain.mp4")
    (own,) = workspace.all_entries()
    with Ledger.open(workspace.home.state, lambda: 2e9) as ledger:
        other = {"account": "ffff", "external_id": "krn1-other", "model": own.model, "request": own.request}
        ledger.move(ledger.intend(Intent(origin=own.origin, **other)), LedgerEvent.SEND)
    assert workspace.kirin("show", "last", "--json").data["task_id"] == own.task_id
    assert workspace.kirin("open", "last", expect=None).stdout == f"{workspace.home.work / 'rain.mp4'}\n"
    assert asked(workspace, "again", "last")["prompt"] == "rain"
    none = workspace.kirin("again", "last~1", "--dry-run", expect=2).stderr
    assert f"The ledger has 1 task of {own.origin} under this key." in none
    assert workspace.kirin("show", "last", "--json", KIRIN_API_KEY="").data["external_task_id"] == "krn1-other"
    elsewhere = {"KIRIN_BASE_URL": "https://b.example"}
    for command in ("show", "open"):
        refused = workspace.kirin(command, "last", expect=2, **elsewhere).stderr
        assert f"hint: KIRIN_BASE_URL={own.origin} kirin {command} last looks there" in refused
    assert f"hint: --base-url {own.origin}" in workspace.kirin("again", "last", expect=2, **elsewhere).stderr


@pytest.mark.skipif(os.name == "nt", reason="there is no /dev/fd")
def test_a_key_from_a_pipe_is_read_once(desk):
    read, write = os.pipe()
    os.write(write, b"sk-of-a-pipe-1234567")
    os.close(write)
    try:
        asked(desk, "again", "clips/orbit.mp4", "--api-key-file", f"/dev/fd/{read}")
    finally:
        os.close(read)
