"""`kirin doctor` against a real service, a dead one, and spoilt set-ups."""

import json
import os
import socket

import pytest
from loopback.service import Service

from kirin_cli.cli.commands.doctor import service_checks
from kirin_cli.cli.settings import load_settings
from kirin_cli.sandbox.server import Sandbox


@pytest.fixture(scope="module")
def served():
    with Sandbox(speed=5000) as sandbox:
        yield sandbox


def found(home, *arguments, **env):
    """The exit code, and the findings by the check's name."""
    done = home.kirin("doctor", "--json", *arguments, env=env)
    data = json.loads(done.stdout)
    assert data["exit_code"] == done.exit_code
    assert all(one["do"] for one in data["checks"] if one["state"] != "good"), data
    return done.exit_code, {one["check"]: one for one in data["checks"]}


def test_all_is_well_where_it_is(home, served):
    code, checks = found(home, KIRIN_BASE_URL=served.base_url, KIRIN_API_KEY=served.key)
    assert code == 0, checks
    assert {one["state"] for one in checks.values()} <= {"good", "warning"}  # little space is no fault of ours
    assert set(checks) == {
        "version", "key", "settings folder", "ledger's folder", "output folder", "ledger", "ledger's disk",
        "output disk", "proxy", "service", "clock",
    }  # fmt: skip
    assert served.key not in str(checks)
    assert not list(home.state.iterdir()), "a check-up makes nothing"


def test_offline_asks_the_service_nothing(home):
    code, checks = found(home, "--offline", KIRIN_BASE_URL="https://nowhere.invalid", KIRIN_API_KEY="some-key-1234")
    assert code == 0
    assert not {"service", "clock", "proxy"} & set(checks)


def test_a_missing_key_ends_with_4_and_the_rest_is_still_checked(home, served):
    code, checks = found(home, KIRIN_BASE_URL=served.base_url)
    assert code == 4
    assert checks["key"]["state"] == "error"
    assert checks["service"]["state"] == "good"


def test_a_key_that_the_service_refuses_ends_with_4(home, served):
    code, checks = found(home, KIRIN_BASE_URL=served.base_url, KIRIN_API_KEY="not-the-key-1234")
    assert code == 4
    assert "the key is refused" in checks["service"]["says"]


def test_a_service_that_is_not_there_ends_with_3(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        code, checks = found(home, KIRIN_BASE_URL=url, KIRIN_API_KEY="some-key-1234")
    assert code == 3
    assert checks["service"]["state"] == "error"


def test_a_clock_that_is_wrong_is_named(home, served):
    setting = load_settings(home.environ(KIRIN_BASE_URL=served.base_url, KIRIN_API_KEY=served.key))
    clock = {one.check: one for one in service_checks(setting, now=lambda: 0.0)}["clock"]
    assert (clock.state, "behind the service's" in clock.message) == ("warning", True)


def test_a_damaged_ledger_ends_with_9(home):
    (home.state / "ledger.sqlite3").write_bytes(b"not a database" * 100)
    code, checks = found(home, "--offline", KIRIN_API_KEY="some-key-1234")
    assert code == 9
    assert checks["ledger"]["state"] == "error"


def test_a_ledger_with_a_damaged_page_ends_with_9(home):
    home.kirin("list")  # makes it
    ledger = home.state / "ledger.sqlite3"
    ledger.write_bytes(ledger.read_bytes()[:8192] + b"\xa5" * (ledger.stat().st_size - 8192))
    code, checks = found(home, "--offline", KIRIN_API_KEY="some-key-1234")
    assert (code, checks["ledger"]["state"]) == (9, "error")


def test_a_ledger_in_use_is_counted(home):
    home.kirin("list")  # makes it
    _, checks = found(home, "--offline", KIRIN_API_KEY="some-key-1234")
    assert checks["ledger"]["says"].startswith("sound: 0 tasks")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is closed to root")
def test_a_folder_that_cannot_be_written_ends_with_9(home):
    home.state.chmod(0o500)
    assert found(home, "--offline", KIRIN_API_KEY="some-key-1234")[0] == 9


def test_a_folder_that_is_a_file_ends_with_9(home):
    (home.work / "file").write_text("")
    code, checks = found(home, "--offline", KIRIN_API_KEY="some-key-1234", KIRIN_OUTPUT_DIR="file/below")
    assert code == 9
    assert checks["output folder"]["state"] == "error"


@pytest.mark.parametrize(
    ("variable", "check"),
    [
        ("KIRIN_STATE_DIR", "ledger's folder"), ("KIRIN_CONFIG_DIR", "settings folder"),
        ("KIRIN_OUTPUT_DIR", "output folder"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["x" * 300, "x/" * 3000 + "x"], ids=["name", "path"])
def test_a_folder_whose_name_is_too_long_ends_with_9(home, variable, check, name):
    env = {"KIRIN_API_KEY": "some-key-1234", variable: str(home.work / name)}
    code, checks = found(home, "--offline", **env)
    assert (code, checks[check]["state"], "too long" in checks[check]["says"]) == (9, "error", True)


def test_it_shows_its_own_exchange(home, served):
    done = home.kirin("doctor", "-v", env={"KIRIN_BASE_URL": served.base_url, "KIRIN_API_KEY": served.key})
    assert f"#1 > GET {served.base_url}/model/v1/generation/task/" in done.stderr
    assert served.key not in done.stderr


def test_a_key_file_that_others_can_read_is_a_warning(home):
    home.kirin("auth", "login", "--offline", stdin="some-key-1234")
    (home.config / "api-key").chmod(0o644)
    code, checks = found(home, "--offline")
    assert (code, checks["key"]["state"]) == (0, "warning" if os.name == "posix" else "good")


def test_the_way_through_a_proxy_is_shown_without_its_password(home):
    with Service() as proxy:
        named = proxy.origin.replace("http://", "http://user:secret@")
        env = {"KIRIN_BASE_URL": "https://service.invalid", "KIRIN_API_KEY": "some-key-1234", "HTTPS_PROXY": named}
        _, checks = found(home, **env)
    assert checks["proxy"]["says"] == f"through {proxy.origin}"
    assert "secret" not in str(checks)


def test_a_plain_report_is_a_table(home):
    done = home.kirin("doctor", "--offline", env={"KIRIN_API_KEY": "some-key-1234"})
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0].split() == ["check", "state", "finding"]
