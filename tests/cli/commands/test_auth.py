"""`kirin auth`: the key comes in by standard input or a hidden prompt, and never goes out again."""

import json
import os
import signal
import stat
import threading

import pytest
from support.fork_server import start_kirin

from kirin_cli.cli.commands import COMMANDS
from kirin_cli.cli.keystore import (
    IN_KEYRING,
    KeyringUnavailable,
    forget_key,
    key_path,
    readable_by_others,
    store_key,
    stored_key,
)
from kirin_cli.cli.parser import load_command
from kirin_cli.errors import NotPermitted
from kirin_cli.sandbox.server import Sandbox

if os.name == "posix":
    import pty

KEY = "sk-test-0123456789abcdef"
WAYS = ("KIRIN_API_KEY", "--api-key-file", "kirin auth login")


class Ring:
    """A keyring in memory."""

    def __init__(self, *, locked=False, forgetful=False):
        self.held, self.locked, self.forgetful = {}, locked, forgetful

    def _open(self):
        if self.locked:
            raise KeyringUnavailable("it is locked")

    def get_password(self, service, name):
        self._open()
        return self.held.get((service, name))

    def set_password(self, service, name, password):
        self._open()
        if not self.forgetful:
            self.held[service, name] = password

    def delete_password(self, service, name):
        self._open()
        del self.held[service, name]


def nothing():
    return None


def status(home, **env):
    done = home.kirin("auth", "status", "--json", env=env)
    data = json.loads(done.stdout)
    assert (data.pop("exit_code"), len(data.pop("errors")), data.pop("problems")) == (
        done.exit_code, done.exit_code // 4, [],
    )  # fmt: skip
    return done.exit_code, data


def test_a_key_from_standard_input_is_stored_for_me_alone_and_used(home):
    done = home.kirin("auth", "login", "--offline", stdin=f"  {KEY}\n")
    assert done.exit_code == 0, done.stderr
    path = home.config / "api-key"
    assert path.read_text() == KEY + "\n"
    assert [one.name for one in home.config.iterdir()] == ["api-key"]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(home.config.stat().st_mode) == 0o700
    code, shown = status(home)
    assert (code, shown["present"], shown["source"]) == (0, True, str(path))
    assert KEY not in done.stdout + done.stderr + str(shown)


def test_another_login_replaces_the_key_whole(home):
    home.kirin("auth", "login", "--offline", stdin="first-key-first-key-first-key")
    home.kirin("auth", "login", "--offline", stdin=KEY)
    assert (home.config / "api-key").read_text() == KEY + "\n"


def test_logout_removes_it_and_says_so(home):
    home.kirin("auth", "login", "--offline", stdin=KEY)
    done = home.kirin("auth", "logout")
    assert done.exit_code == 0
    assert str(home.config / "api-key") in done.stderr
    assert status(home) == (4, {"present": False, "profile": None})
    assert "no key was stored" in home.kirin("auth", "logout").stderr


def test_what_a_flag_names_goes_before_the_environment_and_that_before_files_and_what_is_stored(home):
    home.kirin("auth", "login", "--offline", stdin=KEY)
    (home.work / "key").write_text("from-file-0123456789", encoding="utf-8")
    (home.config / "config.toml").write_text("[profile.work]\n[profile.bare]\n", encoding="utf-8")
    home.kirin("auth", "login", "--offline", "--profile", "work", stdin="of-the-profile-01234")

    def source(*flags, **env):
        return json.loads(home.kirin("auth", "status", "--json", *flags, env=env).stdout)["source"]

    stored, profile, variable = str(home.config / "api-key"), str(home.config / "api-key-work"), "KIRIN_API_KEY"
    env = {variable: "from-env-1"}
    assert source() == stored
    assert source(KIRIN_API_KEY_FILE="key") == "key"
    assert source(KIRIN_API_KEY_FILE="key", **env) == source(KIRIN_PROFILE="work", **env) == variable
    assert source("--api-key-file", "key", **env) == "key"
    assert source("--profile", "work", **env) == profile
    assert source("--profile", "work", "--api-key-file", "key", **env) == "key"
    assert source("--profile", "bare", **env) == variable


