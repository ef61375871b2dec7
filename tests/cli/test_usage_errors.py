"""What is mistyped is named with what was probably meant, on standard error, with 2."""

import pytest

from kirin_cli.cli.commands import COMMANDS


@pytest.mark.parametrize(
    ("arguments", "says", "hint"),
    [
        (("v1-t2v", "--promt", "x"), 'there is no flag --promt; did you mean "--prompt"?', "kirin v1-t2v --help"),
        (("run", "--retry-faild"), 'did you mean "--retry-failed"?', "kirin run --help"),
        (("run", "a.yaml", "--dry-run"), "there is no flag --dry-run\n", "kirin plan shows what a run would send"),
        (("v1-t2v", "--no-wiat"), 'did you mean "--no-wait"?', "kirin v1-t2v --help"),
        (("v1-t2v", "--quite-another"), "there is no flag --quite-another", "kirin v1-t2v --help"),
        (("valdate", "x.yaml"), "there is no command 'valdate'; did you mean \"validate\"?", "kirin --help"),
        (("--verbos",), "there is no flag --verbos", "kirin --help"),
        (("run",), "kirin run needs FILE…: Job files (YAML); - is standard input", "kirin run --help"),
        (("v1-t2v", "x", "--mode"), "--mode needs a value: std|pro\n", "kirin v1-t2v --help"),
        (("v1-t2v", "x", "-o"), "-o needs a value: DIR|FILE\n", "kirin v1-t2v --help"),
        (("v1-t2v", "x", "--wait=no"), "--wait takes no value; it is --wait or --no-wait\n", ""),
        (("v1-t2v", "x", "--no-wait=1"), "--no-wait takes no value; the opposite is --wait\n", ""),
        (("v1-t2v", "x", "--dry-run=1"), "--dry-run takes no value; it is --dry-run\n", ""),
        (("--model", "v1", "x"), "there is no flag --model: each model is a command\n", "kirin models lists them"),
        (("v1-t2v", "a", "paper", "boat"), "must be one: put it in quotes", 'kirin v1-t2v "a paper boat"'),
        (("video-o1", "a", "--mode", "std", "b"), "comes as 2 arguments", 'kirin video-o1 "a b"'),
        (("v1-t2v", "“a", "boat”"), "a shell does not know typographic quotes", 'kirin v1-t2v "a boat"'),
        (("v1-t2v", "a", "$HOME"), "put it in quotes", "kirin v1-t2v 'a $HOME'"),
        (("v1-t2v", "word " * 30, "x"), "put it in quotes", f'kirin v1-t2v "{("word " * 30)[:59]}…"'),
        (("again", "last", "a", "boat"), "comes as 2 arguments", 'kirin again last "a boat"'),
        (("v1-t2v", "--n", "5"), "there is no flag --n\n", ""),
        (("a paper boat",), "a prompt stands behind a model", 'kirin v1-t2v "a paper boat"'),
        (("jobs.YAML",), "there is no command 'jobs.YAML'; that is a file", "kirin run jobs.YAML"),
        (("v1-t2v", "-5 degrees"), "there is no flag -5\n", 'kirin v1-t2v --prompt="-5 degrees"'),
        (("v1-t2v", "--then rain"), "there is no flag --then rain\n", 'kirin v1-t2v --prompt="--then rain"'),
        (("models", "a", "b"), "there is no `models a`; known are add, diff, remove, search", "kirin models --help"),
        (("schema", "a", "b"), 'kirin schema: "a", "b" is too much; it takes no arguments', "kirin schema --help"),
        (("v1-t2v", "x", "--image", "a.png"), "v1-t2v has none: v1-5-i2v starts from an image", "kirin v1-t2v --help"),
        (("v1-t2v", "x", "--seed", "4"), "there is no flag --seed here, v1-t2v has none: v1-5-i2v has one", ""),
        (("v1-t2v", "x", "--keep-original-sound"), "has none: motion-control and video-o1 have one", ""),
        (("v1-t2v", "x", "--no-keep-original-sound"), "has none: motion-control and video-o1 have one", ""),
        (("video-o1", "x", "--negative-prompt", "y"), "video-o1 has none: say in the prompt what you do not", ""),
        (("motion-control", "--duration", "5"), "the reference video tells how long the result is", ""),
        (("video-o1", "x", "--no-prompt"), "there is no flag --no-prompt", ""),
        (("v1-5-i2v", "-i", "a", "--image", "b"), "--image is given twice; it takes one value", "v1-6-multi-i2v and"),
        (("v1-t2v", "x", *["--mode", "pro"] * 3), "--mode is given 3 times; it takes one value", ""),
        (("run", "a.yaml", "-j1", "--jobs=2"), "--jobs is given twice; it takes one value", ""),
        (
            ("v1-t2v", "x", "--no-wait", "--mode", "pro", "--wait"),
            "--wait and --no-wait contradict each other",
            "give one",
        ),
        (("v1-t2v", "a", "--count", "x"), "--count is 'x'; it must be a whole number, 1 to 100", "kirin v1-t2v --help"),
        (("run", "a", "-j0"), "--jobs is '0'; it must be a whole number, 1 to 10000", "kirin run --help"),
        (("list", "-n", "0"), "--limit is '0'; it must be a whole number, 1 to 1000000", "kirin list --help"),
        (("sandbox", "--seed", "1.5"), "--seed is '1.5'; it must be a whole number\n", "kirin sandbox --help"),
        (("sandbox", "--speed", "fast"), "--speed is 'fast'; it must be a number\n", "kirin sandbox --help"),
        (("v1-t2v", "a", "--timeout", "soon", "--sandbox"), "--timeout is 'soon'", ""),
        (("v1-t2v", "a", "--base-url", "ftp://x", "--dry-run"), "--base-url is 'ftp://x'", ""),
    ],
)
def test_a_mistake_is_named_with_what_was_probably_meant(home, arguments, says, hint):
    done = home.kirin(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert says in done.stderr
    assert hint in done.stderr


def test_a_wrong_number_from_the_environment_is_named_by_its_variable(home):
    done = home.kirin("run", "a.yaml", env={"KIRIN_JOBS": "many"})
    assert done.stderr.startswith("error: KIRIN_JOBS is 'many'; it must be a whole number, 1 to 10000\n")


def test_every_switch_and_its_opposite_contradict_each_other(home):
    pairs = {}
    for row in COMMANDS:
        for parameter in row.load().parameters:
            if negative := getattr(parameter.spec, "negative", ""):
                pairs.setdefault((parameter.spec.long, negative), row.name)
    assert {("--wait", "--no-wait"), ("--watermark", "--no-watermark")} < set(pairs)
    for (on, off), command in pairs.items():
        for arguments in ((on, off), (off, on, off)):
            done = home.kirin(command, *arguments)
            assert (done.exit_code, done.stderr.splitlines()[0]) == (2, f"error: {on} and {off} contradict each other")


def test_what_was_typed_cannot_write_to_the_terminal(home):
    done = home.kirin("v1-t2v", "--\x1b]0;title\x07")
    assert done.exit_code == 2
    assert "\x1b" not in done.stderr
    assert "\x1b" not in home.kirin("\x1b[2J").stderr


def test_a_switch_may_be_said_again_and_a_list_goes_on(home):
    assert home.kirin("v1-t2v", "x", "--dry-run", "--dry-run", "--strict", "--strict").exit_code == 0
    pictures = ("-i", "https://example.com/a.png", "--image", "https://example.com/b.png")
    assert home.kirin("v1-6-multi-i2v", "x", *pictures, "--dry-run").exit_code == 0
