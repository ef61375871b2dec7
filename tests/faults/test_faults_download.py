"""Downloads inside whole runs (rows D1-D14 of FAULTS.md): the file, its note, the ledger, the exit code, the words."""

import json
import os
import socket
import time
from functools import partial
from pathlib import Path
from typing import Any

import loopback_faults as faults
import loopback_ranges as ranges
import pytest
from faults import oracle
from faults.worlds import CLIP, KEY, Bench, Ran
from loopback import Service, clip
from loopback_exchange import Fault

from kirin_cli.api.download import Downloader, Limits
from kirin_cli.ledger.states import State
from kirin_cli.run.events import Retrying

HALF = len(CLIP) // 2
FILE = "GET /result.mp4"
HOURS = Limits(idle=0.2, failures=3)


def in_real_time(network: Any, **options: Any) -> Downloader:
    """Stalls are measured on the clock of the sockets; the pauses between attempts stay virtual."""
    return Downloader(network, **{**options, "clock": time.monotonic, "limits": HOURS})


def whole(machine: Bench, ran: Ran, gets: int | None = None) -> None:
    """One good file, one note, one paid task; and the same again costs nothing and asks for nothing."""
    assert (ran.exit_code, ran.outcome.state) == (0, "done"), ran.said
    assert [path.name for path in sorted(machine.renders.iterdir())] == ["rain.json", "rain.mp4"]
    assert (machine.posts, machine.entries()[0].state) == (1, State.DONE)
    note = json.loads((machine.renders / "rain.json").read_text())
    assert (note["cost_usd"], note["outputs"]["rain.mp4"]["bytes"]) == ("0.28", len(CLIP))
    fetched = len(machine.cdn.truth.of("GET"))
    assert gets in {None, fetched}
    again = machine.run()
    assert (again.exit_code, again.outcome.state) == (0, "skipped")
    assert (machine.posts, len(machine.cdn.truth.of("GET"))) == (1, fetched)


def paid_without_file(machine: Bench, ran: Ran, state: str = "pending") -> str:
    """Exit 7 that says so, the task named, nothing under the final name; the words are returned."""
    task = machine.api.truth.tasks[0].id
    assert (ran.exit_code, ran.outcome.state, ran.outcome.error.charged) == (7, state, "yes"), ran.said
    assert f"task {task} was generated and paid for" in ran.outcome.error.message
    assert not list(machine.renders.iterdir())
    assert machine.posts == 1
    return ran.outcome.error.message


def then_fetched(machine: Bench, **changes: Any) -> None:
    """When the trouble is over, `resume` fetches it free of charge."""
    machine.cdn.forget_scripts()
    ran = machine.run(resume=True, **changes)
    assert (ran.exit_code, ran.outcome.state, machine.posts) == (0, "done", 1), ran.said
    assert ran.outcome.outputs[0].path.read_bytes() == CLIP


RESUMED = {
    "nothing": faults.cut(0), "one byte": faults.cut(1), "half": faults.cut(HALF), "all but one": faults.cut(-1),
    "reset": faults.cut(HALF, reset=True), "no answer": faults.close_after_reading(create=False),
    "garbage": faults.raw(b"\x00\x01\r\n\r\n"), "503": faults.answer(503), "429": faults.answer(429, b"", {"Retry-After": "9"}),
}  # fmt: skip


@pytest.mark.parametrize("name", RESUMED)
def test_D1_a_download_that_is_cut_goes_on(machine: Bench, name: str) -> None:
    machine.cdn.script(FILE, RESUMED[name])
    whole(machine, machine.run(), gets=2)


