"""What is mistyped is named with what was probably meant, on standard error, with 2."""

import pytest


@pytest.mark.parametrize(
    ("arguments", "says", "hint"),
    [
        (("v1-t2v", "--promt", "x"), 'there is no flag --promt; did you mean "--prompt"?', "kirin v1-t2v --help"),
        (("run", "--retry-faild"), 'did you mean "--retry-failed"?', "kirin run --help"),
        (("v1-t2v", "--no-wiat"), 'did you mean "--no-wait"?', "kirin v1-t2v --help"),
        (("v1-t2v", "--quite-another"), "there is no flag --quite-another", "kirin v1-t2v --help"),
        (("valdate", "x.yaml"), "there is no command 'valdate'; did you mean \"validate\"?", "kirin --help"),
        (("--verbos",), "there is no flag --verbos", "kirin --help"),
        (("run",), "Missing argument 'FILE…'", "kirin run --help"),
        (("v1-t2v", "a", "b"), "unexpected extra argument", "kirin v1-t2v --help"),
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


def test_what_was_typed_cannot_write_to_the_terminal(home):
    done = home.kirin("v1-t2v", "--\x1b]0;title\x07")
    assert done.exit_code == 2
    assert "\x1b" not in done.stderr
    assert "\x1b" not in home.kirin("\x1b[2J").stderr
