"""The gallery page as a document: what it may load, what it says, and that nothing in it came from text."""

import hashlib
import re
from base64 import b64encode
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support.report_data import ERROR, HOSTILE, TIMES, hostile, job, output, report, text

from kirin_cli.cli.reports import sanitize
from kirin_cli.report import html
from kirin_cli.report.html_charts import job_label, render_timeline
from kirin_cli.report.parser import ReportParser


class Page(HTMLParser):
    """Elements with their attributes, and the text that stands in some of them."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {"style": [], "script": [], "title": [], "h3": []}
        self._at = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._at = tag
        if tag in self.inside:
            self.inside[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self._at = ""

    def handle_data(self, data: str) -> None:
        if self.inside.get(self._at):
            self.inside[self._at][-1] += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]


def policy(page: Page) -> dict[str, list[str]]:
    (content,) = (one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy")
    return {rule.split()[0]: rule.split()[1:] for rule in content.split(";")}


def test_the_page_loads_nothing_but_its_videos():
    page = Page(text("html", job("a"), job("b")))
    addresses = [
        value for _, attributes in page.elements for name, value in attributes.items() if name in {"src", "href"}
    ]
    assert [one for one in addresses if not re.match(r"\./|#|data:image/svg", one)] == []
    assert [one["src"] for one in page.all("video")] == ["./renders/a.mp4", "./renders/b.mp4"]
    assert not re.search(r"@import|url\(", page.inside["style"][0])


def test_the_policy_names_the_style_and_the_script_by_their_hashes():
    page = Page(text("html", job()))
    rules = policy(page)
    assert rules["default-src"] == ["'none'"]
    for name in ("style", "script"):
        (content,) = page.inside[name]
        assert rules[f"{name}-src"] == [f"'sha256-{b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"]
    assert not any(name in attributes for _, attributes in page.elements for name in ("style", "onclick"))


@pytest.mark.parametrize("evil", HOSTILE)
def test_H3_hostile_text_makes_no_element_and_no_attribute(evil):
    # As long as the other, since long names are cut; what a shell could act on is in no command.
    harmless = re.sub(r"[^\w.,:/\\@=+\[\] \n-]", ";", re.sub(r"[\w.,:/\\@=+\[\] -]", "x", sanitize(evil)))
    tame = Page(html.render(ReportParser(sanitize).report(hostile(harmless), Path())))
    page = Page(html.render(ReportParser(sanitize).report(hostile(evil), Path())))
    shapes = [[(tag, set(attributes)) for tag, attributes in one.elements if tag != "wbr"] for one in (tame, page)]
    assert shapes[0] == shapes[1]
    addresses = [
        value for _, attributes in page.elements for name, value in attributes.items() if name in {"src", "href"}
    ]
    assert all(re.match(r"\./|\.\./|#|data:image/svg", one) for one in addresses)
    assert page.inside["script"] == tame.inside["script"]


def test_links_start_where_the_page_lies(tmp_path):
    made = output(str(tmp_path / "renders" / "a b.mp4"))
    page = Page(text("html", job(outputs=[made]), folder=tmp_path / "reports"))
    assert page.all("video")[0]["src"] == "../renders/a%20b.mp4"


def test_the_page_says_what_was_asked_what_it_cost_and_what_went_wrong():
    failed = job("b", state="failed", outputs=[], cost_usd=None, error={**ERROR, "charged": "maybe"}, take=2)
    page = text("html", job("a"), failed, run_id="run7")
    for said in (
        "Neon rain",
        "$0.28",
        "run7",
        "made in 42 s",
        "failed: no",
        "It may have been charged.",
        "take 2",
        "abab",
    ):
        assert said in page
    assert Page(page).inside["title"][0] == "jobs – kirin"


def test_every_control_has_a_name():
    page = Page(text("html", job("a"), job("b", state="failed")))
    assert all(one.get("aria-label") for one in page.all("video"))
    assert all("aria-label" in one or one.get("aria-hidden") for one in page.all("svg"))
    labels = re.findall(r"<label[^>]*>.*?</label>", text("html", job("a"), job("b")), re.DOTALL)
    assert all(re.sub(r"<[^>]+>", "", label).strip() for label in labels)


def test_the_timeline_has_a_bar_for_each_phase_within_the_run():
    drawn = render_timeline(report(job("a"), job("old", state="skipped")))
    rects = re.findall(r'<rect class="(\w+)" x="([\d.]+)%" width="([\d.]+)%"', drawn)
    assert [kind for kind, _, _ in rects] == ["queued", "generating", "downloading"]
    assert float(rects[0][1]) == 0
    assert sum(float(width) for _, _, width in rects) == pytest.approx(100, abs=0.1)
    assert "queued 11 s, generating 39 s, downloading 2.5 s" in drawn


@pytest.mark.parametrize(
    ("name", "take", "label"),
    [
        ("harbour", 1, ("harbour", "")), ("harbour", 2, ("harbour", "take 2")),
        ("city[mode=std,seed=1]", 1, ("city", "std, 1")), ("city[mode=std]", 3, ("city", "std, take 3")),
        ("shots[sunset][ratio=9:16]", 1, ("shots", "sunset, 9:16")), ("[x]", 1, ("[x]", "")), ("a[", 1, ("a[", "")),
        ("", 1, ("krn1-", "")),
    ],
)  # fmt: skip
def test_the_label_of_a_job_of_a_matrix_is_what_tells_it_from_the_others(name, take, label):
    assert job_label(report(job(name, take=take)).jobs[0]) == label


def test_a_long_name_in_the_timeline_keeps_its_end():
    drawn = render_timeline(report(job("the-harbour-at-night-in-the-rain-1"), job("cup")))
    assert '<span class="cut">the-harbour-at-night</span><span class="end">-in-the-rain-1</span>' in drawn
    assert '<bdi class="head">cup</bdi></a>' in drawn


def test_videos_of_different_months_are_each_drawn_from_their_own_beginning():
    late = {name: at.replace("2026-11", "2026-12") for name, at in TIMES.items()}
    drawn = render_timeline(report(job("a"), job("b", times=late), started_at=None, ended_at=None))
    assert "Time for each job" in drawn
    assert drawn.count('x="0.00%"') == 2


def test_there_is_no_plot_where_nothing_is_known():
    page = text("html", job("a", times={}, cost_usd=None))
    assert 'class="panel ' not in page


def test_an_empty_run_says_so_and_shows_its_problems():
    problem = {"severity": "error", "message": "cfg_scale is 7", "file": "j.yaml", "line": 5, "column": 9}
    page = text("html", problems=[problem], shards={"missing": [2]})
    assert "Nothing was made." in page
    assert "cfg_scale is 7" in page
    assert "j.yaml:5:9" in page
    assert "no result of these shards: 2" in page
