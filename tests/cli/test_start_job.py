"""The job that a command starts from: what of a kept request can be sent again, and why the rest cannot."""

import hashlib
import json

import pytest
from support.golden_requests import GOLDEN, PARAMS, PICTURE

from kirin_cli.cli.start_job import start_from_request, unusable_inputs
from kirin_cli.errors import UsageError
from kirin_cli.media import make_inspector
from kirin_cli.models import MODELS
from kirin_cli.run.identity import request_text

O1 = MODELS["kirin_video_o1"]


def started(params, files=()):
    return start_from_request(O1, {"model": O1.id, "params": params}, dict(files), "task t1")


def unusable(params, files=()):
    return {path: value.reason for path, value in unusable_inputs(started(params, files).params)}


def test_a_file_that_is_what_it_was_stands_by_its_path_wherever_it_is_in_the_request(tmp_path):
    (cup := tmp_path / "cup.png").write_bytes(b"cup")
    digest = hashlib.sha256(b"cup").hexdigest()
    params = {"prompt": "a", "image_list": [{"image_url": {"sha256": digest}, "type": "first_frame"}]}
    job = started(params, {digest: [str(tmp_path / "gone.png"), str(cup)]})
    assert job.params == {"prompt": "a", "image_list": [{"image_url": str(cup), "type": "first_frame"}]}
    assert not list(unusable_inputs(job.params))


def test_what_cannot_be_sent_as_it_was_says_why(tmp_path):
    (cup := tmp_path / "cup.png").write_bytes(b"other")
    base64, changed, gone, folder = "1" * 64, "2" * 64, "3" * 64, "4" * 64
    files = {changed: [str(cup)], gone: [str(tmp_path / "gone.png")], folder: [str(tmp_path)]}
    images = [{"image_url": {"sha256": digest}} for digest in (base64, changed, gone, folder)]
    reasons = unusable({"image_list": images, "video_list": [{"video_url": {"job": "krn1-X"}}]}, files)
    assert list(reasons) == [*(f"image_list[{number}].image_url" for number in range(4)), "video_list[0].video_url"]
    texts = list(reasons.values())
    assert texts[0].startswith("was given as Base64 in task t1")
    assert texts[1] == f"was {cup} in task t1; that file has changed since then"
    assert texts[2].endswith("that file is gone")
    assert "cannot be read" in texts[3]
    assert texts[4] == "was the video of another job in task t1"


HOSTILE = [
    {"inputs": [{"path": "a\0b", "sha256": "1" * 64}, {"path": ["x"], "sha256": {}}, None, "x", {"path": 7}]},
    {"inputs": {"path": "x"}},
    {"inputs": [{"path": "/dev/zero", "sha256": "1" * 64}, {"path": "x" * 5000, "sha256": "1" * 64}]},
    {"request": []},
    {"request": {"model": "kirin_v1_5_i2v", "params": ["x"]}},
    {"request": {"model": "kirin_v1_5_i2v", "params": {"image": {"sha256": ["x"]}, "": {"job": {}}, "a": [[[{}]]]}}},
]


@pytest.mark.parametrize("changes", HOSTILE, ids=range(len(HOSTILE)))
def test_a_note_of_a_stranger_is_refused_in_words(home, changes):
    request = {"model": "kirin_v1_5_i2v", "params": {"image": {"sha256": "1" * 64}}}
    (home.work / "a.json").write_text(json.dumps({"kirin": 1, "outputs": {}, "request": request, **changes}))
    for command in (("v1-5-i2v", "-f", "a.json"), ("again", "a.json")):
        result = home.kirin(*command, "--sandbox")
        assert (result.exit_code, result.stdout) == (2, ""), result.stderr
        assert "a bug in kirin" not in result.stderr


@pytest.mark.parametrize(
    ("value", "is_kept"),
    [
        ("a *** b", True),
        ("three stars ***", True),
        ("the code is ***0a1b2c3d", False),
        ("https://a.example/x.png?sig=***", False),
        ("https://a.example/x.png?sig=***&page=2", False),
        ("https://a.example/x.png?page=2", True),
    ],
)
def test_X2_what_is_kept_of_a_secret_is_never_sent_in_its_place(value, is_kept):
    assert bool(unusable({"prompt": value})) != is_kept


@pytest.mark.parametrize("model_id", sorted(PARAMS))
def test_the_kept_request_of_every_model_asks_for_the_very_same(model_id, tmp_path, monkeypatch):
    """From values to what the ledger keeps and back: the same request, and the same identity."""
    model, given = MODELS[model_id], dict(PARAMS[model_id])
    given.pop("external_task_id", None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / PICTURE).write_bytes((GOLDEN / PICTURE).read_bytes())
    inspect = make_inspector(uploads=False)
    values = model.check(given, lambda text, kind: inspect(text, kind, tmp_path)).values
    kept = request_text(model_id, values)
    digest = hashlib.sha256((GOLDEN / PICTURE).read_bytes()).hexdigest()
    job = start_from_request(model, json.loads(kept), {digest: [str(tmp_path / PICTURE)]}, "task t1")
    assert not list(unusable_inputs(job.params))
    again = model.check(job.params, lambda text, kind: inspect(text, kind, tmp_path))
    assert not again.errors
    assert request_text(model_id, again.values) == kept


def test_parameters_that_the_model_does_not_have_are_sent_unchecked_as_before():
    job = started({"prompt": "a", "style": {"grain": 5}})
    assert (job.params, job.extra_params) == ({"prompt": "a"}, {"style": {"grain": 5}})


def test_a_task_taken_up_by_its_id_has_no_request():
    with pytest.raises(UsageError, match="task t1 was taken up by its id alone"):
        started({})


def test_a_file_that_cannot_be_read_has_no_line(home):
    result = home.kirin("v1-t2v", "-f", ".", "--dry-run")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (2, ".: error: cannot be read: it is a folder")


MISLEADING = """\
model: kirin_v1_t2v
vars: {city: Rome}
params:
  prompt: Neon rain, a sign in #ff00ff pink
"""


def test_what_a_file_is_warned_of_is_said_by_the_model_command_too(home):
    (home.work / "a.yaml").write_text(MISLEADING)
    checked = home.kirin("validate", "a.yaml").stderr.partition("\n2 warnings in 1 file")[0]
    shown = home.kirin("v1-t2v", "-f", "a.yaml", "--dry-run")
    assert (shown.exit_code, shown.stderr.partition("\n2 warnings in 1 file")[0]) == (0, checked)
    refused = home.kirin("v1-t2v", "-f", "a.yaml", "--dry-run", "--strict")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.endswith("2 warnings in 1 file; nothing was sent: --strict takes warnings for errors\n")


def test_everything_that_is_wrong_with_a_file_is_said_with_its_line(home):
    (home.work / "a.yaml").write_text("model: kirin_v1_t2v\ncolour: x\nmodle: x\nparams: {prompt: x}\n")
    result = home.kirin("v1-t2v", "-f", "a.yaml", "--json")
    assert [(problem["file"], problem["line"], problem["column"]) for problem in result.data["problems"]] == [
        ("a.yaml", 2, 1),
        ("a.yaml", 3, 1),
    ]


def test_a_variable_without_a_value_names_the_command_that_gives_it_one(home):
    (home.work / "a.yaml").write_text("model: kirin_v1_t2v\nparams:\n  prompt: ${city}\n")
    assert "a.yaml:3:3: error: prompt: city is not set; kirin run --set gives variables a value" in (
        home.kirin("v1-t2v", "-f", "a.yaml", "--dry-run").stderr
    )
