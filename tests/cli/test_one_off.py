"""One-offs: what a video is called by itself, and the seeds of several."""

import pytest
from support.pictures import png

from kirin_cli.cli.one_off import name_of, numbered_values
from kirin_cli.models import MODELS
from kirin_cli.modelspec.types import MediaFile

T2V, I2V = MODELS["kirin_v1_t2v"], MODELS["kirin_v1_5_i2v"]


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("Neon rain over a harbour", "v1-t2v-neon-rain-over-a-harbour"),
        ("../..\n  {job} $(rm)", "v1-t2v-job-rm"),
        ("港の夜 🌃", "v1-t2v-港の夜"),
        ("🌃", "v1-t2v-untitled"),
        ("word " * 60, "v1-t2v-word-word-word-word-word-word-word-word"),
    ],
)
def test_a_video_is_called_after_model_and_prompt(prompt, name):
    assert name_of(T2V, {"prompt": prompt}) == name


def test_without_a_prompt_it_is_called_after_its_first_input():
    cup = MediaFile("media/My Cup.png", "file", path="/home/me/media/My Cup.png")
    assert name_of(I2V, {"image": cup}) == "v1-5-i2v-my-cup"
    assert name_of(I2V, {"image": MediaFile("https://a.example/cup.png", "url")}).startswith("v1-5-i2v-2")


def test_X2_no_secret_of_the_environment_is_in_a_name():
    name = name_of(T2V, {"prompt": "sign says hunter2hunter2 tonight"}, ("hunter2hunter2",))
    assert "hunter" not in name
    assert name.startswith("v1-t2v-sign-says-")


def test_a_seed_counts_up_and_nothing_else_does():
    numbered = list(numbered_values(I2V, {"prompt": "a", "seed": 7, "duration": "5"}, 3))
    assert [(values["seed"], values["duration"], suffix) for values, suffix in numbered] == [
        (7, "5", ""), (8, "5", "-2"), (9, "5", "-3"),
    ]  # fmt: skip
    assert [values for values, _ in numbered_values(I2V, {"prompt": "a"}, 2)] == [{"prompt": "a"}] * 2


def test_videos_of_one_prompt_have_names_of_their_own(workspace):
    lines = [workspace.kirin("v1-t2v", "A boat!", "-o", "clips/").stdout.strip() for _ in range(2)]
    assert len(set(lines)) == 2
    assert all(line.startswith("clips/v1-t2v-a-boat-") and line.endswith(".mp4") for line in lines)


def test_several_videos_of_one_seed_have_one_each(workspace):
    (workspace.home.work / "cup.png").write_bytes(png(400, 400))
    made = workspace.kirin("v1-5-i2v", "orbit", "-i", "cup.png", "--seed", "7", "--count", "2", "--json").data["jobs"]
    assert sorted(job["params"]["seed"] for job in made) == [7, 8]


def test_promise_11_no_wait_does_not_wait_for_what_it_takes_up(workspace):
    workspace.serve(speed=0.01)
    first, second = (workspace.kirin("v1-t2v", "rain", "--no-wait") for _ in range(2))
    assert (second.stdout, workspace.paid) == (first.stdout, 1)
    assert f"later: kirin wait {first.stdout.strip()}" in second.stderr
