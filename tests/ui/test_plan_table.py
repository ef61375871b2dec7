"""The plan on terminals of 60 to 200 columns, and in a pipe."""

from decimal import Decimal
from pathlib import Path

import pytest

from kirin_cli.models import MODELS
from kirin_cli.run.job import Job, OutputTarget
from kirin_cli.run.plan import PlannedJob
from kirin_cli.run.prices import JobPrice
from kirin_cli.ui.console import TerminalInfo
from kirin_cli.ui.plan_table import render_plan, totals_line
from kirin_cli.ui.terminal_text import cell_width

PRICE = JobPrice(Decimal("0.28"), "history", "the dearest of 2 earlier tasks")
PROMPT = "Neon rain over a harbour, seen from the pier at night"


def planned(name="harbour", *, price=PRICE, action="send", prompt=PROMPT):
    job = Job(
        name=name, label=name, model=MODELS["kirin_v1_t2v"], values={"prompt": prompt, "duration": "10"}, request="{}",
        external_id=f"krn1-{name}", target=OutputTarget(Path("renders"), "{job}.{ext}"),
    )  # fmt: skip
    return PlannedJob(
        job=job, action=action, reason="it is new", path=Path(f"renders/{name}.mp4"), price=price,
        price_detail=price.detail if price else "its price is not known", seconds=84.0,
    )  # fmt: skip


FACTS = ("harbour", "kirin_v1_t2v", "std", "10", "Neon rain", "$0.28", "1:24", "earlier tasks", "renders/harbour.mp4")


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_on_a_terminal_it_fits_and_loses_nothing(width):
    lines = render_plan([planned(), planned("港町の夜" * 20)], TerminalInfo(is_tty=True, width=width))
    assert max(map(cell_width, lines)) <= width
    shown = " ".join(" ".join(lines).split())
    assert [fact for fact in FACTS if fact not in shown] == []


def test_in_a_pipe_a_job_is_a_line():
    lines = render_plan([planned(), planned("cup", action="skip")], TerminalInfo(width=60))
    assert len(lines) == 3
    assert [fact for fact in FACTS if fact not in lines[1]] == []
    assert "$" not in lines[2]


def test_a_hostile_name_and_prompt_do_nothing_to_the_terminal():
    hostile = planned("x\x1b[31m\n::error::", prompt="\x9b2J\r\n##vso[task]")
    for terminal in (TerminalInfo(width=60), TerminalInfo(is_tty=True, width=60), TerminalInfo(is_tty=True, width=300)):
        text = "\n".join(render_plan([hostile], terminal))
        assert not set(text) & set("\x1b\x9b\r")
        assert "##vso" not in text
        assert not any(line.lstrip().startswith("::") for line in text.splitlines())


def test_the_totals_name_what_is_known_and_what_is_not():
    assert totals_line([], None) == "there is no job to do"
    plans = [planned(), planned("b"), planned("c", action="skip")]
    assert totals_line(plans, 84.0) == "2 send, 1 skip; likely cost $0.56, about 1 min 24 s"
    assert (
        totals_line([*plans, planned("d", price=None)], None)
        == "3 send, 1 skip; likely cost $0.56 and 1 job without a known price"
    )
    assert totals_line([planned(price=None)], None) == "1 send; no price known yet"
    assert totals_line([planned(action="fetch")], 0.0) == "1 fetch; nothing to pay"