ODD: dict[str, tuple[Fault, ...]] = {
    "D2 ignored": (ranges.range_ignored(),),
    "D2 shifted": (ranges.range_shifted(5),),
    "D2 no total": (ranges.content_range("bytes 10000-19999/*"),),
    "D2 another total": (ranges.content_range("bytes 10000-19999/30000"),),
    "D2 no Content-Range": (ranges.content_range(),),
    "D2 multipart": (ranges.multipart(),),
    "D3 ETag changed": (ranges.etag('"other"'),),
    "D3 ETag weak": (ranges.etag('W/"result"'),),
    "D4 416, no length": (ranges.unsatisfiable(),),
    "D4 416, another length": (ranges.unsatisfiable(7),),
    "D4 416, this length": (ranges.unsatisfiable(len(CLIP)),),
}


@pytest.mark.parametrize("name", ODD)
def test_D2_D3_D4_an_odd_rest_is_never_spliced(machine: Bench, name: str) -> None:
    machine.cdn.script(FILE, faults.cut(HALF), *ODD[name])
    whole(machine, machine.run())


def test_D3_a_file_that_changed_behind_its_url_is_fetched_from_its_start(machine: Bench) -> None:
    machine.cdn.serve_file("/result.mp4", clip(20_000, seed=5), etag='"first"')
    machine.cdn.script(FILE, lambda x: (faults.cut(HALF)(x), machine.cdn.serve_file("/result.mp4", CLIP, etag='"second"')))
    whole(machine, machine.run(), gets=2)


def test_D4_416_for_all_that_is_here_finishes(machine: Bench) -> None:
    machine.cdn.script(FILE, faults.length_off(7))
    whole(machine, machine.run(), gets=2)


@pytest.mark.parametrize("after", [0, 1, 100, HALF, len(CLIP) - 1])
def test_D5_without_a_length_the_container_tells_that_it_was_cut(machine: Bench, after: int) -> None:
    machine.cdn.script(FILE, faults.no_length(after), faults.no_length())
    whole(machine, machine.run(), gets=2)


@pytest.mark.parametrize("lengths", [("30000",), ("500",), ("-1",), ("20000", "500"), ("zwanzig",)])
def test_D6_a_wrong_length_is_tried_again(machine: Bench, lengths: tuple[str, ...]) -> None:
    machine.cdn.script(FILE, faults.lengths(*lengths))
    whole(machine, machine.run(), gets=2)


