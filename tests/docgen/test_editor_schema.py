"""The schema as editors show it: by what their server does with a schema, and in yaml-language-server itself."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from support.language_server import LanguageServer
from support.random_requests import files

from kirin_cli.cli.app import run_command_line
from kirin_cli.docgen.editor_schema import adapt_to_editors, forbid, join_by_owner
from kirin_cli.docgen.job_schema import _document_schema, job_file_schema
from kirin_cli.docgen.starter import SCHEMA_FILE
from kirin_cli.models import MODELS
from kirin_cli.modelspec.fields import INTERPOLATED, NULL, any_of

SCHEMA = job_file_schema()
VALUES = ("std", "ultra", "${mode}", "", None, 1, True, 2.5, [], [1], {}, {"a": 1})


def schemas(schema: object) -> Iterator[dict[str, object]]:
    """Every schema in a schema."""
    if isinstance(schema, list):
        for inner in schema:
            yield from schemas(inner)
    elif isinstance(schema, dict):
        yield schema
        for keyword, inner in schema.items():
            by_name = keyword in {"properties", "patternProperties", "definitions"}
            yield from schemas(list(inner.values()) if by_name else inner)


@pytest.mark.parametrize(
    "schema",
    [
        any_of({"enum": ["std", None]}, sure=False),
        any_of({"enum": ["std", None]}, NULL, sure=True),
        any_of({"type": "integer"}, {"type": "array", "minItems": 1}, NULL, sure=False),
        any_of(NULL, sure=False),
        any_of({"const": 1}, sure=True),
        {"type": ["string", "null"], **any_of({"type": "string", "minLength": 1}, sure=False)},
        {"description": "a", **any_of({"type": "object", "properties": {"a": any_of(NULL, sure=True)}}, sure=False)},
        {"type": "object", "properties": {"description": NULL, "anyOf": {"type": "integer"}}},
        {"not": any_of(INTERPOLATED, {"maxItems": 0, "type": "array"}, sure=True)},
    ],
)
def test_a_schema_for_editors_means_the_same(schema: dict[str, object]) -> None:
    before, after = Draft7Validator(schema), Draft7Validator(adapt_to_editors(schema))
    values = [*VALUES, {"a": None}, {"description": 1}, {"anyOf": "x"}]
    assert [before.is_valid(value) for value in values] == [after.is_valid(value) for value in values]


def test_the_schema_of_job_files_means_the_same_for_editors() -> None:
    before, after = Draft7Validator(_document_schema(tuple(MODELS.values()))), Draft7Validator(SCHEMA)
    drawn = [*files(40), *files(40, expands=True)]
    assert len({before.is_valid(document) for document in drawn}) == 2
    assert [before.is_valid(document) for document in drawn] == [after.is_valid(document) for document in drawn]


def test_nothing_is_there_that_a_server_joins_in_a_hover() -> None:
    assert not [schema for schema in schemas(SCHEMA) if {"anyOf", "title"} & schema.keys()]


def test_what_is_proposed_tells_how_its_value_begins_or_a_server_inserts_the_bare_key() -> None:
    proposed = [
        (name, property_schema)
        for schema in schemas(SCHEMA)
        for name, property_schema in schema.get("properties", {}).items()  # type: ignore[attr-defined]
        if isinstance(property_schema, dict) and "description" in property_schema
    ]
    assert len(proposed) > 100
    assert not [name for name, schema in proposed if not schema.keys() & {"type", "const", "$ref"}]


def test_a_refused_property_takes_nothing() -> None:
    schema = Draft7Validator(forbid("kirin_v1_5_i2v has it"))
    assert not any(schema.is_valid(value) for value in VALUES)


def test_what_several_say_is_said_once_where_they_say_the_same() -> None:
    assert join_by_owner([("a", "x"), ("b", "x")]) == "x"
    assert join_by_owner([("a", "x"), ("b", "y"), ("c", "x")]) == "a, c: x\nb: y"


PROGRAM = shutil.which("yaml-language-server")
in_an_editor = pytest.mark.skipif(
    PROGRAM is None and os.environ.get("KIRIN_REQUIRE_EDITOR") != "1", reason="there is no yaml-language-server"
)
MODELINE = f"# yaml-language-server: $schema=./{SCHEMA_FILE}\nversion: 1\n"


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    """An editor in the folder in which `kirin init` wrote a job file, so offline."""
    assert PROGRAM is not None, "KIRIN_REQUIRE_EDITOR is set, and there is no yaml-language-server"
    folder = tmp_path_factory.mktemp("editor")
    assert run_command_line(["init", "-o", str(folder / "jobs.yaml")]) == 0
    server = LanguageServer(PROGRAM, folder)
    yield server
    server.close()


@in_an_editor
def test_a_hover_has_what_a_parameter_is_for_its_bounds_and_its_default(editor: LanguageServer) -> None:
    job = MODELINE + "model: kirin_v1_t2v\nparams:\n  prompt: a\n  cfg_scale: 0.5\n  mode: std\n"
    hovers = {name: editor.hover(job.replace(f"{name}:", f"{name[0]}|{name[1:]}:")) for name in ("cfg_scale", "mode")}
    assert "(0 to 1; default 0.5)" in hovers["cfg_scale"]
    assert "default std" in hovers["mode"]
    assert "* `std`\n* `pro`\n" in hovers["mode"]
    defaults = MODELINE + "defaults:\n  params: {cfg_|scale: 1}\njobs: []\n"
    assert "(0 to 1; default 0.5)" in editor.hover(defaults)


@in_an_editor
def test_no_hover_of_anything_in_a_file_joins_alternatives(editor: LanguageServer) -> None:
    text = (Path(__file__).parents[2] / "sample_jobs/quickstart.yaml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("# yaml-language-server")]
    keys = [number for number, line in enumerate(lines) if ":" in line and not line.lstrip().startswith("#")]
    assert len(keys) > 5
    for number in keys:
        line = lines[number]
        start = len(line) - len(line.lstrip(" -")) + 1
        marked = [*lines[:number], f"{line[:start]}|{line[start:]}", *lines[number + 1 :]]
        hover = editor.hover(MODELINE.partition("\n")[0] + "\n" + "\n".join(marked) + "\n")
        assert "||" not in hover
        assert "####" not in hover


@in_an_editor
@pytest.mark.parametrize("model", MODELS)
def test_what_is_completed_has_its_colon_and_is_of_the_model(editor: LanguageServer, model: str) -> None:
    inserted = editor.completions(f"{MODELINE}model: {model}\nparams:\n  |\n")
    assert set(inserted) == set(MODELS[model].names)
    assert all(text.startswith(f"{name}:") for name, text in inserted.items())
    assert editor.completions(f"{MODELINE}model: {model}\nparams:\n  pr|\n").keys() == inserted.keys()


@in_an_editor
def test_words_are_completed_in_jobs_and_in_defaults(editor: LanguageServer) -> None:
    job = MODELINE + "jobs:\n  - model: kirin_v1_t2v\n    params:\n      prompt: a\n      mode: |\n"
    assert {"std", "pro"} <= editor.completions(job).keys()
    assert {"std", "pro"} <= editor.completions(MODELINE + "defaults:\n  params:\n    mode: |\njobs: []\n").keys()
    camera = editor.completions(MODELINE + "model: kirin_v1_t2v\nparams:\n  prompt: a\n  camera_control:\n    |\n")
    assert camera == {"type": "type: ", "config": "config:\n  "}
    top = editor.completions(MODELINE + "|\n")
    assert all(text.startswith(f"{name}:") for name, text in top.items())
    assert {"defaults", "jobs", "model", "vars"} <= top.keys()


FOREIGN = "image is no parameter of kirin_v1_t2v; kirin_v1_5_i2v has it"
NO_PROMPT = 'Missing property "prompt".'
JOBS = "jobs:\n  - model: kirin_v1_t2v\n    params: {duration: 5}\n"
OTHER_DEFAULTS = "defaults: {params: {negative_prompt: b}}\n"
CAMERA = "{prompt: a, mode: pro, camera_control: {type: down_back}}"
MASKED = "{image: a.png, image_tail: b.png, mode: std}"
END_FRAME = "{prompt: a, aspect_ratio: 1:1, image_list: [{image: a.png, type: end_frame}]}"
RULES = {
    f"kirin_v1_t2v\nparams: {CAMERA}": "camera_control needs mode std and duration 5 [T5]",
    "kirin_v1_5_i2v\nparams: {prompt: a}": "image or image_tail is required: a first frame, a last frame or both [F1]",
    f"kirin_v1_5_i2v\nparams: {MASKED}": "image_tail needs mode pro [F3]",
    "kirin_video_o1\nparams: {prompt: a}": (
        "aspect_ratio is required unless there is a first frame or a video is edited [O10]"
    ),
    f"kirin_video_o1\nparams: {END_FRAME}": "image_list with an end_frame needs a first_frame too [O3]",
}
PROBLEMS = {
    "model: kirin_v1_t2v\nparams:\n  prompt: a\n  image: a.png\n": [(6, FOREIGN)],
    "model: kirin_v1_t2v\nmatrix: {mode: [std]}\nparams:\n  prompt: a\n  image: a.png\n": [(7, FOREIGN)],
    JOBS: [(5, NO_PROMPT)],
    f"defaults: {{params: {{mode: std}}}}\n{JOBS}": [(6, NO_PROMPT)],
    f"defaults: {{params: {{prompt: a}}}}\n{JOBS}": [],
    **{f"model: {job}\n": [(4, problem)] for job, problem in RULES.items()},
    **{f"{OTHER_DEFAULTS}model: {job}\n": [(5, problem)] for job, problem in RULES.items()},
}


@in_an_editor
def test_what_is_wrong_is_underlined_once_in_words_that_name_the_model_the_rule_or_what_is_missing(
    editor: LanguageServer,
) -> None:
    underlined = editor.problems(*(MODELINE + text for text in PROBLEMS))
    assert dict(zip(PROBLEMS, underlined, strict=True)) == PROBLEMS


@in_an_editor
def test_the_file_that_init_wrote_is_underlined_nowhere(editor: LanguageServer) -> None:
    assert editor.problems((editor.folder / "jobs.yaml").read_text(encoding="utf-8")) == [[]]
