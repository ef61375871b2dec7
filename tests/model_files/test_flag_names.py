"""Flags of added models: none takes the place of another."""

from kirin_cli.cli.commands import BY_NAME
from kirin_cli.cli.parser import load_command
from kirin_cli.model_files.flag_names import COMMON_FLAGS, COMMON_SHORTS, with_free_flags
from kirin_cli.models import MODELS
from kirin_cli.modelspec.containers import ObjectField
from kirin_cli.modelspec.fields import Boolean, Text
from kirin_cli.modelspec.flags import model_flags
from kirin_cli.modelspec.model import Model


def options(*fields):
    return [flag.option for flag in model_flags(Model(id="m", command="m", help="", fields=with_free_flags(fields)))]


def test_the_flags_of_every_model_command_are_known():
    command = load_command(BY_NAME["v1-t2v"])
    own = {flag.option for flag in model_flags(MODELS["kirin_v1_t2v"])}
    options = [param for param in command.params if param.param_type_name == "option" and param.opts[0] not in own]
    spellings = {spelling for param in options for spelling in (*param.opts, *param.secondary_opts)}
    assert len(spellings) > 20
    assert {one.removeprefix("--") for one in spellings if one.startswith("--")} <= COMMON_FLAGS
    assert {one for one in spellings if not one.startswith("--")} <= COMMON_SHORTS


def test_a_name_that_is_taken_gets_another_flag():
    assert options(Text(name="output"), Text(name="a_b"), Text(name="a-b"), Text(name="_")) == [
        "--param-output", "--a-b", "--param-a-b", "--param-param",
    ]  # fmt: skip


def test_the_negative_of_a_switch_counts_too():
    assert options(Boolean(name="x"), Text(name="no_x")) == ["--x", "--param-no-x"]
    assert options(Text(name="no_x"), Boolean(name="x")) == ["--no-x", "--param-x"]


def test_members_of_objects_are_below_it_and_a_taken_short_flag_is_left_out():
    group = ObjectField(name="a", fields=(Text(name="b", short="-x"), Text(name="c")))
    assert options(Text(name="a-b"), group) == ["--a-b", "--a", "--param-a-b", "--a-c"]
    (first, second) = with_free_flags((Text(name="a", short="-o"), Text(name="b", short="-b")))
    assert (first.short, second.short) == ("", "-b")
