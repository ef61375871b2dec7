"""The parser: what Typer takes is what the commands declare and help shows, and it reads values without pydantic."""

import subprocess
import sys

import pytest

from kirin_cli.cli.commands import COMMANDS
from kirin_cli.cli.parameters import REQUIRED, OptionSpec
from kirin_cli.cli.parser import load_command

PARSE_ALL = """
import sys
from kirin_cli.cli.parser import load_command
from kirin_cli.cli.commands import COMMANDS
for command in map(load_command, COMMANDS):
    words = ["x" for one in command.params if one.required]
    options = [one for one in command.params if one.param_type_name == "option"]
    flags = [word for one in options for word in ([one.opts[0]] if one.is_flag else [one.opts[0], "5"])]
    command.make_context(command.name, [*words])
    command.make_context(command.name, [*flags, *words])
print(*sys.modules)
"""


@pytest.mark.parametrize("row", COMMANDS, ids=lambda row: row.name)
def test_typer_takes_what_the_command_declares(row):
    declared = row.load().parameters
    params = {param.name: param for param in load_command(row).params}
    assert list(params) == [one.name for one in declared]
    for one in declared:
        param, spec = params[one.name], one.spec
        assert (param.metavar or "", param.help or "") == (spec.metavar, spec.help)
        assert param.required == (one.default is REQUIRED)
        if isinstance(spec, OptionSpec):
            assert param.opts == [spec.long, *filter(None, [spec.short])]
            assert param.secondary_opts == [*filter(None, [spec.negative])]
            assert (param.is_flag, param.multiple, param.envvar) == (
                one.item_kind is bool,
                one.repeats,
                spec.env or None,
            )
        else:
            assert (param.param_type_name, param.nargs) == ("argument", -1 if one.repeats else 1)


def test_no_flag_and_no_argument_of_any_command_is_read_by_pydantic(home):
    done = subprocess.run(
        [sys.executable, "-c", PARSE_ALL],
        cwd=home.work,
        env=home.environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "pydantic" not in done.stdout.split()


@pytest.mark.parametrize(
    "variable", ["KIRIN_TIMEOUT", "KIRIN_MAX_COST", "KIRIN_ASSUME_COST", "KIRIN_PROGRESS", "KIRIN_JOBS"]
)
def test_a_value_of_the_environment_is_refused_by_the_name_of_its_variable(home, variable):
    (home.work / "a.yaml").write_text("model: kirin_v1_t2v\nparams: {prompt: x}\n")
    result = home.kirin("run", "a.yaml", "--sandbox", env={variable: "5x"})
    assert (result.exit_code, f"error: {variable} is '5x'" in result.stderr) == (2, True), result.stderr


def test_what_is_typed_is_refused_by_its_flag_whatever_the_environment_has(home):
    result = home.kirin("v1-t2v", "hi", "--sandbox", "--timeout", "5x", env={"KIRIN_TIMEOUT": "6x"})
    assert "error: --timeout is '5x'" in result.stderr


EMPTY = [
    ("run", "a.yaml", "--shard", ""), ("run", "a.yaml", "--profile", ""), ("run", "a.yaml", "--base-url="),
    ("run", "a.yaml", "-o", ""), ("run", ""), ("run", "a.yaml", ""), ("run", "a.yaml", "--only", ""),
    ("plan", "a.yaml", "--base-url", ""), ("v1-t2v", "hi", "--profile", ""), ("v1-t2v", "hi", "--api-key-file", ""),
    ("v1-t2v", "-f", ""), ("v1-t2v", "--prompt-file", ""), ("v1-t2v", "hi", "--output", ""), ("report", ""),
    ("report", "--merge", ""), ("init", "-o", ""), ("download", "-o", ""), ("list", "--file", ""),
]  # fmt: skip


@pytest.mark.parametrize("arguments", EMPTY, ids=" ".join)
def test_what_a_variable_of_the_shell_that_is_not_set_leaves_empty_is_refused(home, arguments):
    result = home.kirin(*arguments, env={"KIRIN_API_KEY": "sk-1234567890"})
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[0].endswith(" is empty: is a variable of the shell not set?")


def test_what_may_be_empty_is_taken_so(home):
    (home.work / "a.yaml").write_text("model: kirin_v1_t2v\nparams: {prompt: x}\n")
    assert home.kirin("plan", "a.yaml", "--scope", "").exit_code == 0
    assert home.kirin("list", "").exit_code == 0
    shown = home.kirin("v1-t2v", "hi", "--negative-prompt", "", "--dry-run", "--json")
    assert shown.data["body"]["input"][0]["params"]["negative_prompt"] == ""
    unset = dict.fromkeys(("KIRIN_OUTPUT_DIR", "KIRIN_BASE_URL", "KIRIN_PROFILE", "KIRIN_TIMEOUT"), "")
    assert home.kirin("run", "a.yaml", "--sandbox", env=unset).exit_code == 0