def test_the_file_that_a_profile_names_is_its_key(home):
    (home.config / "work.key").write_text("from-file-0123456789", encoding="utf-8")
    (home.config / "config.toml").write_text('[profile.work]\napi_key_file = "work.key"\n', encoding="utf-8")
    done = home.kirin("auth", "status", "--profile", "work", env={"KIRIN_API_KEY": "from-env-1"})
    assert str(home.config / "work.key") in done.stdout


@pytest.mark.parametrize("command", [("auth", "status"), ("doctor", "--offline"), ("v1-t2v", "x", "--sandbox")])
@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "binary", "closed"])
def test_a_key_file_that_is_named_and_cannot_be_read_is_an_error_whatever_else_there_is(home, kind, command):
    path = home.work / "key"
    if kind == "folder":
        path.mkdir()
    elif kind != "missing":
        path.write_bytes({"empty": b" \n", "binary": bytes(range(256)), "closed": b"key-0123456789"}[kind])
        path.chmod(0o600 if kind != "closed" else 0o000)
    if kind == "closed" and os.access(path, os.R_OK):
        pytest.skip("root reads everything")
    done = home.kirin(*command, "--api-key-file", "key", env={"KIRIN_API_KEY": "from-env-0123"})
    assert (done.exit_code, "key" in done.stderr) == (4, True), done
    assert "from-env-0123" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="named pipes are of POSIX")
def test_a_key_may_come_through_a_pipe_that_can_be_read_once(home):
    os.mkfifo(home.work / "pipe")
    writer = threading.Thread(target=(home.work / "pipe").write_text, args=("from-a-pipe-0123456789\n",))
    writer.start()
    done = home.process("auth", "status", "--api-key-file", "pipe", env={"KIRIN_API_KEY": "from-env-0123"})
    writer.join(10)
    assert (done.exit_code, "pipe" in done.stdout) == (0, True), done


def test_a_profile_that_is_not_there_is_an_error_that_names_those_that_are(home):
    (home.config / "config.toml").write_text("[profile.work]\n[profile.home]\n", encoding="utf-8")
    done = home.kirin("auth", "status", "--profile", "wrk")
    assert done.exit_code == 2
    assert 'has no [profile.wrk]; did you mean "work"?' in done.stderr
    assert "there are work, home" in done.stderr


def test_login_says_that_another_key_goes_before_it(home):
    done = home.kirin("auth", "login", "--offline", stdin=KEY, env={"KIRIN_API_KEY": "another-key-1234"})
    assert "KIRIN_API_KEY is set and goes before it" in done.stderr
    assert "another-key-1234" not in done.stderr


def test_each_profile_has_a_key_of_its_own(home):
    (home.config / "config.toml").write_text("[profile.work]\n[profile.home]\n", encoding="utf-8")
    home.kirin("auth", "login", "--offline", "--profile", "work", stdin=KEY)
    assert status(home, KIRIN_PROFILE="work")[1]["source"] == str(home.config / "api-key-work")
    assert status(home)[0] == status(home, KIRIN_PROFILE="home")[0] == 4


@pytest.mark.parametrize(
    ("given", "says"),
    [("", "is empty"), ("two words", "white space"), ("ключ", "beyond ASCII"), ("x" * 5000, "longer than")],
)
def test_what_cannot_be_a_key_is_refused_and_nothing_stored(home, given, says):
    done = home.kirin("auth", "login", "--offline", stdin=given)
    assert done.exit_code == 4
    assert says in done.stderr
    assert not list(home.config.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ("auth", "login", KEY),
        ("auth", "login", "--api-key", KEY),
        ("v1-t2v", "a boat", "--api-key", KEY),
        ("run", "jobs.yaml", f"--api-key={KEY}"),
        ("list", "--api_key", KEY),
        ("--api-key", KEY, "list"),
    ],
)
def test_a_key_as_an_argument_is_refused_with_the_reason_and_what_to_do(home, arguments):
    done = home.kirin(*arguments)
    assert done.exit_code == 2
    assert "what stands in a command line is seen by every program on this machine" in done.stderr
    assert "kirin auth login" in done.stderr
    assert KEY not in done.stdout + done.stderr


def test_no_command_has_a_flag_for_the_key():
    assert not [row.name for row in COMMANDS for one in load_command(row).params if "--api-key" in one.opts]


