"""Flags and arguments as data: their spellings, and what a value of them is."""

from pathlib import Path

import pytest

from kirin_cli.cli.parameters import ArgumentSpec, OptionSpec, Parameter


def test_a_switch_and_its_negative_are_one_spelling():
    assert OptionSpec("--wait", negative="--no-wait").spellings == ("--wait/--no-wait",)
    assert OptionSpec("--jobs", "-j").spellings == ("--jobs", "-j")


@pytest.mark.parametrize(
    ("kind", "item", "repeats"),
    [(str, str, False), (int | None, int, False), (list[str], str, True), (list[Path] | None, Path, True)],
)
def test_a_parameter_knows_the_kind_of_one_value_and_whether_there_are_several(kind, item, repeats):
    parameter = Parameter("x", kind, ArgumentSpec("X"))
    assert (parameter.item_kind, parameter.repeats) == (item, repeats)
