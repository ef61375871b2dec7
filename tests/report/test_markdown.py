"""Markdown: readable, linked, and neutral to what others wrote."""

import re
from pathlib import Path

import pytest
from support.report_data import ERROR, HOSTILE, hostile, job, report, text

from kirin_cli.cli.reports import sanitize
from kirin_cli.report import markdown
from kirin_cli.report.report import ReportParser


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