def test_a_missing_key_names_all_three_ways(home):
    for arguments in (("auth", "status"), ("v1-t2v", "a boat")):
        done = home.kirin(*arguments)
        assert done.exit_code == 4
        assert all(way in done.stderr for way in WAYS)


def test_a_stored_key_is_the_one_that_is_sent(home):
    with Sandbox(speed=5000) as served:
        home.kirin("auth", "login", "--offline", stdin=served.key)
        env = {"KIRIN_BASE_URL": served.base_url, "KIRIN_POLL_SECONDS": "0.02"}
        done = home.kirin("v1-t2v", "a boat", "-o", "boat.mp4", env=env)
        assert done.exit_code == 0, done.stderr
        home.kirin("auth", "login", "--offline", stdin="not-the-key-of-this-service")
        assert home.kirin("v1-t2v", "a boat", "-o", "other.mp4", env=env).exit_code == 4


def test_an_unknown_action_is_refused_with_the_nearest(home):
    done = home.kirin("auth", "logn")
    assert done.exit_code == 2
    assert 'did you mean "login"?' in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="terminals of this kind are of POSIX")
def test_the_prompt_hides_what_is_typed(home):
    assert typed_at_the_prompt(home, KEY + "\n") == 0
    assert (home.config / "api-key").read_text() == KEY + "\n"


@pytest.mark.skipif(os.name != "posix", reason="terminals of this kind are of POSIX")
def test_nobody_is_asked_where_CI_is_set(home):
    assert typed_at_the_prompt(home, "", CI="true") == 2


def typed_at_the_prompt(home, text, **env):
    """The exit code of `auth login` on a terminal; fails where the terminal shows the key."""
    ours, process = login_at_a_terminal(home, **env)
    shown = read_prompt(ours) if text else b""
    os.write(ours, text.encode())
    code = process.wait(timeout=30)
    shown += os.read(ours, 10_000)
    os.close(ours)
    assert KEY.encode() not in shown
    return code


def login_at_a_terminal(home, **env):
    ours, theirs = pty.openpty()
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), theirs)
    process = start_kirin(
        ["auth", "login", "--offline"], cwd=home.work, env=home.environ(**env), has_terminal=True, **streams
    )
    os.close(theirs)
    return ours, process


def read_prompt(terminal):
    shown = b""
    while b"API key" not in shown:
        shown += os.read(terminal, 1000)
    return shown


@pytest.mark.skipif(os.name != "posix", reason="terminals of this kind are of POSIX")
def test_ctrl_c_at_login_ends_with_130_and_stores_nothing(home):
    ours, process = login_at_a_terminal(home)
    read_prompt(ours)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    os.close(ours)
    assert not list(home.config.iterdir())


def test_a_keyring_is_used_where_there_is_one_and_the_file_goes(tmp_path):
    ring = Ring()
    store_key(tmp_path, "", KEY, nothing)
    assert store_key(tmp_path, "", KEY, lambda: ring) == IN_KEYRING
    assert not key_path(tmp_path, "").exists()
    assert stored_key(tmp_path, "", lambda: ring).source == IN_KEYRING
    assert stored_key(tmp_path, "work", lambda: ring) is None
    assert forget_key(tmp_path, "", lambda: ring) == [IN_KEYRING]
    assert stored_key(tmp_path, "", lambda: ring) is None


@pytest.mark.parametrize("ring", [Ring(locked=True), Ring(forgetful=True)])
def test_a_keyring_that_does_not_keep_the_key_is_passed_over(tmp_path, ring):
    assert store_key(tmp_path, "", KEY, lambda: ring) == str(key_path(tmp_path, ""))
    assert stored_key(tmp_path, "", lambda: ring).value == KEY


def test_a_stored_key_that_was_spoilt_is_refused_without_being_shown(tmp_path):
    key_path(tmp_path, "").write_text("half a\nkey", encoding="utf-8")
    with pytest.raises(NotPermitted) as refused:
        stored_key(tmp_path, "", nothing)
    assert "half a" not in refused.value.message


@pytest.mark.skipif(os.name != "posix", reason="rights of this kind are of POSIX")
def test_a_key_file_that_others_can_read_is_noticed(tmp_path):
    path = key_path(tmp_path, "")
    store_key(tmp_path, "", KEY, nothing)
    assert not readable_by_others(path)
    path.chmod(0o644)
    assert readable_by_others(path)
