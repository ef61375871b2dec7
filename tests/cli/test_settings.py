"""Settings: which place wins, what a project's file may not say, and that `kirin config` is true."""

import json
import os
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from kirin_cli.cli.commands import BY_NAME, COMMANDS
from kirin_cli.cli.console import MODES
from kirin_cli.cli.folders import user_folder
from kirin_cli.cli.parser import load_command
from kirin_cli.cli.settings import load_sources
from kirin_cli.cli.settings_schema import SETTINGS, misspelled_variables
from kirin_cli.errors import UsageError
from kirin_cli.jobs.scope import MAX_JOBS
from kirin_cli.sandbox.server import DEFAULT_SPEED
from kirin_cli.wire import DIALECTS

ROOT = Path(__file__).parents[2]

OF_THE_USER = [one for one in SETTINGS.values() if one.place == "user"]
TEXTS = {
    "dialect": ("documented", "gateway"), "output_dir": ("a", "b"), "jobs": ("3", "4"), "max_jobs": ("3", "4"),
    "timeout": ("5m", "6m"), "max_cost": ("3", "4"), "scope": ("spring", "autumn"), "progress": ("plain", "json"),
    "poll_seconds": ("1", "2"), "settle_seconds": ("30", "40"), "result_wait": ("5", "6"), "missing_wait": ("7", "8"),
    "base_url": ("https://a.example", "https://b.example"),
    "models_url": ("https://e.example", "https://f.example"),
    "upload_url": ("https://c.example/{name}", "https://d.example/{name}"), "state_dir": ("c", "d"),
    "api_key_file": ("e", "f"),
}  # fmt: skip


def project(home, text):
    (home.work / "kirin.toml").write_text(text, encoding="utf-8")


def user(home, text):
    (home.config / "config.toml").write_text(text, encoding="utf-8")


def shown(home, *arguments, env=None):
    """`kirin config --json`: (value, source) by name."""
    done = home.kirin("config", "--json", *arguments, env=env)
    assert done.exit_code == 0, done.stderr
    return {one["name"]: (one["value"], one["source"]) for one in json.loads(done.stdout)["settings"]}


def found(home, name, **environ):
    there = load_sources({"KIRIN_CONFIG_DIR": str(home.config), **environ}, start=home.work).find(SETTINGS[name])
    return there and there.text


def refusal(home, **environ):
    with pytest.raises(UsageError) as refused:
        load_sources({"KIRIN_CONFIG_DIR": str(home.config), **environ}, start=home.work)
    return f"{refused.value.message} | {refused.value.hint}"


@pytest.mark.parametrize("setting", [one for one in SETTINGS.values() if one.name in TEXTS], ids=lambda one: one.name)
def test_the_environment_goes_before_every_file_and_the_project_before_the_user(home, setting):
    first, second = TEXTS[setting.name]
    assert found(home, setting.name) is None
    user(home, f'{setting.name} = "{second}"\n')
    assert found(home, setting.name).endswith(second)
    if setting.place == "project":
        project(home, f'{setting.name} = "{first}"\n')
        assert found(home, setting.name).endswith(first)
    assert found(home, setting.name, **{setting.env: "said here"}) == "said here"
    assert found(home, setting.name, **{setting.env: ""}).endswith(first if setting.place == "project" else second)


def test_every_setting_is_tried_above():
    assert set(TEXTS) == {name for name, one in SETTINGS.items() if one.place != "environment"}


def test_a_project_cannot_raise_the_users_limit_of_cost(home):
    user(home, "max_cost = 2.5\n")
    project(home, "max_cost = 100\n")
    assert found(home, "max_cost") == "2.5"
    project(home, "max_cost = 1\n")
    assert found(home, "max_cost") == "1"


def test_X3_a_project_may_lower_how_many_jobs_a_run_has_and_not_raise_it(home):
    project(home, "max_jobs = 1000000\n")
    assert found(home, "max_jobs") is None
    user(home, "max_jobs = 20000\n")
    assert found(home, "max_jobs") == "20000"
    project(home, "max_jobs = 15000\n")
    assert found(home, "max_jobs") == "15000"


