"""`kirin config set`: one value changes, everything else in the file stays as a person has written it."""

import os
import tomllib

import pytest
from support.command_line import Home

from kirin_cli.cli.settings_editor import change_toml
from kirin_cli.cli.settings_schema import SETTINGS
from kirin_cli.errors import UsageError

FILE = """\
# mine
jobs = 4  # not more
"timeout" = '1h'   # quoted

# of the profiles
[profile.work]  # the office
# where
base_url = "https://x.example/#a"  # b
[profile.home]
[prices]
kirin_v1_t2v = {"std 5" = "0.28"}
"""


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "profile", "before", "after"),
    [
        ("jobs", "9", "", "jobs = 4  # not more", "jobs = 9  # not more"),
        ("timeout", "2h", "", "'1h'   # quoted", '"2h"   # quoted'),
        ("scope", 'a "b" \\ c', "", "# quoted\n", '# quoted\nscope = "a \\"b\\" \\\\ c"\n'),
        ("max_cost", "0.50", "", "# quoted\n", "# quoted\nmax_cost = 0.50\n"),
        ("scope", "007", "", "# quoted\n", '# quoted\nscope = "007"\n'),
        ("base_url", "http://127.0.0.1:8", "work", '"https://x.example/#a"  # b', '"http://127.0.0.1:8"  # b'),
        ("jobs", "2", "work", "# b\n", "# b\njobs = 2\n"),
        ("jobs", "2", "home", "[profile.home]\n", "[profile.home]\njobs = 2\n"),
        ("jobs", "2", "new", '"0.28"}\n', '"0.28"}\n\n[profile.new]\njobs = 2\n'),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_only_the_value_changes(name, value, profile, before, after, end):
    assert FILE.count(before) == 1
    changed = change_toml(FILE.replace("\n", end), name, value, profile)
    assert changed == FILE.replace(before, after).replace("\n", end)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("", "jobs = 2\n"),
        ("# mine\n", "jobs = 2\n# mine\n"),
        ("timeout = '1h'", "timeout = '1h'\njobs = 2\n"),
        ("[profile.a]\njobs = 1\n", "jobs = 2\n[profile.a]\njobs = 1\n"),
        ('scope = "[x] # jobs = 1"\n', 'scope = "[x] # jobs = 1"\njobs = 2\n'),
    ],
)
def test_a_file_without_the_setting_gets_it(text, after):
    assert change_toml(text, "jobs", "2") == after


@pytest.mark.parametrize(
    ("text", "profile"),
    [
        ('scope = """\njobs = 1\n"""\njobs = 3\n', ""),
        ("jobs = '''4'''\n", ""),
        ("profile = 3\n", "work"),
        ("profile = {work = {jobs = 1}}\n", "work"),
        ("profile.work.jobs = 1\n", "work"),
    ],
)
def test_what_only_a_person_can_change_is_left_alone(text, profile):
    with pytest.raises(UsageError, match="only you can change"):
        change_toml(text, "jobs", "2", profile)


def test_the_value_is_the_one_that_commands_use(home):
    assert home.kirin("config", "set", "jobs", "4").exit_code == 0
    done = home.kirin("config", "set", "output-dir", "clips", "--profile", "work", "--json")
    assert done.data["value"] == str(home.work / "clips")
    shown = {row["name"]: row for row in home.kirin("config", "--json", "--profile", "work").data["settings"]}
    assert (shown["jobs"]["value"], shown["output_dir"]["value"]) == ("4", str(home.work / "clips"))
    assert shown["jobs"]["source"] == f"{home.config / 'config.toml'}:1"


def test_what_goes_before_it_is_said(home):
    done = home.kirin("config", "set", "jobs", "4", env={"KIRIN_JOBS": "7"})
    assert "KIRIN_JOBS goes before it, with 7" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("set", "max_cost", "abc"), "amount of US dollars"),
        (("set", "jbos", "3"), 'did you mean "jobs"?'),
        (("set", "api_key", "sk-12345678"), "kirin auth login"),
        (("set", "key", "x"), "kirin auth login"),
        (("set", "assume_cost", "3"), "KIRIN_ASSUME_COST"),
        (("set", "jobs"), "NAME VALUE"),
        (("set",), "NAME VALUE"),
        (("sett", "jobs", "3"), "NAME VALUE"),
        (("set", "jobs", "3", "--profile", "a b"), "profile's name"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_written(home, arguments, words):
    done = home.kirin("config", *arguments)
    assert (done.exit_code, words in done.stderr) == (2, True), done
    assert not list(home.config.iterdir())


@pytest.mark.parametrize("content", [b"jobs = \n", b"\xff\xfe\xff"])
def test_a_file_that_is_broken_is_left_as_it_is(home, content):
    (home.config / "config.toml").write_bytes(content)
    assert home.kirin("config", "set", "jobs", "4").exit_code == 2
    assert (home.config / "config.toml").read_bytes() == content


@pytest.mark.skipif(os.name != "posix", reason="links and modes are of POSIX")
def test_a_link_is_not_written_through_and_modes_stay(home):
    path = home.config / "config.toml"
    path.write_text("jobs = 1\n")
    path.chmod(0o640)
    home.kirin("config", "set", "jobs", "4")
    assert path.stat().st_mode & 0o777 == 0o640
    path.rename(home.config / "dotfile.toml")
    path.symlink_to("dotfile.toml")
    done = home.kirin("config", "set", "jobs", "5")
    assert (done.exit_code, "symbolic link" in done.stderr) == (2, True)
    assert tomllib.loads((home.config / "dotfile.toml").read_text()) == {"jobs": 4}


def test_every_setting_of_files_can_be_set_to_its_default(home):
    for setting in SETTINGS.values():
        if setting.place != "environment" and setting.default:
            assert home.kirin("config", "set", setting.name, setting.default).exit_code == 0
    assert home.kirin("config").exit_code == 0
