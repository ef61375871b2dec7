"""Markdown: readable, linked, and neutral to what others wrote."""

import re
from pathlib import Path

import pytest
from support.report_data import (
    ERROR,
    HOSTILE,
    PROBLEM,
    check,
    hostile,
    hostile_check,
    hostile_plan,
    job,
    plan,
    planned_job,
    read,
    report,
    text,
)

from kirin_cli.cli.reports import sanitize
from kirin_cli.report import markdown
from kirin_cli.report.parser import ReportParser


def test_a_run_reads_like_this():
    assert text("markdown", job("a"), job("b", state="failed", error=ERROR, outputs=[], cost_usd=None, times={})) == (
        "## ❌ kirin: 2 jobs, $0.28\n"
        "\n"
        "**1 done, 1 failed** · 1 min 40 s · 2026-11-20 09:01 UTC · run abc123\n"
        "\n"
        "- ❌ **b** (jobs.yaml:4:5): failed: no – try again\n"
        "\n"
        "| | job | prompt | model | cost | time | result |\n"
        "| --- | --- | --- | --- | ---: | ---: | --- |\n"
        "| ✅ | a | Neon rain | kirin\\_v1\\_t2v | $0.28 | 42 s | [a.mp4](./renders/a.mp4) |\n"
        "| ❌ | b | Neon rain | kirin\\_v1\\_t2v |  |  | failed |\n"
    )


def test_links_start_where_the_report_lies(tmp_path):
    made = tmp_path / "out" / "ü b(1).mp4"
    assert markdown.file_link(made, tmp_path / "reports") == "../out/%C3%BC%20b%281%29.mp4"
    assert markdown.file_link(Path("javascript:alert(1)"), Path()) == "./javascript%3Aalert%281%29"


def test_missing_shards_and_possible_charges_stand_at_the_top():
    drawn = text("markdown", job("a", state="unknown", error={**ERROR, "charged": "maybe"}), shards={"missing": [2, 3]})
    assert drawn.startswith("## ❌")
    assert "1 may have been charged" in drawn
    assert "missing shards: 2, 3" in drawn


@pytest.mark.parametrize("evil", HOSTILE)
def test_H2_H3_hostile_text_neither_formats_links_mentions_nor_refers(evil):
    lines = markdown.render(ReportParser(sanitize).report(hostile(evil), Path())).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 4
    for row in rows:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 8
    for line in lines:
        bare = re.sub(r"\\[\\`*_\[\]<>|&~$#]", "", line).replace("&#8203;", "\u200b")
        bare = re.sub(r"\[[^\]]*\]\((?:\./|\.\./)[^)]*\)", "", bare)  # the links to files of this report itself
        assert not re.search(r"[<`_\[\]]|!\[|@\w|#\d|://|www\.|:\w+:(?!\d)", bare), line
        assert not re.match(r"\s*(#(?!# ❌ kirin)|>|```|::|\d+\.)", line)


def test_a_cell_is_one_line_and_a_long_prompt_is_cut():
    drawn = text("markdown", job("a", prompt="x\ny " * 400))
    assert "x y x y" in drawn
    assert max(map(len, drawn.splitlines())) < 400


def test_what_does_not_fit_is_counted():
    found = report(*(job(f"job-{number}", state="failed", error=ERROR) for number in range(2000)))
    drawn = "\n".join(markdown.lines(found, links=False, max_bytes=30_000))
    assert len(drawn.encode()) < 31_000
    troubles, rows = drawn.count("\n- ❌"), drawn.count("\n| ❌")
    assert f"… and {2000 - troubles} more problems" in drawn
    assert f"… and {2000 - rows} more jobs" in drawn
    assert troubles > 100
    assert rows > 50


def test_a_check_is_a_table_of_what_is_wrong_where():
    drawn = markdown.render(read(check({**PROBLEM, "job": "b"}, PROBLEM, {**PROBLEM, "severity": "warning"})))
    assert drawn.splitlines()[:7] == [
        "## ❌ kirin validate: 1 error, 1 warning in 2 jobs", "", "2 invalid · nothing was sent", "",
        "| | where | job | problem |", "| --- | --- | --- | --- |",
        r"| ❌ | j.yaml:&#8203;5:9 | b, a | cfg\_scale is 7 \[T4\] |",
    ]  # fmt: skip
    assert markdown.render(read(check())).startswith("## ✅ kirin validate: no problem in 2 jobs\n")


def test_a_plan_is_a_table_of_what_would_be_paid_and_why():
    dear = planned_job("b", cost_usd=None, price_source=None, seconds=None)
    done = planned_job("c", action="skip", reason="its file is there")
    drawn = markdown.render(read(plan(planned_job(), dear, done))).splitlines()
    assert drawn[0] == "## ✅ kirin plan: 2 send, 1 skip, likely cost $0.28 and 1 job without a known price"
    assert drawn[2] == "about 1 min 24 s · nothing was sent"
    first, second, third = [line for line in drawn if line.startswith("|")][2:]
    cells = [cell.strip() for cell in first.split("|")]
    assert cells[1:12] == [
        "💸", "harbour", "send: it is new", r"kirin\_v1\_t2v", "std", "10", "Neon rain", "$0.28", "2 earlier tasks",
        "1 min 24 s", "renders/harbour.mp4",
    ]  # fmt: skip
    assert "not known" in second
    assert "$" not in third


def test_a_plan_with_nothing_to_send_says_that_there_is_nothing_to_pay():
    done = planned_job("c", action="skip", reason="its file is there")
    assert markdown.render(read(plan(done))).startswith("## ✅ kirin plan: 1 skip, nothing to pay\n")


def test_a_plan_of_two_thousand_jobs_fits_into_a_comment_of_a_pull_request():
    drawn = markdown.render(read(plan(*(planned_job(f"job-{number}", prompt="ü" * 90) for number in range(2000)))))
    assert len(drawn.encode()) < 65_536
    assert re.search(r"… and \d+ more jobs", drawn)


@pytest.mark.parametrize("evil", HOSTILE)
def test_H3_a_hostile_job_file_breaks_no_row(evil):
    for data, bars in ((hostile_check(evil), 5), (hostile_plan(evil), 12)):
        rows = [line for line in markdown.render(read(data)).splitlines() if line.startswith("|")]
        assert rows
        for row in rows[-2:] if bars == 12 else rows:
            assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == bars, row
            assert "<" not in re.sub(r"\\<", "", row)
