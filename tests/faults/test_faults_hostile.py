"""Text of others (faults H1–H4): harmless on terminals, in pipes, logs and reports; the key is nowhere."""

import html.parser
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import pytest
from faults import oracle
from faults.bench import KEY, Bench
from faults.in_process import kirin
from faults.processes import run_process
from loopback import faults
from support.terminal_screen import seen

CONTROLS = "\x1b]0;owned\x07 \x1b[2J \x9b31m \x08\x7f a\rb \u202e\u2066\u200b \x1b_x\x1b\\ \udcff"
MARKUP = "[/x] [link=file:///etc/passwd]press[/link] [red]x :smile:"
COMMANDS = "\n::error file=x::owned\n  ::add-mask::x\r\n##vso[task.setvariable variable=a]b ##[group]x ##teamcity[x]"
SPECIALS = "<script>alert(1)</script> & ]]> \"'` | **x** ![x](http://x) &lt; </pre> --> <![CDATA["
HOSTILE = f"{CONTROLS} {MARKUP} {COMMANDS} {SPECIALS} {KEY}"
REPORTS = ("json", "jsonl", "junit", "markdown", "html", "github")
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
CI_COMMAND = re.compile(r"^\s*::|##\w*\[", re.MULTILINE)


def plain(text: str) -> None:
    """Nothing in it does anything to a terminal or a CI log, and no key."""
    assert not UNSEEN.search(text.replace("\r\n", "\n")), UNSEEN.search(text)
    assert not CI_COMMAND.search(text), CI_COMMAND.search(text)
    assert KEY not in text


def on_screen(written: str) -> list[str]:
    """What a terminal shows, which understood every escape sequence there was: the live view's own few."""
    lines = seen(written)
    for line in lines:
        plain(line)
    return lines


def hostile_job(machine: Bench) -> None:
    """A job whose name and prompt are as hostile as JSON can spell and YAML can read."""
    text = HOSTILE.replace(KEY, "").replace("\udcff", "")
    machine.file.write_text(json.dumps({"jobs": [{"name": text, "model": "kirin_v1_t2v", "params": {"prompt": text}}]}))


def failing(machine: Bench) -> None:
    """A service that is friendly to nobody: words, progress, failure."""
    steps = [{"status": HOSTILE, "progress": HOSTILE}, {"status": f"x{HOSTILE}"}]
    machine.api.api.statuses = (*steps, {"status": "failed", "error": ERROR})


ERROR = {"code": HOSTILE, "message": HOSTILE}
ODD_TYPE = {"Content-Type": f"text/html; {MARKUP}{KEY}"}
WAYS: dict[str, Callable[[Bench], None]] = {
    "failed": failing,
    "refused": lambda machine: machine.api.script("POST", faults.answer(400, {"error": ERROR})),
    "refused in plain text": lambda machine: machine.api.script("POST", faults.answer(422, HOSTILE)),
    "key refused": lambda machine: machine.api.script("POST", faults.answer(401, {"message": HOSTILE})),
    "no file": lambda machine: setattr(machine.api.api, "results", f"ftp://{HOSTILE}"),
    "file refused": lambda machine: machine.cdn.script("GET", then=faults.answer(200, HOSTILE, ODD_TYPE)),
    "file elsewhere": lambda machine: machine.cdn.script("GET", then=faults.redirect(f"ftp://{KEY}@x/[/x]%1b")),
}


@pytest.mark.parametrize("way", WAYS)
def test_H1_H2_H3_H4_what_a_service_says_is_harmless_in_a_pipe_and_in_reports(machine: Bench, way: str) -> None:
    hostile_job(machine)
    WAYS[way](machine)
    reports = [word for name in REPORTS if name != "github" for word in ("--report", f"{name}=out.{name}")]
    code, process = run_process(machine, "run", "jobs.yaml", "--json", *reports, "--report", "github=auto")
    assert code in {1, 4, 7}, process.output
    plain(process.out)
    annotations = [line for line in process.lines if line.startswith("::")]
    plain("\n".join(line for line in process.lines if line not in annotations))
    assert all(re.match(r"::(error|warning|notice) ", line) for line in annotations)
    assert "owned" in process.err
    assert json.loads(process.out)["exit_code"] == code
    oracle.key_is_nowhere(KEY, process.output, machine.folder)
    for name in REPORTS[:-1]:
        REPORT_CHECKS.get(name, plain)((machine.folder / f"out.{name}").read_text())


