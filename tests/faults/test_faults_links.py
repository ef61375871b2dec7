"""Where the URLs of results lead, what is sent there, and what files are called (faults D9–D11, D13)."""

import pytest
from faults.bench import CLIP, KEY, Bench
from faults.download_checks import FILE, HALF, paid_without_file, then_fetched, whole
from loopback import faults
from loopback.faults import Fault
from loopback.service import Service

from kirin_cli.ledger.states import LedgerState


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


@pytest.mark.parametrize("times", [5, 15])
@pytest.mark.parametrize(
    "late", [faults.answer(404), faults.answer(403, "<Error>AccessDenied</Error>")], ids=["404", "403"]
)
def test_D9_a_file_that_is_late_is_waited_for_with_growing_pauses(machine: Bench, late: Fault, times: int) -> None:
    machine.cdn.script(FILE, *[late] * times)
    result = machine.run()
    whole(machine, result, gets=times + 1)
    assert result.seconds > 2 ** min(times, 4)


def test_D9_a_result_that_names_no_file_yet_is_waited_for(machine: Bench) -> None:
    answers = iter([[], [], []])
    machine.api.api.results = lambda task: next(answers, machine.cdn.url("/result.mp4"))
    whole(machine, machine.run())


def test_D9_a_result_that_is_gone_is_7_after_ten_minutes_and_every_later_run_asks_again(machine: Bench) -> None:
    machine.cdn.script(FILE, then=faults.answer(404))
    result = machine.run()
    paid_without_file(machine, result, "expired")
    hint = result.outcome.error.hint
    assert f"kirin download {machine.entries()[0].task_id}" in hint
    assert "free of charge" in hint
    assert 600 <= result.seconds < 660
    assert machine.entries()[0].state is LedgerState.EXPIRED
    asked, began = machine.queries, machine.clock.now()
    once_more = machine.run()
    assert (once_more.exit_code, once_more.outcome.state, machine.queries) == (7, "expired", asked + 1)
    assert machine.clock.now() - began < 60
    machine.cdn.forget_scripts()
    assert (machine.run().exit_code, machine.posts, machine.api.truth.created()) == (0, 1, 1)


def test_D9_a_task_that_the_service_forgot_after_completion_is_expired(machine: Bench) -> None:
    machine.cdn.script(FILE, then=faults.answer(404))
    machine.api.script("GET /model/*", None, None, None, then=faults.answer(404, {"message": "task not found"}))
    paid_without_file(machine, machine.run(), "expired")


LED_ASTRAY = {
    "file": "file:///etc/passwd",
    "ftp": "ftp://127.0.0.1/x",
    "data": "data:video/mp4,x",
    "nowhere": "http://",
    "metadata": "http://169.254.169.254/latest/meta-data",
    "link-local": "http://[fe80::1]/x",
    "any": "http://0.0.0.0/x",
    "mapped": "http://[::ffff:169.254.169.254]/x",
    "decimal": "http://2852039166/latest",
    "bracket": "http://[",
    "no address": "http://[x]/",
    "look-alikes": "http://a\u2100b/",
    "port": "http://a:99999/",
    "blank": "http://a b/",
}


@pytest.mark.parametrize("way", ["redirect", "URL of the result"])
@pytest.mark.parametrize("name", LED_ASTRAY)
def test_D10_nothing_leads_where_it_must_not(machine: Bench, name: str, way: str) -> None:
    if way == "redirect":
        machine.cdn.script(FILE, then=faults.redirect(LED_ASTRAY[name]))
    else:
        machine.api.api.results = LED_ASTRAY[name]
    result = machine.run()
    assert (result.exit_code, result.outcome.error.charged) == (7, "yes")
    machine.api.api.results = machine.cdn.url("/result.mp4")
    then_fetched(machine)


def test_D10_fifty_hops_are_too_many(machine: Bench) -> None:
    machine.cdn.script(FILE, *[faults.redirect("/result.mp4")] * 50)
    assert "redirected more than 5 times" in paid_without_file(machine, machine.run())
    assert len(machine.cdn.truth.of("GET")) == 6


def test_D10_a_few_hops_are_followed(machine: Bench) -> None:
    machine.cdn.script(FILE, *[faults.redirect("/result.mp4")] * 3)
    whole(machine, machine.run(), gets=4)


def test_D11_neither_key_nor_cookies_reach_the_cdn(machine: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    (machine.folder / "netrc").write_text(f"machine 127.0.0.1 login x password {KEY}\n")
    monkeypatch.setenv("NETRC", str(machine.folder / "netrc"))
    with Service(patience=2) as other:
        url = other.serve_file("/there.mp4", CLIP)
        cookie = {"Set-Cookie": f"seen={KEY}; Path=/", "Location": url}
        machine.cdn.script(FILE, faults.cut(HALF), faults.answer(302, b"", cookie))
        result = machine.run_unjudged()
        assert (result.exit_code, len(machine.cdn.truth.requests), len(other.truth.requests)) == (0, 2, 1), (
            result.output
        )
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


NAMES = (
    "/..%2F..%2Fescape.mp4",
    "/../../escape.mp4",
    "/%00.mp4",
    f"/{'x' * 300}.mp4",
    "/CON.mp4",
    "/%E2%80%AEgpj.mp4",
    "/-rf.mp4",
    "/a.exe",
    "/.bashrc",
    "/x.mp4%0d%0aX-Y:%20z",
    "/x.mp4/.",
    "/.json",
    "/x.JSON",
    "/x.mp4.part",
)


@pytest.mark.parametrize("path", NAMES)
def test_D13_the_name_comes_from_the_local_template_alone(machine: Bench, path: str) -> None:
    header = {"Content-Disposition": 'attachment; filename="../../escape.mp4"', "Content-Type": "video/mp4"}
    machine.cdn.decide("GET", lambda _number, _request: faults.answer(200, CLIP, header))
    machine.api.api.results = machine.cdn.origin + path
    whole(machine, machine.run())
    assert not list(machine.folder.glob("*escape*"))


@pytest.mark.parametrize(
    ("path", "name"), [("/x.MOV", "rain.mov"), ("/x.mov?sig=.mp4", "rain.mov"), ("/x", "rain.mp4")]
)
def test_D13_only_a_known_suffix_is_taken_from_the_url(machine: Bench, path: str, name: str) -> None:
    machine.cdn.serve_file(path.partition("?")[0], CLIP)
    machine.api.api.results = machine.cdn.origin + path
    result = machine.run()
    assert (result.exit_code, result.outcome.outputs[0].path.name) == (0, name)
    assert machine.run().outcome.state == "skipped"
