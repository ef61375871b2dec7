"""Flags as a job file: the file asks for the same, as often, and puts it to the same place."""

import pytest
import yaml
from support.pictures import png

FLAGS = ("v1-5-i2v", "orbit", "-i", "https://a.example/cup.png")


def printed(home, *flags):
    result = home.kirin(*FLAGS, *flags, "--to-yaml")
    assert result.exit_code == 0, result.stderr
    (home.work / "flags.yaml").write_text(result.stdout)
    return yaml.safe_load(result.stdout)


def test_one_video_is_one_job_without_any_output(home):
    params = {"prompt": "orbit", "image": "https://a.example/cup.png", "duration": "10"}
    assert printed(home, "--duration", "10") == {"version": 1, "model": "kirin_v1_5_i2v", "params": params}


@pytest.mark.parametrize(
    ("flags", "output", "names"),
    [
        (("-o", "clips/"), {"dir": "clips"}, ["clips/flags.mp4"]),
        (("-o", "x.mp4"), {"dir": ".", "name": "x.{ext}"}, ["x.mp4"]),
        (
            ("-o", "clips/x.mp4", "--count", "2"),
            {"dir": "clips", "name": "x{-take}.{ext}"},
            ["clips/x-2.mp4", "clips/x.mp4"],
        ),
        (("-o", "c/{job}.mp4", "--count", "2"), {"dir": "c", "name": "{job}.{ext}"}, None),
    ],
)
def test_output_and_count_are_in_the_file_and_run_makes_the_same(home, flags, output, names):
    document = printed(home, *flags)
    assert document["output"] == output
    assert document.get("take", 1) == (2 if "--count" in flags else 1)
    if names:
        made = home.kirin("run", "flags.yaml", "--sandbox", "-q")
        assert (made.exit_code, sorted(made.stdout.split())) == (0, names), made.stderr


def test_seeds_that_count_up_are_jobs_with_one_each(home):
    document = printed(home, "--seed", "7", "--count", "3", "-o", "clips/x.mp4")
    assert [job["params"]["seed"] for job in document["jobs"]] == [7, 8, 9]
    assert "seed" not in document["defaults"]["params"]
    made = home.kirin("run", "flags.yaml", "--sandbox", "-q")
    assert sorted(made.stdout.split()) == ["clips/x-2.mp4", "clips/x-3.mp4", "clips/x.mp4"]


def test_what_a_file_says_of_output_and_count_holds_for_the_command_that_starts_from_it(home):
    printed(home, "-o", "clips/x.mp4", "--count", "2")
    made = home.kirin("v1-5-i2v", "-f", "flags.yaml", "--sandbox", "-q")
    assert sorted(made.stdout.split()) == ["clips/x-2.mp4", "clips/x.mp4"], made.stderr
    moved = home.kirin("v1-5-i2v", "-f", "flags.yaml", "--sandbox", "-q", "-o", "y.mp4")
    assert sorted(moved.stdout.split()) == ["y-2.mp4", "y.mp4"]
    again = home.kirin("v1-5-i2v", "-f", "flags.yaml", "--to-yaml")
    assert yaml.safe_load(again.stdout)["take"] == 2


@pytest.mark.parametrize(
    ("flags", "count"), [((), 3), (("--count", "1"), 1), (("--count", "2"), 2), (("--count", "4"), 4)]
)
def test_count_overrules_how_often_a_file_makes_its_video(home, flags, count):
    printed(home, "--count", "3")
    again = home.kirin("v1-5-i2v", "-f", "flags.yaml", "--to-yaml", *flags)
    assert yaml.safe_load(again.stdout).get("take", 1) == count


@pytest.mark.parametrize(
    ("model", "params"),
    [
        ("kirin_v1_5_i2v", "{prompt: cup.png, image: cup.png}"),
        ("kirin_v1_6_multi_i2v", "{prompt: a, image_list: [cup.png, {image: ./cup.png}]}"),
        (
            "kirin_video_o1",
            "{prompt: a, image_list: [{image_url: cup.png, type: first_frame}, https://a.example/b.png]}",
        ),
    ],
)
@pytest.mark.parametrize("folder", ["sub", "~x", "a:b"])
def test_files_of_a_job_file_elsewhere_stay_the_very_files(home, folder, model, params):
    (there := home.work / folder).mkdir()
    (home.work / "cup.png").write_bytes(png(500, 500))
    (there / "cup.png").write_bytes(png(400, 400))
    (there / "j.yaml").write_text(f"{{version: 1, model: {model}, params: {params}}}")
    command = model.removeprefix("kirin_").replace("_", "-")

    def body(file):
        result = home.kirin(command, "-f", file, "--dry-run", "--json", "--full")
        assert result.exit_code == 0, result.stderr
        return result.data["body"]

    here = [f"{folder}/j.yaml", str(there / "j.yaml")]
    wanted = body(here[0])
    for file in here:
        (home.work / "t.yaml").write_text(home.kirin(command, "-f", file, "--to-yaml").stdout)
        assert body("t.yaml") == wanted
    text = (home.work / "t.yaml").read_text()
    assert (f"{folder}/cup.png" in text, str(home.work) in text) == (True, False)


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("params", "{prompt: 'x ${env.MINE}'}", "params.prompt"),
        ("extra_params", "{style: [{of: '${env.MINE}'}]}", "extra_params.style[0].of"),
    ],
)
def test_X2_a_secret_goes_into_no_file_nor_does_a_mark_in_its_place(home, field, value, path):
    document = {"params": "{prompt: a}"} | {field: value}
    lines = ("version: 1", "model: kirin_v1_t2v", *(f"{name}: {text}" for name, text in document.items()))
    (home.work / "s.yaml").write_text("\n".join(lines))
    command = ("v1-t2v", "-f", "s.yaml", "--allow-env", "MINE", "--to-yaml")
    refused = home.kirin(*command, env={"MINE": "a secret of mine, with spaces"})
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert f"{path} holds a secret, which --to-yaml writes into no file" in refused.stderr
    assert "a secret" not in refused.stderr.replace("holds a secret", "")
