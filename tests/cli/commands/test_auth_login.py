"""The check of a key at `auth login`: one query, and what each answer means for what is stored."""

import socket

import pytest
from loopback.faults import answer
from loopback.service import Service

from kirin_cli.sandbox.server import Sandbox

KEY = "sk-test-0123456789abcdef"


@pytest.fixture(scope="module")
def served():
    with Sandbox(key=KEY) as sandbox:
        yield sandbox


def login(home, url, *flags, key=KEY, **env):
    return home.kirin("auth", "login", *flags, stdin=key, env={"KIRIN_BASE_URL": url, **env})


def test_a_key_that_the_service_takes_is_stored(home, served):
    done = login(home, served.base_url, "--json")
    assert (done.exit_code, done.data["checked"]) == (0, True)
    assert done.data["stored_in"] == str(home.config / "api-key")
    assert f"{served.base_url} takes it" in done.stderr


def test_a_key_that_the_service_refuses_is_not_stored_unless_nobody_is_asked(home, served):
    done = login(home, served.base_url, key="another-key-0123")
    assert (done.exit_code, list(home.config.iterdir())) == (4, [])
    assert f"{served.base_url} refuses the key (401" in done.stderr
    assert "nothing was stored" in done.stderr
    assert "another-key-0123" not in done.stdout + done.stderr
    done = login(home, served.base_url, "--offline", "--json", key="another-key-0123")
    assert (done.exit_code, done.data["checked"], len(list(home.config.iterdir()))) == (0, None, 1)


def test_a_service_that_cannot_be_reached_keeps_no_key_from_being_stored(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        done = login(home, f"http://127.0.0.1:{taken.getsockname()[1]}", "--json")
    assert (done.exit_code, done.data["checked"]) == (0, None)
    assert "not checked: http://127.0.0.1:" in done.stderr
    assert (home.config / "api-key").read_text() == KEY + "\n"


@pytest.mark.parametrize(
    ("status", "stored"), [(401, False), (403, False), (402, True), (404, True), (500, True), (429, True)]
)
def test_only_a_refusal_of_the_key_keeps_it_out(home, status, stored):
    with Service() as service:
        service.serve_api()
        service.script("GET", then=answer(status, {"message": "said so"}))
        done = login(home, service.origin)
    assert (done.exit_code, (home.config / "api-key").exists()) == (0 if stored else 4, stored), done


def test_a_base_url_to_which_no_key_may_go_is_said_before_anything_is_stored(home):
    done = login(home, "http://service.example")
    assert (done.exit_code, list(home.config.iterdir())) == (2, [])
    assert "https only" in done.stderr
