"""The gallery page in a real browser: it opens offline, plays, filters, and obeys its own policy."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support.report_data import ERROR, HOSTILE, hostile, job, output, text

from kirin_cli.cli.reports import sanitize
from kirin_cli.report import html
from kirin_cli.report.parser import ReportParser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CLIPS = Path(html.__file__).parents[1] / "sandbox" / "clips"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync", "--mute-audio",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--dump-dom",
    "--enable-logging=stderr", "--host-resolver-rules=MAP * ~NOTFOUND", "--allow-file-access-from-files",
    "--virtual-time-budget=5000",
)  # fmt: skip
PATIENCE = 90

if CHROMIUM is None and os.environ.get("KIRIN_REQUIRE_CHROMIUM") != "1":
    pytestmark = pytest.mark.skip(reason="there is no chromium here")

PROBE = """\
<iframe id="page" style="width:1280px;height:1600px" src="gallery.html"></iframe>
<script>
const out = (facts) => {
  const pre = document.createElement("pre");
  pre.textContent = JSON.stringify(facts);
  document.body.append(pre);
};
document.getElementById("page").addEventListener("load", async () => {
  const page = document.getElementById("page").contentDocument;
  const shown = () => [...page.querySelectorAll(".card:not([hidden]) h3")].map((one) => one.textContent);
  const videos = [...page.querySelectorAll("video")];
  const ready = (video) => new Promise((done) => {
    if (video.readyState >= 1) done(); else video.addEventListener("loadedmetadata", done);
  });
  await Promise.all(videos.map(ready));
  const facts = { sizes: videos.map((video) => [video.videoWidth, video.videoHeight]), all: shown() };
  const video = videos[0];
  facts.controls = [video.controls];
  video.focus();
  facts.controls.push(video.controls);
  video.muted = true;
  await video.play();
  facts.plays = !video.paused;
  const find = page.querySelector("[name=q]");
  page.body.dispatchEvent(new KeyboardEvent("keydown", { key: "/", bubbles: true }));
  facts.focused = page.activeElement === find;
  find.value = "PAPER whale";
  find.dispatchEvent(new Event("input", { bubbles: true }));
  facts.found = shown();
  facts.address = page.location.hash;
  facts.rows = page.querySelectorAll("[data-job]:not([hidden])").length;
  find.value = "nothing like it";
  find.dispatchEvent(new Event("input", { bubbles: true }));
  facts.empty = !page.querySelector(".empty").hidden;
  find.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  facts.cleared = shown().length;
  out(facts);
});
</script>
"""


class Elements(HTMLParser):
    """How many scripts there are, and the names of all attributes."""

    scripts = 0

    def __init__(self) -> None:
        super().__init__()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.attributes |= {name for name, _ in attrs}


def clip(folder: Path, name: str, ratio: str = "16x9") -> dict[str, object]:
    content = (CLIPS / f"{ratio}-5s.mp4").read_bytes()
    (folder / name).write_bytes(content)
    return output(str(folder / name), bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def opened(page: Path, address: str, tmp_path: Path) -> tuple[str, str]:
    """The document as the browser has it in the end, and what it said about it."""
    assert CHROMIUM is not None, "KIRIN_REQUIRE_CHROMIUM is set, and there is no chromium"
    ended = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", page.as_uri() + address],
        capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE, check=True,
    )  # fmt: skip
    said = [line for line in ended.stderr.splitlines() if "CONSOLE" in line]
    return ended.stdout, "\n".join(said)


def names(dom: str) -> list[str]:
    """The names on the cards that are shown."""
    cards = re.findall(r"<article[^>]*>.*?</article>", dom, re.DOTALL)
    shown = [card for card in cards if not re.match(r"<article[^>]* hidden", card)]
    return [re.search(r"<bdi>(.*?)</bdi>", card)[1] for card in shown]


@pytest.fixture
def page(tmp_path):
    jobs = (
        job("harbour", outputs=[clip(tmp_path, "a.mp4")]),
        job("whale", model="kirin_video_o1", prompt="A paper whale", outputs=[clip(tmp_path, "w.mp4", "9x16")]),
        job("ink", state="failed", outputs=[], error=ERROR, prompt="paper"),
    )
    for name, form in (("gallery.html", "html"), ("embedded.html", "html-embedded")):
        (tmp_path / name).write_text(text(form, *jobs, folder=tmp_path), "utf-8")
    return tmp_path / "gallery.html"


def test_videos_play_and_the_page_can_be_searched_with_the_keyboard(page, tmp_path):
    probe = tmp_path / "probe.html"
    probe.write_text(PROBE)
    dom, said = opened(probe, "", tmp_path)
    assert "<pre>" in dom, said
    facts = json.loads(re.search(r"<pre>(.*?)</pre>", dom)[1].replace("&amp;", "&"))
    assert facts == {
        "sizes": [[1280, 720], [720, 1280]], "all": ["harbour", "whale", "ink"], "controls": [False, True],
        "plays": True, "focused": True, "found": ["whale"], "address": "#q=PAPER+whale", "rows": 1,
        "empty": True, "cleared": 3,
    }  # fmt: skip
    assert said == ""


def test_embedded_videos_play_without_their_files(page, tmp_path):
    for file in tmp_path.glob("*.mp4"):
        file.unlink()
    (tmp_path / "embedded.html").rename(page)
    probe = tmp_path / "probe.html"
    probe.write_text(PROBE)
    dom, said = opened(probe, "", tmp_path)
    assert '"sizes":[[1280,720],[720,1280]]' in dom, said


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("#state=failed", ["ink"]), ("#model=kirin_video_o1", ["whale"]), ("#state=done&q=neon", ["harbour"]),
        ("#state=done&state=failed&q=paper", ["whale", "ink"]), ("#model=unknown", ["harbour", "whale", "ink"]),
        ("#job-2", ["harbour", "whale", "ink"]),
    ],
)  # fmt: skip
def test_the_address_holds_the_filter(page, tmp_path, address, shown):
    dom, said = opened(page, address, tmp_path)
    assert names(dom) == shown
    assert said == ""


def test_H3_hostile_text_runs_nothing(tmp_path):
    runs = [hostile(evil) for evil in HOSTILE]
    data = {**runs[0], "jobs": [one for run in runs for one in run["jobs"]], "problems": runs[4]["problems"]}
    path = tmp_path / "gallery.html"
    path.write_text(html.render(ReportParser(sanitize).report(data, tmp_path)), "utf-8")
    dom, said = opened(path, "", tmp_path)
    assert len(names(dom)) == 2 * len(HOSTILE)
    elements = Elements()
    elements.feed(dom)
    assert elements.scripts == 1
    assert not {name for name in elements.attributes if name.startswith("on")}
    assert not re.search(r"Uncaught|Content Security Policy|Refused", said)
