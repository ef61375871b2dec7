"""The model commands: prompts from files, parameters that are not known, limits of cost."""

import pytest


def test_a_limit_of_cost_in_the_settings_holds_in_a_sandbox_only_where_it_is_typed(home):
    settings = {"KIRIN_MAX_COST": "0.10"}
    assert home.kirin("v1-t2v", "a boat", "--sandbox", env=settings).exit_code == 0
    assert home.kirin("v1-t2v", "a boat", "--sandbox", "--max-cost", "0.10", env=settings).exit_code == 5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_prompt_file_is_read_as_windows_writes_it(home, encoding):
    (home.work / "p.txt").write_bytes("Käse 日本\r\n".encode(encoding))
    result = home.kirin("v1-t2v", "--prompt-file", "p.txt", "--dry-run", "--json")
    assert result.data["body"]["input"][0]["params"]["prompt"] == "Käse 日本"


def test_a_prompt_file_may_be_standard_input(home):
    result = home.kirin("v1-t2v", "--prompt-file", "-", "--dry-run", "--json", stdin="a red door\n")
    assert result.data["body"]["input"][0]["params"]["prompt"] == "a red door"


def test_a_prompt_file_of_another_encoding_is_told_what_to_do(home):
    (home.work / "p.txt").write_bytes(b"K\xe4se")
    result = home.kirin("v1-t2v", "--prompt-file", "p.txt", "--dry-run")
    assert (result.exit_code, "save it as UTF-8" in result.stderr) == (2, True)


@pytest.mark.parametrize("value", ["media\\new.png", "media\\table.png", "media\\audience.png"])
def test_I6_a_path_with_escapes_is_shown_for_what_it_is(home, value):
    jobs = f'jobs: [{{name: a, model: kirin_v1_5_i2v, params: {{image: "{value}"}}}}]\n'
    (home.work / "jobs.yaml").write_text(jobs)
    result = home.kirin("validate", "jobs.yaml")
    assert (result.exit_code, "use single quotes" in result.stderr or "in single quotes" in result.stderr) == (2, True)


def test_a_parameter_that_is_newer_than_the_tool_is_sent_with_a_warning(home):
    style = ("--param", 'style={"grain": 5}')
    result = home.kirin("v1-t2v", "hi", *style, "--param", "look=film: noir", "--dry-run", "--json")
    assert (result.exit_code, result.data["body"]["input"]) == (
        0, [{"params": {"prompt": "hi", "style": {"grain": 5}, "look": "film: noir"}}],
    )  # fmt: skip
    assert "extra_params.style: warning: style is sent as it is, unchecked [A2]\n" in result.stderr
    (home.work / "one.yaml").write_text(home.kirin("v1-t2v", "hi", *style, "--to-yaml").stdout)
    again = home.kirin("v1-t2v", "-f", "one.yaml", "--param", "style=5", "--dry-run", "--json")
    assert again.data["body"]["input"] == [{"params": {"prompt": "hi", "style": 5}}]
    assert home.kirin("v1-t2v", "hi", *style, "--dry-run", "--strict").exit_code == 2


@pytest.mark.parametrize(
    ("param", "words"),
    [
        ("mode=std", "kirin_v1_t2v has such a parameter"),
        ('model="other"', "the command says which model"), ("x", "must be NAME=JSON"), ("=5", "must be"),
        (f"x={'[' * 700}{']' * 700}", "--param x is nested more than 64 deep"),
        ("x=", "--param x has no value"), ("x= ", "has no value"), ("x=[1, 2", "--param x is no JSON to read: "),
        ('x={"a": 1', "is no JSON"), ("x=[sic] a fox", "a text that begins so is written as JSON: --param 'x="),
        ("x=1", "--param x is given twice"),
    ],
)  # fmt: skip
def test_what_is_no_such_parameter_is_refused(home, param, words):
    result = home.kirin("v1-t2v", "hi", "--param", param, *(("--param", "x=2") if param == "x=1" else ()), "--dry-run")
    assert (result.exit_code, words in result.stderr) == (2, True)
