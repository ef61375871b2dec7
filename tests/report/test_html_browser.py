"""The gallery page in a real browser: it opens offline, plays, filters, groups, copies, and obeys its own policy."""

import hashlib
import os
from pathlib import Path

import pytest
from support.browser import PROGRAM, open_browser
from support.pictures import png
from support.report_data import ERROR, HOSTILE, hostile, job, output, text

from kirin_cli.cli.reports import sanitize
from kirin_cli.report import html
from kirin_cli.report.parser import ReportParser

CLIPS = Path(html.__file__).parents[1] / "sandbox" / "clips"
NIGHT = "A paper whale\nat night"
MATRIX = "city[mode=pro,seed=2]"
SHOWN = "[...document.querySelectorAll('.card')].filter((one) => one.checkVisibility()).map((one) => one.id)"
NAMES = f"{SHOWN}.map((id) => document.querySelector(`#${{id}} h3`).textContent)"
READY = """Promise.all([...document.querySelectorAll("video")].map((video) => new Promise((done) => {
  if (video.readyState >= 1) done(); else video.addEventListener("loadedmetadata", done);
})))"""
SIZES = "[...document.querySelectorAll('video')].map((video) => [video.videoWidth, video.videoHeight])"
VIDEO = "document.querySelector('#job-1 video')"
STATE = f"(({{paused, muted, controls}}) => [paused, muted, controls])({VIDEO})"
PLAYS = f"new Promise((done) => {{ const v = {VIDEO}; if (!v.paused) done(); else v.addEventListener('play', done); }})"
NO_NAME = """[...document.querySelectorAll("button, a, input, select, video, [role=img], summary")]
  .filter((one) => one.checkVisibility() && !one.closest("details:not([open]) dl"))
  .filter((one) => !(one.ariaLabel || one.labels?.[0]?.textContent.trim() || one.textContent.trim()
    || one.querySelector("img[alt], svg[aria-label]")))
  .map((one) => one.outerHTML)"""
WIDTHS = (380, 900, 1600)
PALE = """(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, index) => sum + one * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (one) => {
    const color = getComputedStyle(one).backgroundColor;
    return color.startsWith("rgb(") ? color : behind(one.parentElement);
  };
  const ownText = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.querySelectorAll("body :not(script, option)")]
    .filter((one) => one.checkVisibility() && ownText(one) && !one.closest("svg, .unseen, .gone, .skip, .find, select"))
    .map((one) => [one, [getComputedStyle(one).color, behind(one)].map((color) => light(parse(color)))])
    .map(([one, both]) => [one, both.sort((a, b) => a - b)])
    .filter(([, [dark, bright]]) => (bright + 0.05) / (dark + 0.05) < 4.5)
    .map(([one, contrast]) => [one.outerHTML.slice(0, 90), contrast]);
})()"""
OUTSIDE = """[...document.querySelectorAll("body *")]
  .filter((one) => one.checkVisibility() && !one.closest("svg, .unseen, .skip"))
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 80))"""

if PROGRAM is None and os.environ.get("KIRIN_REQUIRE_CHROMIUM") != "1":
    pytestmark = pytest.mark.skip(reason="there is no chromium here")


