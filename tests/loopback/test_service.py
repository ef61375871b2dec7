"""The loopback service keeps its own promises: otherwise no test that leans on it means anything."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from loopback import faults
from loopback.calls import CREATE, KEY, TASK, body_of, call, post, query
from loopback.files import clip
from loopback.proxy import tunnel
from loopback.scripts import every, one_in
from loopback.service import CERTIFICATES, Service
from loopback.unreachable import deaf_url, refused_url


def test_scripts_are_used_up_in_order_and_then_stay_or_end(api: Service) -> None:
    api.script("GET", faults.answer(500), None, then=faults.answer(503))
    assert [query(api, "x")[0] if i == 1 else call(api, "GET", "/")[0] for i in range(4)] == [500, 404, 503, 503]
    api.forget_scripts()
    assert call(api, "GET", "/")[0] == 404


def test_every_third_and_one_in_ten_by_seed(api: Service) -> None:
    api.decide("GET /three", every(3, faults.answer(500), faults.answer(502)))
    assert [call(api, "GET", "/three")[0] for _ in range(6)] == [404, 404, 500, 404, 404, 502]
    chooser = one_in(10, faults.answer(500), seed=4)
    hits = [number for number in range(1, 1001) if chooser(number, None)]  # type: ignore[arg-type]
    assert 60 < len(hits) < 140
    assert hits == [number for number in range(1, 1001) if one_in(10, faults.answer(500), seed=4)(number, None)]  # type: ignore[arg-type]


def test_a_callable_sees_the_request(api: Service) -> None:
    api.decide("POST", lambda number, request: faults.answer(500) if request.header("X-Try") == str(number) else None)
    assert call(api, "POST", CREATE, body_of("a"), {"X-Try": "1"})[0] == 500
    assert call(api, "POST", CREATE, body_of("a"), {"X-Try": "1"})[0] == 200


def test_kept_connections_carry_many_requests_and_chunks(api: Service) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)) as client:
        for number in range(3):
            client.request("POST", CREATE, iter([body_of(str(number)).encode()]), KEY, encode_chunked=True)
            assert client.getresponse().read()
    assert (api.truth.connections, api.truth.created()) == (1, 3)


def test_connections_can_be_closed_after_every_answer() -> None:
    with Service(keep_alive=False) as service:
        assert call(service, "GET", "/")[1]["Connection"] == "close"


def test_waiting_for_a_request_that_never_comes_ends(api: Service) -> None:
    with pytest.raises(TimeoutError, match="0 requests"):
        api.truth.wait("POST", timeout=0.02)
    post(api)
    assert api.truth.wait("POST")[0].target == CREATE


def test_stopping_is_quick_whatever_hangs() -> None:
    before = threading.active_count()
    service = Service().start()
    service.serve_file("/big", bytes(64 << 20))
    service.script("GET /stall", then=faults.stall())
    clients = [http.client.HTTPConnection("127.0.0.1", service.port, timeout=30) for _ in range(20)]
    for number, client in enumerate(clients):
        client.request("GET", ("/stall", "/big")[number % 2])
    service.truth.wait("GET", 20)
    began = time.perf_counter()
    service.stop()
    took = time.perf_counter() - began
    for client in clients:
        client.close()
    assert took < 4  # not the patience of 5 s
    assert threading.active_count() == before


def test_many_requests_at_once(api: Service) -> None:
    def some(first: int) -> None:
        for number in range(first, first + 25):
            post(api, f"krn1-{number % 100}")

    threads = [threading.Thread(target=some, args=(first,)) for first in range(0, 400, 25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(api.truth.of("POST")), api.truth.created(), api.truth.twice()) == (400, 100, {})


@pytest.mark.parametrize(("name", "trusted"), [("localhost", True), ("stranger", False), ("expired", False)])
def test_S2_tls_with_good_and_bad_certificates(name: str, trusted: bool) -> None:
    context = ssl.create_default_context(cafile=CERTIFICATES / f"{name}.pem")
    with (
        Service(tls=name) as service,
        closing(http.client.HTTPSConnection("127.0.0.1", service.port, timeout=30, context=context)) as client,
    ):
        if trusted:
            client.request("GET", "/")
            assert client.getresponse().read()
        else:
            with pytest.raises(ssl.SSLCertVerificationError):
                client.request("GET", "/")
            service.truth.until(lambda truth: truth.failed_handshakes == 1)
        assert len(service.truth.requests) == trusted


def test_S1_nobody_listens_or_nobody_answers() -> None:
    where = urlsplit(refused_url())
    with (
        closing(http.client.HTTPConnection(str(where.hostname), where.port, timeout=30)) as client,
        pytest.raises(ConnectionRefusedError),
    ):
        client.request("GET", "/")
    with deaf_url() as url:
        where = urlsplit(url)
        with (
            closing(http.client.HTTPConnection(str(where.hostname), where.port, timeout=0.1)) as client,
            pytest.raises(TimeoutError),
        ):
            client.request("GET", "/")


def test_S17_a_service_is_a_proxy(api: Service) -> None:
    assert call(api, "GET", f"http://cloud.example{TASK}x")[0] == 404
    assert api.truth.requests[0].target == f"http://cloud.example{TASK}x"
    with Service() as proxy:
        proxy.script("CONNECT", then=tunnel(api.port))
        with closing(http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)) as client:
            client.set_tunnel("cloud.example", 443)
            client.request("POST", CREATE, body_of("krn1-a"), KEY)
            assert client.getresponse().status == 200
        assert proxy.truth.keys == frozenset()
    assert api.truth.created("krn1-a") == 1


def test_it_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    port_file = tmp_path / "ports"
    command = [sys.executable, "-m", "loopback", "--port-file", str(port_file), "--polls", "1", "--lifetime", "20"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[1]) as process:
        try:
            assert_process_serves(_wait_for(port_file))
        finally:
            process.terminate()
    assert process.returncode == 0


def _wait_for(port_file: Path) -> dict[str, str]:
    pause, end = threading.Event(), time.monotonic() + 10
    while not port_file.exists() and time.monotonic() < end:
        pause.wait(0.01)
    found: dict[str, str] = json.loads(port_file.read_text())
    return found


def assert_process_serves(origins: dict[str, str]) -> None:
    api, cdn = (http.client.HTTPConnection(urlsplit(origins[role]).netloc, timeout=30) for role in ("api", "cdn"))
    with closing(api), closing(cdn):

        def ask(client: http.client.HTTPConnection, method: str, target: str, body: Any = None) -> bytes:
            client.request(method, target, body, KEY)
            return client.getresponse().read()

        rule = {"match": "POST", "faults": [["answer", {"status": 502, "create": True}]]}
        ask(api, "POST", "/__script__", json.dumps(rule))
        assert ask(api, "POST", CREATE, body_of("krn1-a")) == b""
        url = json.loads(ask(api, "GET", TASK + "krn1-a"))["output"][0]["content"][0]["url"]
        assert ask(cdn, "GET", url.removeprefix(origins["cdn"])) == clip(1 << 20)
        truth = json.loads(ask(api, "GET", "/__truth__"))
        assert (truth["created"], truth["keys"], len(truth["requests"])) == ({"krn1-a": 1}, ["sk-test"], 2)