def junit(text: str) -> None:
    plain(text)
    assert ET.fromstring(text).find(".//testcase") is not None


class Tags(html.parser.HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def page(text: str) -> None:
    assert KEY not in text
    assert "<script>alert" not in text
    parser = Tags()
    parser.feed(text)
    assert not [tag for tag, attributes in parser.tags if any(name.startswith("on") for name in attributes)]


def markdown(text: str) -> None:
    plain(text)
    assert not re.search(r"(?<!\\)(\\\\)*[<!\[]\w", text)  # each is escaped by a backslash of its own


REPORT_CHECKS: dict[str, Callable[[str], None]] = {"junit": junit, "html": page, "markdown": markdown}


@pytest.mark.parametrize("way", ["failed", "refused", "file refused"])
def test_H1_H2_H4_what_a_service_says_is_harmless_on_a_terminal(machine: Bench, way: str) -> None:
    hostile_job(machine)
    WAYS[way](machine)
    code, process = run_process(machine, "run", "jobs.yaml", terminal=True)
    assert code in {1, 7}, process.output
    screen = "".join(on_screen(process.output))
    assert "owned" in screen
    assert "[/x]" in screen
    assert ":smile:" in screen


def test_H1_names_of_files_and_folders_are_harmless_everywhere(machine: Bench) -> None:
    name = "x\x1b]0;owned\x07\u202e\n::error::[red]\udcff.yaml"
    file = machine.folder / name
    file.write_text('jobs: [{name: a, model: kirin_v1_5_i2v, params: {image: "\\e[2J\\u009b.png"}}]')
    for command in (("validate",), ("run",), ("plan",), ("validate", "--json"), ("run", "--report", "github=auto")):
        code, out, err = kirin(machine, *command, name)
        assert code == 2, err
        plain(re.sub(r"^::(error|warning) file=.*$", "", out + err, flags=re.MULTILINE))
    code, out, err = kirin(machine, name, "--x\x1b[2J")
    assert code == 2
    plain(out + err)
    code, process = run_process(machine, "run", name, terminal=True)
    assert code == 2
    assert any(r"x\x1b]0;owned\x07" in line for line in on_screen(process.output))


def test_H1_an_output_folder_is_harmless_on_standard_output(machine: Bench) -> None:
    machine.file.write_text('model: kirin_v1_t2v\nparams: {prompt: a}\noutput: {dir: "::error::\\u202e"}\n')
    code, process = run_process(machine, "run", "jobs.yaml")
    assert code == 0, process.output
    plain(process.output)
    assert process.out.endswith("jobs.mp4\n")
    code, process = run_process(machine, "run", "jobs.yaml", terminal=True)
    assert code == 0
    on_screen(process.output)


@pytest.mark.parametrize(
    "command",
    [
        "list --all-services",
        "list --all-services --json",
        "show krn1",
        "show krn1 --json",
        "usage --by file --all-services",
        "plan jobs.yaml",
        "plan jobs.yaml --json",
    ],
)
def test_H1_H3_what_the_ledger_remembers_is_harmless(machine: Bench, command: str) -> None:
    hostile_job(machine)
    failing(machine)
    assert machine.run().exit_code == 1
    code, out, err = kirin(machine, *command.split())
    assert code == 0, err
    plain(out + err)


def test_H2_markup_is_printed_as_it_is(machine: Bench) -> None:
    machine.api.script("POST", faults.answer(400, {"message": MARKUP}))
    code, process = run_process(machine, "run", "jobs.yaml")
    assert code == 1
    assert MARKUP in process.err
    machine.api.script("POST", faults.answer(400, {"message": MARKUP}))
    code, process = run_process(machine, "run", "jobs.yaml", "--retry-failed", terminal=True)
    assert MARKUP in "".join(on_screen(process.output))