@pytest.mark.parametrize("folder", ["/tmp/x", "../x", "a/../../x", "~/x", "~", "link", "link/x", "."])
def test_X3_a_project_names_no_output_folder_outside_of_it(home, folder):
    (home.root / "elsewhere").mkdir()
    (home.work / "link").symlink_to(home.root / "elsewhere")
    project(home, f'output_dir = "{folder}"\n')
    if folder == ".":
        assert found(home, "output_dir") == str(home.work)
        return
    says = refusal(home)
    assert "kirin.toml:1: output_dir: " in says
    assert "--output or KIRIN_OUTPUT_DIR chooses any folder" in says


@pytest.mark.parametrize("setting", OF_THE_USER, ids=lambda one: one.name)
def test_a_project_may_not_say_where_keys_requests_and_the_ledger_go(home, setting):
    project(home, f'# ours\n\n{setting.name} = "x"\n')
    assert f"kirin.toml:3: a project file may not set {setting.name}" in refusal(home)
    assert setting.env in refusal(home)


@pytest.mark.parametrize("key", ["api_key", "api-key", "key"])
@pytest.mark.parametrize("write", [project, user])
def test_a_key_is_refused_in_any_file_and_not_repeated(home, write, key):
    write(home, f'{key} = "sk-very-secret"\n')
    assert "a key is never written into a settings file" in refusal(home)
    assert "kirin auth login" in refusal(home)
    assert "sk-very-secret" not in refusal(home)


@pytest.mark.parametrize("key", ["proxy", "https_proxy"])
def test_a_proxy_is_refused_in_any_file(home, key):
    project(home, f'{key} = "http://evil.example"\n')
    assert "proxies are taken from the environment alone" in refusal(home)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("job = 3\n", "kirin.toml:1: unknown setting 'job'; did you mean \"jobs\"?"),
        ("jobs = 0\n", "kirin.toml:1: jobs is '0'; it must be a whole number"),
        ("jobs = true\n", "kirin.toml:1: jobs must be text or a number"),
        ("jobs = [1]\n", "kirin.toml:1: jobs must be text or a number"),
        ('timeout = "soon"\n', "kirin.toml:1: timeout is 'soon'; it must be a time"),
        ("max_cost = -1\n", "kirin.toml:1: max_cost is '-1'; it must be an amount"),
        ("max_cost = nan\n", "max_cost is 'nan'"),
        ('progress = "loud"\n', "progress is 'loud'"),
        ("jobs = \n", "line 1"),
        ("jobs = 1\njobs = 2\n", "line 2"),
        ("[profile.work]\njobs = 1\n", "unknown setting 'profile'"),
        ("x = " + "[" * 5000, "kirin.toml"),
    ],
)
def test_a_project_file_that_makes_no_sense_is_refused_with_its_place(home, text, says):
    project(home, text)
    assert says in refusal(home)


def test_a_file_that_is_not_utf8_or_much_too_large_is_refused(home):
    (home.work / "kirin.toml").write_bytes(b'scope = "\xff"\n')
    assert "kirin.toml" in refusal(home)
    project(home, "# " + "x" * (1 << 20))
    assert "that is no settings file" in refusal(home)


def test_the_nearest_project_file_upwards_counts_and_its_paths_are_its_own(home):
    project(home, 'output_dir = "renders"\njobs = 2\n')
    deep = home.work / "a" / "b"
    deep.mkdir(parents=True)
    there = load_sources({"KIRIN_CONFIG_DIR": str(home.config)}, start=deep)
    assert there.find(SETTINGS["output_dir"]).text == str(home.work / "renders")
    (home.work / "a" / "kirin.toml").write_text("jobs = 7\n", encoding="utf-8")
    assert found(home, "jobs") == "2"
    assert load_sources({"KIRIN_CONFIG_DIR": str(home.config)}, start=deep).find(SETTINGS["jobs"]).text == "7"


