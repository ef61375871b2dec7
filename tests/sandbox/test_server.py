"""Starting and stopping: ports, keys, broken clients, nothing left behind."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sandbox.client import CREATE, Client, url_of
from support.pictures import png

from kirin_cli.errors import LocalError, UsageError
from kirin_cli.sandbox.server import Sandbox


def test_a_key_is_random_at_every_start_unless_given():
    assert Sandbox().key != Sandbox().key
    assert Sandbox(seed=1).key != Sandbox(seed=1).key
    assert Sandbox(key="mine").key == "mine"


def test_it_listens_on_the_port_asked_for_and_says_so_where_it_cannot(serve):
    taken = serve().running.base_url.rpartition(":")[2]
    with pytest.raises(LocalError, match=taken):
        serve(port=int(taken))
    with pytest.raises(LocalError):
        serve(port=99_999)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    assert serve(port=free).running.base_url == f"http://127.0.0.1:{free}"


@pytest.mark.parametrize("options", [{"speed": 0}, {"speed": float("nan")}, {"latency": -1}, {"fail_rate": 1.5}])
def test_values_out_of_range_are_usage_errors(options):
    with pytest.raises(UsageError):
        Sandbox(**options)


def test_the_defaults_need_no_clock_and_stop_twice_is_stop_once():
    with Sandbox() as running:
        assert Client(running).create().status == 200
    running.stop()


def query_or_fault(client):
    try:
        return client.query("x")
    except OSError as fault:
        return fault


def has_ended(connection):
    """Whether the other side has closed; one that was not accepted yet is reset instead."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_stopping_ends_idle_connections_and_long_waits_at_once_and_frees_everything():
    running = Sandbox(faults=("query:delay=3600",)).start()
    client = Client(running)
    upload = running._uploads.find("/" + client.upload(png(400, 400)).json["url"].split("/", 3)[3])
    idle = socket.create_connection(("127.0.0.1", int(running.base_url.rpartition(":")[2])), timeout=60)
    outcomes = []
    waiting = threading.Thread(target=lambda: outcomes.append(query_or_fault(client)), daemon=True)
    waiting.start()
    running.stop()
    with idle:
        assert has_ended(idle)
    waiting.join(60)
    assert not waiting.is_alive()
    assert len(outcomes) == 1
    assert running.crashes == []
    assert not Path(upload).exists()
    with pytest.raises(ConnectionError):
        client.query("x")


def test_clients_that_break_off_do_no_harm(client, capfd):
    address = ("127.0.0.1", int(client.running.base_url.rpartition(":")[2]))
    half = f"POST {CREATE} HTTP/1.1\r\nContent-Length: 100\r\n\r\n{{"
    for text in (
        "",
        "G",
        "\x16\x03\x01garbage\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        half,
        "GET /" + "x" * 70_000 + " HTTP/1.1\r\n\r\n",
    ):
        with socket.create_connection(address, timeout=60) as broken:
            broken.sendall(text.encode("latin-1"))
    assert client.create().status == 200
    assert capfd.readouterr() == ("", "")


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(client):
    body = b'{"model": "kirin_v1_t2v", "prompt": "x"}'
    address = ("127.0.0.1", int(client.running.base_url.rpartition(":")[2]))
    head = (
        f"POST {CREATE} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {client.key}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(address, timeout=60) as patient:
        patient.sendall(head.encode())
        assert patient.recv(1000).startswith(b"HTTP/1.1 100")
        patient.sendall(body)
        assert patient.recv(1000).startswith(b"HTTP/1.1 200")


def test_a_bug_of_its_own_is_kept_and_not_printed(capfd):
    with Sandbox(sleep=lambda _: 1 // 0) as running, pytest.raises(OSError, match="closed"):
        Client(running).create()
    assert [type(crash) for crash in running.crashes] == [ZeroDivisionError]
    assert capfd.readouterr() == ("", "")


def test_the_key_is_in_no_repr(client):
    assert client.key not in repr(client.running)


def test_many_clients_at_once_each_get_their_task(client):
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda number: client.create(external_task_id=f"e{number}").json["id"], range(100)))
    assert len(set(made)) == len(client.running.tasks) == 100


def test_one_external_id_sent_by_many_at_once_makes_one_task(client):
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: client.create(external_task_id="same").status, range(32)))
    assert sorted(made) == [200] + [400] * 31


@pytest.fixture
def one_port(serve, clock):
    return serve(one_port=True, key="some-key-1234", log=clock.slept.append)


def test_one_port_serves_api_and_files(one_port, clock):
    made = one_port.create().json["id"]
    clock.now += 1000
    url = url_of(one_port.query(made))
    assert url.startswith(f"{one_port.running.base_url}/files/")
    video = one_port.ask("GET", url, headers={"Range": "bytes=4-7"})
    assert (video.status, video.body) == (206, b"ftyp")
    assert one_port.ask("HEAD", url).status == 200
    assert one_port.ask("GET", url, headers=one_port.authorized).status == 400, "the key is for the API alone"
    assert one_port.ask("GET", "/files/none/video.mp4").status == 404
    stored = one_port.upload(png(300, 300)).json["url"]
    assert one_port.ask("GET", stored).body == png(300, 300)
    made = one_port.create("kirin_v1_5_i2v", image=stored, prompt="x")
    assert made.status == 200, made.body
    assert "POST /model/v1/generation 200" in clock.slept


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("sandbox:8080", "http://sandbox:8080"), ("127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("[::1]:9000", "http://[::1]:9000"), ("some.name", "http://some.name"), ("a b", None), ("x/y", None),
        ("", None), ("user@x", None), ("x:123456", None),
    ],
)  # fmt: skip
def test_urls_are_those_that_the_client_sees_where_a_port_is_mapped(one_port, clock, host, origin):
    made = one_port.create().json["id"]
    clock.now += 1000
    answer = one_port.ask("GET", f"{CREATE}/task/{made}", headers={**one_port.authorized, "Host": host})
    assert url_of(answer).startswith(f"{origin or one_port.running.base_url}/files/")
    if origin:
        spec = one_port.ask("GET", "/api/v1/skill/models/kirin_v1_t2v/spec", headers={"Host": host}).json
        assert spec["data"]["api"]["endpoint"] == origin + CREATE


def test_at_every_address_the_name_is_the_clients_and_the_port_of_files_stays(serve, clock):
    client = serve(host="0.0.0.0", key="some-key-1234")
    files_port = client.running.files_url.rpartition(":")[2]
    made = client.create().json["id"]
    clock.now += 1000
    answer = client.ask("GET", f"{CREATE}/task/{made}", headers={**client.authorized, "Host": "box:80"})
    assert url_of(answer).startswith(f"http://box:{files_port}/files/")


def test_on_this_machine_alone_urls_do_not_follow_the_client(client, clock):
    made = client.create().json["id"]
    clock.now += 1000
    answer = client.ask("GET", f"{CREATE}/task/{made}", headers={**client.authorized, "Host": "elsewhere"})
    assert url_of(answer).startswith(client.running.files_url)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "some.name"])
def test_beyond_this_machine_it_asks_for_a_key(host):
    with pytest.raises(UsageError, match="needs a key"):
        Sandbox(host=host)
    assert Sandbox(host=host, key="some-key-1234").key == "some-key-1234"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_on_this_machine_it_makes_a_key_of_its_own(host):
    assert Sandbox(host=host).key
