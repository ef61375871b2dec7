"""Completion in the real shells: what TAB makes of a line, what it offers, and that nothing is started for it."""

from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("kirin ru", "run"),
        ("kirin --color al", "always"),
        ("kirin --color=ne", "--color=never"),
        ("kirin --color never sch", "schema"),
        ("kirin kirin_v1_t", "kirin_v1_t2v"),
        ("kirin v1-t2v --cam", "--camera"),
        ("kirin v1-t2v --negative-p", "--negative-prompt"),
        ("kirin v1-t2v --no-wat", "--no-watermark"),
        ("kirin v1-t2v --mode p", "pro"),
        ("kirin v1-t2v --mode=p", "--mode=pro"),
        ("kirin kirin_v1_t2v --mode p", "pro"),
        ("kirin v1-t2v --aspect-ratio 9", "9:16"),
        ("kirin v1-t2v --aspect-ratio 16:", "16:9"),
        ("kirin v1-t2v --aspect-ratio=1:", "--aspect-ratio=1:1"),
        ("kirin v1-t2v --camera-zoom -5 --camera-type fo", "forward_up"),
        ("kirin v1-5-i2v --camera-type s", "simple"),
        ("kirin v1-t2v -o re", "renders/"),
        ("kirin v1-t2v --output=ren", "--output=renders/"),
        ("kirin v1-t2v --prompt-file res", "rest.txt"),
        ("kirin run ba", "batch.yaml"),
        ("kirin run one.yaml --json ba", "batch.yaml"),
        ("kirin v1-5-i2v --image my", "my photo.png"),
        ("kirin v1-5-i2v -i CAM", "CAMERA.JPG"),
        ("kirin v1-5-i2v --image=CAM", "--image=CAMERA.JPG"),
        ("kirin v1-5-i2v --image renders/fr", "renders/frame.png"),
        ("kirin models mot", "motion-control"),
        ("kirin models kirin_mo", "kirin_motion_control"),
        ("kirin completion --json z", "zsh"),
        ("kirin v1-t2v 'a boat' --negative-p", "--negative-prompt"),
        ("kirin v1-t2v 'a boat' --mode p", "pro"),
        ("kirin wait d7", "d758n65e878c73cmdg20"),
        ("kirin wait la", "last"),
        ("kirin wait d758n65e878c73cmdg20 krn1-7", "krn1-7cd"),
        ("kirin wait krn1-2ab --js", "--json"),
    ],
)
def test_tab_completes_the_word(shell, line: str, word: str) -> None:
    # Zsh adds an `=` that the next key takes off again; so it does with a folder's `/`.
    assert shell.ends_with(line).rstrip("=/") == word.rstrip("=/")


@pytest.mark.parametrize(
    ("line", "offered", "never"),
    [
        ("kirin v1-t2v --mode ", ("std", "pro"), ("batch", "--json")),
        ("kirin video-o1 --duration ", ("3", "4", "9", "10"), ("batch",)),
        ("kirin ", ("v1-t2v", "video-o1", "run", "completion"), ("kirin_v1", "batch")),
        ("kirin video-o1 --video", ("--video", "--video-refer-type"), ("--wait",)),
        ("kirin run --", ("--report", "--json"), ("--mode",)),
        ("kirin v1-t2v --camera-t", ("--camera-tilt", "--camera-type"), ("--camera-zoom",)),
        ("kirin wait krn1-2ab ", ("d758n65e878c73cmdg20", "krn1-2ab", "krn1-7cd"), ("batch", "own-1", "--json")),
        ("kirin completion ", ("bash", "fish", "powershell"), ("batch",)),
    ],
)
def test_tab_offers_what_fits_and_nothing_else(
    shell, line: str, offered: tuple[str, ...], never: tuple[str, ...]
) -> None:
    seen = shell.offers(line, *offered)
    assert all(word in seen for word in offered)
    assert not [word for word in never if word in seen]


def test_tab_offers_the_tasks_of_the_folder_that_the_environment_names(place: Path, shell) -> None:
    shell.set_variable("KIRIN_STATE_DIR", str(place / "own"))
    try:
        assert shell.ends_with("kirin wait o") == "own-1"
        assert shell.ends_with("kirin wait d7") in {"d7", ""}
    finally:
        shell.set_variable("KIRIN_STATE_DIR", "")


@pytest.mark.parametrize(
    "line", ["kirin v1-t2v --prompt ba", "kirin v1-t2v --mode x", "kirin v1-t2v -- --mo", "kirin nothing ba"]
)
def test_tab_leaves_other_words_alone(shell, line: str) -> None:
    assert shell.ends_with(line) in {line.rpartition(" ")[2], ""}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("kirin hos", ("hostile",)),
        ("kirin hostile ", ("first", "other")),
        ("kirin hostile --word ", ("safe", "sound", "plain")),
        ("kirin hostile --word=s", ("safe", "sound")),
        ("kirin hostile --", ("--word", "--text")),
    ],
)
def test_words_that_a_shell_could_read_as_code_are_left_out_and_never_run(shell, place, line, offered):
    if len(offered) > 1:
        seen = shell.offers(line, *offered)
        assert all(word in seen for word in offered)
    else:
        assert shell.ends_with(line) == offered[0]
    shell.ends_with("kirin hostile --text x")
    shell.ends_with("kirin hostile x")
    assert [path.name for path in place.rglob("attack*")] == []


def test_no_program_was_started_for_any_of_it(shell, place: Path) -> None:
    shell.ends_with("kirin models mot")
    assert not (place / "witness").exists()