def test_a_profile_goes_before_the_rest_of_the_users_file(home):
    user(home, 'jobs = 2\nscope = "all"\n[profile.work]\njobs = 5\nbase_url = "https://work.example"\n')
    assert found(home, "jobs") == "2"
    assert found(home, "jobs", KIRIN_PROFILE="work") == "5"
    assert found(home, "scope", KIRIN_PROFILE="work") == "all"
    values = shown(home, "--profile", "work")
    assert values["base_url"][0] == "https://work.example"
    assert values["base_url"][1].endswith("config.toml:5 [profile.work]")
    assert values["profile"] == ("work", "--profile")


def test_a_profile_that_is_not_there_is_refused_with_the_nearest(home):
    user(home, "[profile.work]\njobs = 5\n")
    assert 'has no [profile.wrok]; did you mean "work"?' in refusal(home, KIRIN_PROFILE="wrok")
    done = home.kirin("config", "--profile", "../../etc")
    assert done.exit_code == 2
    assert "letters, digits" in done.stderr


def test_config_says_where_each_value_comes_from_and_never_the_key(home):
    project(home, 'timeout = "5m"\n')
    user(home, "jobs = 2\n")
    values = shown(home, env={"KIRIN_SCOPE": "spring", "KIRIN_API_KEY": "sk-very-secret"})
    assert values["timeout"] == ("5m", f"{home.work / 'kirin.toml'}:1")
    assert values["jobs"] == ("2", f"{home.config / 'config.toml'}:1")
    assert values["scope"] == ("spring", "KIRIN_SCOPE")
    assert values["dialect"] == ("gateway", "default")
    assert values["api_key"][1] == "KIRIN_API_KEY"
    plain = home.kirin("config", env={"KIRIN_API_KEY": "sk-very-secret"})
    assert plain.exit_code == 0
    assert "sk-very-secret" not in plain.stdout + plain.stderr + str(values)


def test_a_command_takes_what_config_shows(home):
    project(home, "jobs = 3\nmax_cost = 0.5\n")
    asked = home.kirin("config", "--json", env={"KIRIN_MAX_COST": "0.25"})
    values = {one["name"]: one["value"] for one in json.loads(asked.stdout)["settings"]}
    assert (values["jobs"], values["max_cost"]) == ("3", "0.25")
    user(home, 'base_url = "https://mine.example"\n')
    done = home.kirin("v1-t2v", "a boat", "--dry-run", "--json")
    assert json.loads(done.stdout)["url"].startswith("https://mine.example/")
    assert json.loads(home.kirin("v1-t2v", "a", "--dry-run", "--json", "--base-url", "https://flag.example").stdout)[
        "url"
    ].startswith("https://flag.example/")


def test_flags_go_before_the_environment_and_that_before_files(home):
    (home.work / "jobs.yaml").write_text("model: kirin_v1_t2v\nparams: {prompt: a boat}\n", encoding="utf-8")
    project(home, 'output_dir = "from-project"\n')
    asked = ("plan", "jobs.yaml", "--json")

    def folder(*more, **env):
        done = home.kirin(*asked, *more, env=env)
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)["jobs"][0]["path"]

    assert "from-project" in folder()
    assert "from-variable" in folder(KIRIN_OUTPUT_DIR="from-variable")
    assert "from-flag" in folder("-o", "from-flag", KIRIN_OUTPUT_DIR="from-variable")


def test_help_works_where_a_settings_file_does_not_and_shows_the_programs_own_defaults(home):
    project(home, "jobs = = 3\n")
    done = home.kirin("run", "--help")
    assert done.exit_code == 0
    assert "default: 10;" in done.stdout
    assert home.kirin("run", "jobs.yaml").exit_code == 2


def test_the_flags_of_the_commands_follow_the_table():
    by_variable = {one.env: one for one in SETTINGS.values()}
    params = [(row.name, param) for row in COMMANDS for param in load_command(row).params]
    for name, param in params:
        if param.envvar:
            setting = by_variable[param.envvar]
            assert setting.flag in param.opts, (name, param.envvar)
            assert not setting.default or str(param.default) == setting.default, (name, param.envvar)
    spelled = {spelling for _, param in params for spelling in param.opts}
    assert {one.flag for one in SETTINGS.values() if one.flag} <= spelled
    read_by_typer = {param.envvar for _, param in params if param.envvar}
    follows = {one.env for one in SETTINGS.values() if one.flag and one.place == "project"}
    assert follows | {SETTINGS["assume_cost"].env, SETTINGS["scope"].env} == read_by_typer


