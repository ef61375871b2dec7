"""Tables of the README and of `kirin models`: what they say, and how they get into a text."""

import json

import pytest
from support.sample_commands import COMMANDS

from kirin_cli import errors
from kirin_cli.docgen.commands import exit_code_table
from kirin_cli.docgen.generated_files import markdown_table, readme_tables, update_tables
from kirin_cli.docgen.model_reference import HEADINGS, model_data, model_parameters, model_rules
from kirin_cli.errors import KirinError, UsageError
from kirin_cli.models import MODELS
from kirin_cli.modelspec.flags import model_flags
from kirin_cli.modelspec.model import Model

EVERY_MODEL = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


def test_a_table_goes_between_its_markers_and_nothing_else_changes() -> None:
    text = "a\n<!-- begin: x y -->\nold\n<!-- end: x y -->\nb\n<!-- begin: z -->\n<!-- end: z -->\n"
    once = update_tables(text, {"x y": "| new |", "z": "| z |"})
    assert once == "a\n<!-- begin: x y -->\n| new |\n<!-- end: x y -->\nb\n<!-- begin: z -->\n| z |\n<!-- end: z -->\n"
    assert update_tables(once, {"x y": "| new |", "z": "| z |"}) == once


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<!-- begin: x -->", "no partner"),
        ("<!-- end: x -->", "no partner"),
        ("<!-- end: x --><!-- begin: x -->", "no partner"),
        ("<!-- begin: model --><!-- end: model -->", 'did you mean "models"'),
    ],
)
def test_a_marker_that_cannot_be_filled_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        update_tables(text, {"x": "", "models": ""})


def test_a_cell_cannot_break_its_table() -> None:
    assert markdown_table(("a", "b"), [("x|y", "one\ntwo")]).splitlines()[2] == r"| x\|y | one two |"


def test_every_exit_code_of_the_tree_has_words() -> None:
    classes = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, KirinError)]
    codes = exit_code_table()
    assert {each.exit_code for each in classes} | {0} == set(codes)
    assert list(codes) == sorted(codes)
    assert all(codes.values())


def test_the_commands_table_names_each_command_and_its_panel_once() -> None:
    lines = readme_tables(COMMANDS, ())["commands"].splitlines()
    assert [line for line in lines if line.startswith("| Generate | `v1-t2v [PROMPT]` |")]
    assert [line for line in lines if line.startswith("| Job files | `run FILE…` |")]
    assert [line for line in lines if line.startswith("|  | `schema` |")]


@EVERY_MODEL
def test_every_flag_stands_beside_a_parameter(model: Model) -> None:
    shown = " ".join(word for parameter in model_parameters(model) for word in parameter.flags)
    assert all(flag.option in shown for flag in model_flags(model))


@EVERY_MODEL
def test_every_row_has_a_cell_for_every_heading_and_a_rule(model: Model) -> None:
    for parameter in model_parameters(model):
        assert len(parameter.row) == len(HEADINGS)
        assert parameter.rule


@EVERY_MODEL
def test_data_for_programs_is_json_and_holds_every_rule_and_error_code(model: Model) -> None:
    data = json.loads(json.dumps(model_data(model)))
    assert [rule["rule"] for rule in data["rules"]] == [law.rule for law in model.rules]
    assert {error["code"] for error in data["errors"]} == set(model.error_codes)
    assert data["parameters"][0]["path"] == model.fields[0].name


def test_members_are_written_as_in_yaml_with_the_flags_that_set_them() -> None:
    shown = {parameter.path: parameter.flags for parameter in model_parameters(MODELS["kirin_video_o1"])}
    assert shown["image_list"] == ("--first-frame", "--end-frame", "--image")
    assert shown["image_list[].type"] == ()
    assert shown["video_list[].refer_type"] == ("--video-refer-type",)
    assert shown["watermark_info.enabled"] == ("--watermark/--no-watermark",)


def test_T5_F1_O7_a_rule_is_a_whole_sentence() -> None:
    said = {(rule.rule, rule.says) for model in MODELS.values() for rule in model_rules(model)}
    assert ("T5", "camera_control needs mode std and duration 5") in said
    assert ("F1", "image or image_tail is required: a first frame, a last frame or both") in said
    assert ("F4", "static_mask or dynamic_masks needs mode pro and duration 5") in said
    assert ("O7", "image_list and element_list take at most 7 items together without a video") in said
