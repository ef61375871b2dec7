"""How progress is shown is chosen by mode; Rich is paid for by the live view alone."""

import io
import subprocess
import sys

import pytest

from kirin_cli.cli.console import make_progress
from kirin_cli.run.events import Downloading, JobEnded, Notice, Progressed, is_heard
from kirin_cli.ui.console import OutputStreams
from kirin_cli.ui.live_progress import LiveProgress
from kirin_cli.ui.progress import JsonProgress, PlainProgress, QuietProgress


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("tty", LiveProgress), ("plain", PlainProgress), ("json", JsonProgress), ("quiet", QuietProgress)],
)
def test_each_mode_has_its_way(mode, kind):
    assert isinstance(make_progress(mode, OutputStreams(None, io.StringIO(), {}), lambda: 0.0, 1), kind)


def test_nothing_is_made_for_a_quiet_run_but_what_it_looks_at():
    quiet = QuietProgress(OutputStreams(None, io.StringIO(), {}))
    assert [kind for kind in (JobEnded, Progressed, Downloading, Notice) if is_heard(quiet, kind)] == [JobEnded]
    assert is_heard([].append, Progressed)


def test_plain_output_words_and_tables_import_no_rich():
    script = (
        "import sys, kirin_cli.cli.console, kirin_cli.ui.diagnostics, kirin_cli.ui.tables\n"
        "from kirin_cli.ui.console import OutputStreams\n"
        "kirin_cli.cli.console.make_progress('plain', OutputStreams(None, None, {}), float, 1)\n"
        "sys.exit('rich' in {name.partition('.')[0] for name in sys.modules})"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
