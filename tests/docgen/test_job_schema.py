"""The JSON Schema of job files: it refuses what is wrong for sure, and nothing that the program accepts."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match
from support.model_requests import FIELDS
from support.random_requests import files, requests

from kirin_cli.docgen.job_schema import job_file_schema, job_file_text
from kirin_cli.jobs import parser
from kirin_cli.jobs.job import JOB_KEYS
from kirin_cli.jobs.parser import read_job_file
from kirin_cli.jobs.yaml_loader import parse_yaml
from kirin_cli.models import MODELS
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.types import assume_url

WHOLE = Draft7Validator(job_file_schema())
PARAMS = {model.id: Draft7Validator(model.schema()) for model in MODELS.values()}


def smallest(refused: list[tuple[dict[str, object], str]]) -> str:
    """The shortest of what was wrongly refused, and how many there were."""
    texts = sorted((f"{json.dumps(given)}: {why}" for given, why in refused), key=len)
    return f"{len(texts)} refused, for example {texts[0]}" if texts else ""


drawn_often = pytest.mark.parametrize("count", [400, pytest.param(1000, marks=pytest.mark.slow)])


@drawn_often
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_a_models_schema_refuses_nothing_that_its_check_accepts(model: Model, count: int) -> None:
    drawn = list(requests(model, 2 * count))
    accepted = [given for given in drawn if not model.check(given, assume_url).errors]
    assert 0.02 < len(accepted) / (2 * count) < 0.95
    refused = [
        (given, error.message) for given in accepted if (error := best_match(PARAMS[model.id].iter_errors(given)))
    ]
    assert smallest(refused) == ""


def accepts(document: dict[str, object], path: Path) -> bool:
    """Whether the program takes the document for a job file without errors."""
    path.write_text(json.dumps(document), encoding="utf-8")
    found = read_job_file(path, FIELDS)
    jobs = [MODELS[job.model].check(job.params, assume_url).errors for job in found.jobs if not job.problems]
    return not found.problems and len(jobs) == len(found.jobs) and not any(jobs)


@drawn_often
def test_the_schema_of_files_refuses_nothing_that_the_program_accepts(tmp_path: Path, count: int) -> None:
    accepted = [document for document in files(count) if accepts(document, tmp_path / "jobs.yaml")]
    assert len(accepted) > count / 10
    assert sum("params" in given.get("defaults", {}) for given in accepted) > count / 20
    refused = [(given, error.message) for given in accepted if (error := best_match(WHOLE.iter_errors(given)))]
    assert smallest(refused) == ""


@drawn_often
def test_the_schema_refuses_nothing_of_files_that_expand(tmp_path: Path, count: int) -> None:
    accepted = [document for document in files(count, expands=True) if accepts(document, tmp_path / "jobs.yaml")]
    jobs = [job for document in accepted for job in document.get("jobs", [document])]
    keys = ("matrix", "exclude", "include", "foreach", "take")
    assert min(sum(key in job for job in jobs) for key in keys) > count / 50
    refused = [(given, error.message) for given in accepted if (error := best_match(WHOLE.iter_errors(given)))]
    assert smallest(refused) == ""


def job(model: str, **given: object) -> dict[str, object]:
    return {"jobs": [{"model": model, "params": given}]}


CAMERA = {"type": "forward_up"}


def many(keys: dict[str, object], **given: object) -> dict[str, object]:
    return {"jobs": [{"model": "kirin_v1_t2v", "params": given} | keys]}


LOOSE = {"defaults": {"params": {"mode": "std"}}}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"jobs": []} | {"model": "kirin_v1_t2v"},
        {"version": 2, "jobs": []},
        {"jobs": [], "vras": {}},
        {"jobs": [{"model": "kirin_v9", "params": {"prompt": "a"}}]},
        {"jobs": [{"params": {"prompt": "a"}}]},
        {"model": "kirin_v1_t2v"},
        {"defaults": {"model": "kirin_v1_t2v"}, "jobs": [{}]},
        {"defaults": {"model": "kirin_v1_t2v"}, "jobs": [{"params": {"prompt": "a", "mode": "ultra"}}]},
        {"defaults": {"params": {"mdoe": "std"}}, "jobs": []},
        {"defaults": {"params": {"mode": "ultra"}}, "jobs": []},
        job("kirin_v1_t2v", mode="std"),
        job("kirin_v1_t2v", prompt="a", aspect="16:9"),
        job("kirin_v1_t2v", prompt="a", camera_control={"type": "orbit"}),
        job("kirin_v1_t2v", prompt="a", camera_control=CAMERA, mode="pro"),
        job("kirin_v1_t2v", prompt="a", camera_control=CAMERA, duration=10),
        job("kirin_v1_t2v", prompt="a", camera_control={"type": "simple", "config": {"pan": 1, "tilt": 1}}),
        job("kirin_v1_5_i2v", prompt="a"),
        job("kirin_v1_5_i2v", image="a.png", image_tail="b.png"),
        job("kirin_video_o1", prompt="a"),
        LOOSE | job("kirin_v1_t2v", prompt="a", camera_control=CAMERA, mode="pro"),
        LOOSE | job("kirin_v1_t2v", prompt="a", camera_control={"type": "simple"}),
        LOOSE | job("kirin_v1_t2v", prompt=""),
        LOOSE | job("kirin_v1_t2v", camera_control=CAMERA),
        {"defaults": {"model": "kirin_v1_5_i2v", "params": {"mode": "std"}}, "jobs": [{"params": {"prompt": "a"}}]},
        {"defaults": {"params": {"mode": "std"}}, "model": "kirin_v1_t2v", "params": {"duration": 5}},
        {"vars": {"a-b": 1}} | job("kirin_v1_t2v", prompt="a"),
        {"vars": [1]} | job("kirin_v1_t2v", prompt="a"),
        {"jobs": [], "matrix": {"mode": ["std"]}},
        many({"matrix": {"mode": "std"}}, prompt="a"),
        many({"matrix": {"mode": []}}, prompt="a"),
        many({"matrix": {"mode": ["std"]}}),
        many({"matrix": {"mode": ["std"]}}, prompt="a", camera_control={"type": "orbit"}),
        many({"matrix": {"cfg_scale": [0.5]}}, prompt="a", camera_control=CAMERA, mode="pro"),
        many({"matrix": {"mode": ["std"], "include": [{}]}}, prompt="a"),
        many({"exclude": {"mode": "std"}}, prompt="a"),
        many({"include": [{"mode": "pro"}]}),
        many({"foreach": []}, prompt="a"),
        many({"foreach": [[1]]}, prompt="a"),
        many({"foreach": "a.csv", "take": 0}, prompt="a"),
        many({"take": "two"}, prompt="a"),
        many({"tags": [1]}, prompt="a"),
        many({"foreach": "a.csv"}, prompt="${row.prompt}", camera_control=CAMERA, mode="pro"),
        {"model": "kirin_v1_t2v", "matrix": {"mode": ["std"]}},
    ],
    ids=str,
)
def test_an_editor_underlines(document: dict[str, object]) -> None:
    assert not WHOLE.is_valid(document)


@pytest.mark.parametrize(
    "document",
    [
        {"model": "kirin_v1_t2v", "params": {"prompt": "a"}, "name": "one", "x-notes": [1]},
        {"defaults": {"model": "kirin_v1_t2v"}, "params": {"prompt": "a"}},
        {"defaults": {"model": "kirin_v1_t2v", "params": {"prompt": "a"}}, "jobs": [{}, {"params": None}]},
        {"defaults": None, "output": None} | job("kirin_v1_t2v", prompt="${text}", cfg_scale="${scale}"),
        {"defaults": {"params": {"mode": "std", "prompt": "a"}}} | job("kirin_v1_t2v", camera_control=CAMERA),
        {"defaults": {"params": {"mode": "std"}, "matrix": {"prompt": ["a"]}}} | job("kirin_v1_t2v"),
        {"defaults": {"params": {"mode": "std"}, "foreach": "rows.csv"}} | job("kirin_v1_t2v"),
        {"defaults": {"params": {"mode": "std"}}, "include": "look.yaml"} | job("kirin_v1_t2v"),
        {"defaults": {"params": {"image": "a.png"}}} | job("kirin_v1_5_i2v", camera_control=None),
        {"vars": {"city": "Oslo", "list": [1], "none": None}} | job("kirin_v1_t2v", prompt="${city}", cfg_scale="${c}"),
        {"jobs": [{"model": "${model}", "params": {"anything": 1}}]},
        many({"matrix": {"prompt": ["a", "b"]}}),
        many({"matrix": {"mode": ["std", "pro"]}}, prompt="a", camera_control=CAMERA, mode="pro"),
        many(
            {"matrix": {"mode": "${modes}", "city": ["a"], "x-note": 1}}, prompt="${matrix.city}", camera_control=CAMERA
        ),
        many({"include": [{"prompt": "a"}, {"prompt": "b", "duration": 10}]}, camera_control=CAMERA, duration=10),
        many(
            {"matrix": {"cfg_scale": [0.5], "include": [{"mode": "std"}]}},
            prompt="a",
            camera_control=CAMERA,
            mode="pro",
        ),
        many({"foreach": [{"a": 1}], "take": 3, "tags": ["x"]}, prompt="${row.a}"),
        many({"foreach": "a.csv", "take": "${row.n}", "tags": "${row.tag}"}, prompt="${row.a}", mode="${row.m}"),
        {"model": "kirin_v1_t2v", "matrix": {"prompt": ["a"]}, "exclude": [{"prompt": "b"}]},
        {"model": "kirin_v1_5_i2v", "matrix": {"image": ["a.png"]}},
        {"defaults": {"model": "kirin_v1_t2v", "take": 2, "tags": "a"}, "jobs": [{"params": {"prompt": "a"}}]},
        {"include": ["look.yaml"], "jobs": [{"params": {"mode": "pro"}}]},
        {"include": "look.yaml", "params": {"prompt": "a"}},
        {"defaults": {"model": "kirin_v1_t2v", "matrix": {"prompt": ["a", "b"]}, "if": "${x} == y"}, "jobs": [{}]},
        {"model": "kirin_v1_t2v", "foreach": "rows.csv"},
        {"model": "kirin_v1_t2v", "foreach": ["a", "b"], "params": {"prompt": "${row.value}"}},
        {"model": "kirin_v1_t2v", "params": {"prompt": "a"}, "extra_params": {"style": [1]}, "if": False},
    ],
    ids=str,
)
def test_an_editor_leaves_alone(document: dict[str, object]) -> None:
    assert not [error.message for error in WHOLE.iter_errors(document)]


def test_the_schema_knows_the_keys_that_the_reader_knows() -> None:
    keys = job_file_schema()["properties"]
    assert set(keys) == set(parser._TOP_KEYS)
    assert set(keys["defaults"]["properties"]) == set(JOB_KEYS)
    assert set(keys["jobs"]["items"]["properties"]) == set(JOB_KEYS)


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[2] / "sample_jobs").glob("*.yaml")), ids=lambda path: path.name
)
def test_the_sample_jobs_are_as_the_schema_wants_them(path: Path) -> None:
    documents = [document.root for document in parse_yaml(path.read_text(encoding="utf-8")).documents]
    assert documents
    assert not [error.message for document in documents for error in WHOLE.iter_errors(document)]


def test_the_schema_itself_is_draft_07_and_its_text_says_the_same() -> None:
    Draft7Validator.check_schema(job_file_schema())
    assert json.loads(job_file_text()) == job_file_schema()


def test_every_parameter_tells_the_editor_what_it_is_for() -> None:
    definitions = job_file_schema()["definitions"]
    for model in MODELS.values():
        for part in model.fields:
            shown = definitions[model.id]["properties"][part.name]
            assert shown["description"] == part.describe()
            assert shown.get("default") == part.default