def clip(folder: Path, name: str, ratio: str = "16x9") -> dict[str, object]:
    content = (CLIPS / f"{ratio}-5s.mp4").read_bytes()
    (folder / name).write_bytes(content)
    return output(str(folder / name), bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def picture(folder: Path, name: str) -> dict[str, object]:
    content = png(40, 30)
    (folder / name).write_bytes(content)
    return {
        "param": "image", "path": str(folder / name), "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened
        assert opened.said == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A gallery that links to its videos, and one in which they are."""
    folder = tmp_path_factory.mktemp("gallery")
    jobs = (
        job("harbour", outputs=[clip(folder, "a.mp4")], tags=["sea"], cost_usd="0.14"),
        job("whale", model="kirin_video_o1", prompt=NIGHT, outputs=[clip(folder, "w.mp4", "9x16")],
            inputs=[picture(folder, "whale.png")], tags=["sea", "night"], cost_usd="0.56"),
        job("ink", state="failed", outputs=[], error=ERROR, prompt="paper", cost_usd=None),
        *(job("fox", take=take, outputs=[clip(folder, f"fox-{take}.mp4")], cost_usd=f"0.{take}") for take in (1, 2, 3)),
        *(job(f"city[mode={mode},seed={seed}]", outputs=[clip(folder, f"{mode}{seed}.mp4")])
          for mode in ("std", "pro") for seed in (1, 2)),
    )  # fmt: skip
    for name, form in (("gallery.html", "html"), ("embedded.html", "html-embedded")):
        (folder / name).write_text(text(form, *jobs, folder=folder), "utf-8")
    return folder


@pytest.mark.parametrize("name", ["gallery.html", "embedded.html"])
def test_videos_play_and_pictures_are_beside_them(browser, folder, name):
    browser.open(folder / name)
    browser.js("for (const one of document.querySelectorAll('video')) one.preload = 'metadata'")
    browser.js(READY)
    sizes = browser.js(SIZES)
    assert sizes[:2] == [[1280, 720], [720, 1280]]
    assert len(sizes) == 9
    assert browser.js("document.querySelectorAll('#job-2 .inputs .thumb').length") == 1
    shown = browser.js("document.querySelector('#job-2 .thumb').getBoundingClientRect().toJSON()")
    assert (shown["width"], shown["height"]) == (62, 48)
    assert browser.js("document.querySelector('#job-2 .thumb').getAttribute('aria-label')") == "image: whale.png"


def test_embedded_videos_and_pictures_need_no_files(browser, folder, tmp_path):
    alone = tmp_path / "alone.html"
    alone.write_bytes((folder / "embedded.html").read_bytes())
    browser.open(alone)
    browser.js(READY)
    assert browser.js(SIZES)[:2] == [[1280, 720], [720, 1280]]
    clicked = """new Promise((done) => {{
      HTMLAnchorElement.prototype.click = function () {{ done([this.download, this.target, this.href.slice(0, 10)]); }};
      document.querySelector("#job-2 [data-{}]").click();
    }})"""
    assert browser.js(clicked.format("save")) == ["w.mp4", "", "data:video"]
    assert browser.js(clicked.format("open")) == ["", "_blank", "blob:file:"]
    assert browser.js("document.querySelectorAll('.gone').length") == 0


def test_a_click_takes_over_what_plays_under_the_mouse_and_the_next_one_pauses_it(browser, folder):
    browser.open(folder / "gallery.html")
    browser.js(READY)
    x, y = browser.js(
        f"(({{x, y, width, height}}) => [x + width / 2, y + height / 3])({VIDEO}.getBoundingClientRect())"
    )
    assert browser.js(STATE) == [True, False, False]
    browser.mouse("Moved", x, y)
    browser.js(PLAYS)
    browser.wait(STATE, [False, True, False])
    browser.click(x, y)
    browser.wait(STATE, [False, False, True])
    assert browser.js(f"document.activeElement === {VIDEO}")
    browser.mouse("Moved", 1, 1)
    assert browser.js(STATE)[0] is False
    browser.click(x, y)
    browser.js(
        f"new Promise((done) => {{ if ({VIDEO}.paused) done(); else {VIDEO}.addEventListener('pause', done); }})"
    )


def test_a_video_plays_and_is_searched_for_with_the_keyboard(browser, folder):
    browser.open(folder / "gallery.html")
    browser.js(f"{VIDEO}.focus()")
    assert browser.js(f"{VIDEO}.controls")
    browser.press(" ")
    browser.js(PLAYS)
    browser.js("document.activeElement.blur()")
    browser.press("/")
    assert browser.js("document.activeElement.name") == "q"
    for letter in "PAPER whale":
        browser.press(letter)
    assert browser.js(NAMES) == ["whale"]
    assert browser.js("location.hash") == "#q=PAPER+whale"
    assert browser.js("document.querySelectorAll('[data-row]:not([hidden])').length") == 1
    browser.press("?")
    assert browser.js("!document.querySelector('.empty').hidden")
    browser.press("Escape")
    assert len(browser.js(SHOWN)) == 10


ADDRESSES = {
    "#state=done&q=neon+harbour": ["harbour"], "#tag=sea&sort=cost": ["whale", "harbour"], "#state=failed": ["ink"],
    "#model=kirin_video_o1": ["whale"], "#state=done&state=failed&q=paper": ["whale", "ink"],
    "#tag=sea": ["harbour", "whale"], "#q=paper&sort=state": ["ink", "whale"],
    "#tag=sea&sort=name": ["harbour", "whale"], "#model=unknown&tag=night": ["whale"],
}  # fmt: skip


@pytest.mark.parametrize("address", list(ADDRESSES)[:2])
def test_the_address_holds_what_is_shown(browser, folder, address):
    browser.open(folder / "gallery.html", address)
    assert browser.js(NAMES) == ADDRESSES[address]


def test_a_page_follows_its_address(browser, folder):
    browser.open(folder / "gallery.html")
    for address, shown in ADDRESSES.items():
        browser.move(address)
        assert (browser.js("location.hash"), browser.js(NAMES)) == (address, shown)


def test_a_link_to_a_job_shows_all_jobs(browser, folder):
    browser.open(folder / "gallery.html", "#job-2")
    assert len(browser.js(SHOWN)) == 10


def test_a_link_to_a_job_far_down_arrives_there(browser, tmp_path):
    failed = {"state": "failed", "outputs": [], "error": {**ERROR, "message": "no " * 300}}
    jobs = [job(f"job-{number}", **failed, times={}) for number in range(80)]
    (tmp_path / "g.html").write_text(text("html", *jobs), "utf-8")
    arrives = """new Promise((done) => {{ let same = 0; const look = () => {{
      const top = document.querySelector("{}").getBoundingClientRect().top;
      same = 0 <= top && top < 200 ? same + 1 : 0;
      if (same > 10) done(true); else requestAnimationFrame(look);
    }}; look(); }})"""
    for width in WIDTHS:
        browser.open(tmp_path / "g.html", "#job-61", width=width, height=900)
        assert browser.js(arrives.format("#job-61"))
        browser.js("location.hash = '#job-7'")
        assert browser.js(arrives.format("#job-7"))


def test_jobs_are_grouped_and_takes_stay_together(browser, folder):
    browser.open(folder / "gallery.html", "#group=job")
    groups = """[...document.querySelectorAll(".group")].map((one) => [
      one.querySelector("h2 bdi").textContent, one.querySelectorAll(".card").length,
      one.querySelector("small").textContent])"""
    assert browser.js(groups) == [
        ["harbour", 1, "1 job · $0.14"], ["whale", 1, "1 job · $0.56"], ["ink", 1, "1 job"],
        ["fox", 3, "3 jobs · $0.60"], ["city", 4, "4 jobs · $1.12"],
    ]  # fmt: skip
    browser.js("location.hash = '#group=model&sort=cost'")
    browser.wait(f"{groups}[0][0]", "kirin_video_o1")
    takes = "[...document.querySelectorAll('.takes .card')].map((one) => one.getBoundingClientRect().top)"
    assert len(set(browser.js(takes))) == 1
    browser.js("location.hash = '#'")
    browser.wait(SHOWN, [f"job-{number}" for number in range(1, 11)])


def test_prompt_and_command_are_copied_as_they_are(browser, folder):
    browser.call("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    browser.open(folder / "gallery.html")
    copied = """new Promise((done) => {{
      navigator.clipboard.writeText = async (text) => done(text);
      document.querySelector("#job-{} [data-copy={}]").click();
    }})"""
    assert browser.js(copied.format(2, "prompt")) == NIGHT
    assert browser.js(copied.format(10, "command")) == f"kirin run jobs.yaml '--only={MATRIX}'"
    assert browser.js(copied.format(3, "command")) == "kirin run jobs.yaml --only=ink --retry-failed"
    browser.wait("document.getElementById('said').textContent", "The command of ink is copied")
    names = browser.js("[...document.querySelectorAll('[data-copy=prompt]')].map((one) => one.ariaLabel)")
    assert names[3:6] == [f"Copy prompt of fox, take {take}" for take in (1, 2, 3)]


def test_every_control_has_a_name_and_nothing_leaves_the_page_at_any_width(browser, folder):
    for width in WIDTHS:
        browser.open(folder / "gallery.html", width=width, height=900)
        for address in ("", "#group=job"):
            browser.move(address)
            assert browser.js(NO_NAME) == []
            assert browser.js("document.documentElement.scrollWidth") == width
            assert browser.js(OUTSIDE) == []
    for scheme in ("light", "dark"):
        browser.color(scheme)
        assert browser.js(PALE) == []
    assert browser.js("getComputedStyle(document.documentElement).colorScheme") == "light dark"


def test_labels_of_the_timeline_tell_the_jobs_of_a_matrix_apart_where_it_is_narrow(browser, folder, tmp_path):
    long = "the-harbour-of-the-old-town-at-night"
    jobs = [job(f"{long}[mode={mode},seed={seed}]") for mode in ("std", "pro") for seed in (1, 2)]
    jobs += [job(f"{long}-in-the-rain-{number}", take=2) for number in (1, 2)]
    (tmp_path / "g.html").write_text(text("html", *jobs), "utf-8")
    for width in WIDTHS:
        browser.open(tmp_path / "g.html", width=width)
        ends = """[...document.querySelectorAll(".row .end")].map((one) => {
          const [box, row] = [one.getBoundingClientRect(), one.closest(".name").getBoundingClientRect()];
          return [one.textContent, box.right <= row.right + 1];
        })"""
        assert browser.js(ends) == [
            ["std, 1", True], ["std, 2", True], ["pro, 1", True], ["pro, 2", True], ["take 2", True], ["take 2", True],
        ]  # fmt: skip


def test_the_page_reads_without_scripts(browser, folder):
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(folder / "gallery.html")
        assert len(browser.js(SHOWN)) == 10
        assert (
            browser.js("[...document.querySelectorAll('button, form, .empty')].some((one) => one.checkVisibility())")
            is False
        )
        assert browser.js("[...document.querySelectorAll('video')].every((one) => one.controls)")
        assert browser.js("document.querySelector('#job-2 a[download]').download") == "w.mp4"
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)


def test_a_card_whose_video_is_missing_says_so_and_one_whose_video_came_does_not(browser, tmp_path):
    made = clip(tmp_path, "late.mp4")
    content = (tmp_path / "late.mp4").read_bytes()
    (tmp_path / "late.mp4").unlink()
    jobs = job("gone", outputs=[{**made, "path": str(tmp_path / "gone.mp4")}]), job("late", outputs=[made])
    (tmp_path / "g.html").write_text(text("html", *jobs, folder=tmp_path), "utf-8")
    (tmp_path / "late.mp4").write_bytes(content)
    browser.open(tmp_path / "g.html")
    gone = "[...document.querySelectorAll('.gone')].map((one) => one.textContent)"
    browser.wait(gone, ["Not there as it was made: gone.mp4"])


def test_H3_hostile_text_runs_nothing(browser, tmp_path):
    runs = [hostile(evil) for evil in HOSTILE]
    data = {**runs[0], "jobs": [one for run in runs for one in run["jobs"]], "problems": runs[4]["problems"]}
    path = tmp_path / "gallery.html"
    path.write_text(html.render(ReportParser(sanitize).report(data, tmp_path)), "utf-8")
    browser.open(path)
    for address in ("", "#group=tags", "#group=job&sort=name"):
        browser.move(address)
        assert len(browser.js(SHOWN)) == 2 * len(HOSTILE)
        assert browser.js("document.scripts.length") == 1
        attributes = "[...document.querySelectorAll('*')].flatMap((one) => one.getAttributeNames())"
        assert browser.js(f"{attributes}.filter((name) => name.startsWith('on'))") == []