def test_the_folder_for_videos_is_not_where_a_job_file_is_written(home):
    project(home, 'output_dir = "renders"\n')
    assert home.kirin("init", env={"KIRIN_OUTPUT_DIR": "elsewhere"}).exit_code == 0
    assert not (home.work / "renders").exists()
    assert not (home.work / "elsewhere").exists()


def test_words_and_defaults_are_those_of_the_rooms_that_have_them():
    for name, words in (("dialect", DIALECTS), ("progress", MODES)):
        for word in words:
            assert SETTINGS[name].parse(word, name) == word
        with pytest.raises(UsageError):
            SETTINGS[name].parse("another", name)
    assert SETTINGS["max_jobs"].default == str(MAX_JOBS)
    speed = next(one for one in load_command(BY_NAME["sandbox"]).params if "--speed" in one.opts)
    assert speed.default == DEFAULT_SPEED


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a current folder cannot go")
def test_a_current_folder_that_is_gone_is_no_bug(home):
    gone = home.root / "gone"
    gone.mkdir()
    line = f'cd "{gone}" && rmdir "{gone}" && "{sys.executable}" -m kirin_cli config --json'
    done = subprocess.run(
        ["sh", "-c", line], env=home.environ(PYTHONPATH=str(ROOT)), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs itself is asked")
@pytest.mark.parametrize("xdg", [None, "/somewhere", ""])
def test_the_folders_are_those_of_platformdirs(monkeypatch, xdg):
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
        if xdg is not None:
            monkeypatch.setenv(name, xdg)
    environ = {} if xdg is None else {"XDG_CONFIG_HOME": xdg, "XDG_STATE_HOME": xdg}
    assert user_folder(environ, "config") == platformdirs.user_config_path("kirin", appauthor=False)
    assert user_folder(environ, "state") == platformdirs.user_state_path("kirin", appauthor=False)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs itself is asked")
def test_a_relative_folder_in_the_environment_is_passed_over_as_xdg_wants_it():
    assert user_folder({"XDG_CONFIG_HOME": "relative"}, "config") == Path.home() / ".config/kirin"


MISSPELLED = {
    "KIRIN_MAX_COTS": "KIRIN_MAX_COST", "KIRIN_MAXCOST": "KIRIN_MAX_COST", "KIRIN_MAX_COSTS": "KIRIN_MAX_COST",
    "KIRIN_APIKEY": "KIRIN_API_KEY", "kirin_base_url": "KIRIN_BASE_URL", "KIRIN_OUTPUT_DIRECTORY": "KIRIN_OUTPUT_DIR",
    "KIRIN_API_KEY_STAGING": "", "KIRIN_API_KEY2": "", "KIRIN_DEPLOY": "", "KIRIN_MAX_COST": "", "MAX_COTS": "",
}  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="variables have no case there")
def test_a_variable_that_is_nearly_called_like_ours_is_told_of():
    said = {name: misspelled_variables({name: "5"}) for name in MISSPELLED}
    assert said == {
        name: [f"nothing reads the variable {name}; did you mean {near}?"] if near else []
        for name, near in MISSPELLED.items()
    }


@pytest.mark.parametrize(
    "arguments", [("v1-t2v", "hi", "--dry-run"), ("config",), ("doctor", "--offline"), ("run", "-", "--sandbox")]
)
def test_a_limit_under_a_wrong_name_is_told_of_before_anything_is_sent(home, arguments):
    result = home.kirin(*arguments, env={"KIRIN_MAX_COTS": "5"})
    assert "nothing reads the variable KIRIN_MAX_COTS; did you mean KIRIN_MAX_COST?" in result.stdout + result.stderr