FOREIGN = {
    "D5 always cut": faults.no_length(HALF), "D6 always too long": faults.lengths("30000"),
    "D7 gzip": faults.gzipped(), "D7 bomb": faults.gzip_bomb(50_000_000),
    "D8 HTML": faults.html(), "D8 JSON": faults.answer(200, {"error": "expired"}),
    "D8 HTML as video": faults.answer(200, "<html>", {"Content-Type": "video/mp4"}),
    "D8 nothing": faults.answer(200, b"", {"Content-Type": "video/mp4"}),
    "D1 always cut": faults.cut(100), "500 for ever": faults.answer(500),
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_D5_D6_D7_D8_what_is_no_video_is_7_and_is_fetched_another_time(machine: Bench, name: str) -> None:
    machine.cdn.serve_file("/result.mp4", CLIP)  # no ETag: nothing is resumed, so a file that is always cut never comes
    machine.cdn.script(FILE, then=FOREIGN[name])
    ran = machine.run()
    paid_without_file(machine, ran)
    assert "free of charge" in ran.outcome.error.hint
    assert len(machine.cdn.truth.of("GET")) <= 6
    then_fetched(machine)


def counted(machine: Bench) -> None:
    """Every query is told another URL."""
    machine.api.api.results = lambda task: machine.cdn.url(f"/result.mp4?{task.polls}")


@pytest.mark.parametrize("status", [403, 404, 410])
@pytest.mark.parametrize("times", [1, 2])
def test_D9_a_dead_url_is_replaced_by_asking_the_task_again(machine: Bench, status: int, times: int) -> None:
    counted(machine)
    machine.cdn.script(FILE, *[faults.answer(status, "<Error>expired</Error>")] * times)
    whole(machine, machine.run(), gets=times + 1)
    assert len({request.target for request in machine.cdn.truth.requests}) == times + 1


def test_D9_a_url_that_dies_in_the_middle_is_replaced_too(machine: Bench) -> None:
    counted(machine)
    machine.cdn.script(FILE, faults.cut(HALF), faults.answer(403))
    whole(machine, machine.run(), gets=3)


def test_D9_a_result_that_is_gone_is_expired_7_and_sticky(machine: Bench) -> None:
    machine.cdn.script(FILE, then=faults.answer(404))
    ran = machine.run()
    paid_without_file(machine, ran, "expired")
    assert "--again" in ran.outcome.error.hint
    assert "new cost" in ran.outcome.error.hint
    assert (len(machine.cdn.truth.of("GET")), machine.entries()[0].state) == (3, State.EXPIRED)
    asked = machine.queries
    once_more = machine.run()
    assert (once_more.exit_code, once_more.outcome.state, machine.queries) == (7, "expired", asked)
    machine.cdn.forget_scripts()
    anew = machine.run(again=True)
    assert (anew.exit_code, machine.posts, machine.api.truth.created()) == (0, 2, 2)


def test_D9_a_task_that_the_service_forgot_after_completion_is_expired(machine: Bench) -> None:
    machine.cdn.script(FILE, then=faults.answer(404))
    machine.api.script("GET /model/*", None, None, then=faults.answer(404, {"message": "task not found"}))
    paid_without_file(machine, machine.run(), "expired")


LED_ASTRAY = {
    "file": "file:///etc/passwd", "ftp": "ftp://127.0.0.1/x", "data": "data:video/mp4,x", "nowhere": "http://",
    "metadata": "http://169.254.169.254/latest/meta-data", "link-local": "http://[fe80::1]/x", "any": "http://0.0.0.0/x",
    "mapped": "http://[::ffff:169.254.169.254]/x", "decimal": "http://2852039166/latest",
}  # fmt: skip


@pytest.mark.parametrize("way", ["redirect", "URL of the result"])
@pytest.mark.parametrize("name", LED_ASTRAY)
def test_D10_nothing_leads_where_it_must_not(machine: Bench, name: str, way: str) -> None:
    if way == "redirect":
        machine.cdn.script(FILE, then=faults.redirect(LED_ASTRAY[name]))
    else:
        machine.api.api.results = LED_ASTRAY[name]
    ran = machine.run()
    assert (ran.exit_code, ran.outcome.error.charged) == (7, "yes")
    machine.api.api.results = machine.cdn.url("/result.mp4")
    then_fetched(machine)


def test_D10_fifty_hops_are_too_many(machine: Bench) -> None:
    machine.cdn.script(FILE, *[faults.redirect("/result.mp4")] * 50)
    assert "redirected more than 5 times" in paid_without_file(machine, machine.run())
    assert len(machine.cdn.truth.of("GET")) == 6


def test_D10_a_few_hops_are_followed(machine: Bench) -> None:
    machine.cdn.script(FILE, *[faults.redirect("/result.mp4")] * 3)
    whole(machine, machine.run(), gets=4)


def test_D11_neither_key_nor_cookies_reach_the_cdn(machine: Bench) -> None:
    (machine.folder / "netrc").write_text(f"machine 127.0.0.1 login x password {KEY}\n")
    os.environ["NETRC"] = str(machine.folder / "netrc")
    with Service(patience=2) as other:
        url = other.serve_file("/there.mp4", CLIP)
        cookie = {"Set-Cookie": f"seen={KEY}; Path=/", "Location": url}
        machine.cdn.script(FILE, faults.cut(HALF), faults.answer(302, b"", cookie))
        try:
            ran = machine.run_unjudged()
        finally:
            del os.environ["NETRC"]
        assert (ran.exit_code, len(machine.cdn.truth.requests), len(other.truth.requests)) == (0, 2, 1), ran.said
        for request in (*machine.cdn.truth.requests, *other.truth.requests):
            names = {name.lower() for name, _ in request.headers}
            assert not names & {"authorization", "cookie", "proxy-authorization", "referer"}
        assert not machine.cdn.truth.saw(KEY)
        assert not other.truth.saw(KEY)
    assert machine.api.truth.keys == {KEY}


def test_D11_a_url_on_the_service_itself_gets_no_key_either(machine: Bench) -> None:
    machine.api.api.results = machine.api.serve_file("/files/result.mp4", CLIP)
    whole(machine, machine.run(), gets=0)
    (fetched,) = machine.api.truth.of("GET /files/*")
    assert fetched.header("Authorization") == ""


@pytest.mark.parametrize(
    "slow", [faults.stall(), faults.stall_after(HALF), faults.trickle(0.05, 10, body_only=True)], ids=["silent", "stops", "slow"]
)
def test_D12_a_download_that_hardly_moves_is_tried_again(machine: Bench, slow: Fault) -> None:
    machine.cdn.script(FILE, slow)
    began = time.monotonic()
    whole(machine, machine.run(downloader=in_real_time))
    assert time.monotonic() - began < 1.9  # not the patience of the server


def test_D12_a_server_that_never_moves_is_7(machine: Bench) -> None:
    machine.cdn.script(FILE, then=faults.stall())
    paid_without_file(machine, machine.run(downloader=in_real_time))
    then_fetched(machine)


NAMES = (
    "/..%2F..%2Fescape.mp4", "/../../escape.mp4", "/%00.mp4", f"/{'x' * 300}.mp4", "/CON.mp4", "/%E2%80%AEgpj.mp4", "/-rf.mp4",
    "/a.exe", "/.bashrc", "/x.mp4%0d%0aX-Y:%20z", "/x.mp4/.", "/.json", "/x.JSON", "/x.mp4.part",
)  # fmt: skip


@pytest.mark.parametrize("path", NAMES)
def test_D13_the_name_comes_from_the_local_template_alone(machine: Bench, path: str) -> None:
    header = {"Content-Disposition": 'attachment; filename="../../escape.mp4"', "Content-Type": "video/mp4"}
    machine.cdn.decide("GET", lambda _number, _request: faults.answer(200, CLIP, header))
    machine.api.api.results = machine.cdn.origin + path
    whole(machine, machine.run())
    assert not list(machine.folder.glob("*escape*"))


@pytest.mark.parametrize(("path", "name"), [("/x.MOV", "rain.mov"), ("/x.mov?sig=.mp4", "rain.mov"), ("/x", "rain.mp4")])
def test_D13_only_a_known_suffix_is_taken_from_the_url(machine: Bench, path: str, name: str) -> None:
    machine.cdn.serve_file(path.partition("?")[0], CLIP)
    machine.api.api.results = machine.cdn.origin + path
    ran = machine.run()
    assert (ran.exit_code, ran.outcome.outputs[0].path.name) == (0, name)
    assert machine.run().outcome.state == "skipped"


def in_the_way(machine: Bench, kind: str) -> Path:
    target = machine.renders / "rain.mp4"
    target.parent.mkdir(exist_ok=True)
    if kind == "file":
        target.write_text("mine")
    elif kind == "folder":
        target.mkdir()
    elif kind == "link":
        (machine.folder / "precious").write_text("mine")
        target.symlink_to(machine.folder / "precious")
    elif kind == "pipe":
        os.mkfifo(target)
    return target


def refused(machine: Bench) -> str:
    """What is said about the paths before anything is sent."""
    with pytest.raises(AssertionError) as caught:
        machine.run()
    assert machine.posts == 0
    (finding,) = caught.value.args[0] if isinstance(caught.value.args[0], list) else (caught.value,)
    return str(finding)


@pytest.mark.parametrize("kind", ["file", "folder", "link", "pipe"])
def test_D14_what_is_in_the_way_is_said_before_anything_is_sent(machine: Bench, kind: str) -> None:
    target = in_the_way(machine, kind)
    assert "rain.mp4" in refused(machine)
    assert machine.entries() == []
    assert target.is_symlink() or kind != "link"
    assert not target.is_file() or target.read_text() == "mine"
