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
        (("v1-t2v", "a", "--count", "x"), "--count", "kirin v1-t2v --help"),
        (("v1-t2v", "a", "--timeout", "soon", "--sandbox"), "--timeout is 'soon'", ""),
        (("v1-t2v", "a", "--base-url", "ftp://x", "--dry-run"), "--base-url is 'ftp://x'", ""),
    ],
)
def test_a_mistake_is_named_with_what_was_probably_meant(home, arguments, says, hint):
    done = home.kirin(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert hint in done.stderr


def test_what_was_typed_cannot_write_to_the_terminal(home):
    done = home.kirin("v1-t2v", "--\x1b]0;title\x07")
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "\x1b" not in home.kirin("\x1b[2J").stderr
