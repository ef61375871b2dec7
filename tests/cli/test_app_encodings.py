"""What is printed in any encoding that a terminal or a redirected stream may have: never a crash, always words."""

import io
import sys

import pytest

from kirin_cli.cli.app import run_command_line
from kirin_cli.cli.commands import COMMANDS
from kirin_cli.ui.console import STAND_INS, encodable

ENCODINGS = (
    "ascii", "latin-1", "iso8859-2", "iso8859-15", "cp437", "cp850", "cp1252", "koi8-r",
    "cp932", "cp949", "euc-jp", "euc-kr",
)  # fmt: skip


def printed(monkeypatch, encoding, *arguments):
    """Exit code and standard output of a command line whose streams have this encoding."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True) for _ in range(2))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    code = run_command_line(arguments)
    monkeypatch.undo()
    return code, out.buffer.getvalue().decode(encoding), err.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_help_is_printed(monkeypatch, encoding):
    for command in ("", *(row.name for row in COMMANDS if not row.hidden)):
        code, out, err = printed(monkeypatch, encoding, *command.split(), "--help")
        assert (code, err) == (0, ""), command
        assert "Usage" in out or "kirin" in out
        assert r"\u2026" not in out


def test_a_sign_that_the_stream_lacks_has_a_stand_in_and_any_other_character_its_escape():
    assert encodable("a… – 3 × 4 → ✓", "latin-1") == "a... - 3 × 4 -> +"
    assert encodable("港 …", "cp437") == r"\u6e2f ..."
    assert encodable("港 …", "utf-8") == "港 …"
    assert all(value.isascii() for value in STAND_INS.values())


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp932"])
def test_errors_and_findings_are_printed(monkeypatch, encoding, tmp_path):
    path = tmp_path / "jobs.yaml"
    path.write_text("model: kirin_v1_t2v\nparams: {prompt: 'Ein Boot – näher…', duration: 7}\n", encoding="utf-8")
    code, _, err = printed(monkeypatch, encoding, "validate", str(path))
    assert code == 2
    assert "duration" in err
    code, _, err = printed(monkeypatch, encoding, "vâlidate")
    assert (code, "there is no command" in err) == (2, True)
