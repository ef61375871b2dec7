"""What the HTML gallery costs as a run grows: seconds of CPU to write it, its size, and the first paint in Chromium.

In tests/: python -m benchmarks.bench_gallery [JOBS]. Prints a row each for a hundredth, a tenth and all of the jobs;
asserts nothing. With 5,000 jobs: at most 2 s, linear, and at most 1 s to the first paint (left out without Chromium).
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from math import log10
from pathlib import Path

from support.report_data import job, report

from kirin_cli.report.html import render

PAINT = """<script>
new PerformanceObserver((list) => {
  for (const paint of list.getEntries()) document.title = `${paint.name} ${Math.round(paint.startTime)}`;
}).observe({type: "paint", buffered: true});
</script></head>"""
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


def write(folder: Path, jobs: int) -> tuple[float, Path]:
    """Seconds of CPU to write the page of so many jobs, and where it is."""
    made = report(*(job(f"job-{number}", prompt=f"Neon rain over harbour {number}") for number in range(jobs)))
    path = folder / f"{jobs}.html"
    began = time.process_time()
    path.write_text(render(made), encoding="utf-8")
    return time.process_time() - began, path


def first_paint(browser: str, page: Path) -> str:
    """Milliseconds from the start of the navigation until the first content is painted."""
    traced = page.with_suffix(".traced.html")
    traced.write_text(POLICY.sub("", page.read_text(encoding="utf-8")).replace("</head>", PAINT, 1), encoding="utf-8")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--timeout=15000", "--dump-dom", traced.as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout
    found = re.search(r"<title>first-contentful-paint (\d+)</title>", shown)
    return f"{found[1]} ms" if found else "not seen"


def main() -> None:
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as name:
        before = 0.0
        for size in (jobs // 100, jobs // 10, jobs):
            seconds, page = write(Path(name), size)
            paint = first_paint(browser, page) if browser else "no browser"
            growth = f", exponent {log10(seconds / before):4.2f}" if before else ""
            print(
                f"{size:6} jobs: {seconds:6.2f} s, {page.stat().st_size / 2**20:6.2f} MiB, first paint {paint}{growth}"
            )
            before = seconds


if __name__ == "__main__":
    main()
