"""Create requests byte for byte: what each model's parameters become in both dialects, in code and on the command line.

The files in `golden` are written by hand; `square.png`, white and 300 px a side, is in them as Base64.
"""

import json
import os
from functools import partial

import pytest
from support.command_line import run_in_process
from support.golden_requests import COMMANDS, GOLDEN, PARAMS

from kirin_cli import wire
from kirin_cli.media.detect import inspect_media
from kirin_cli.media.request_body import JsonBody, expand
from kirin_cli.models import MODELS
from kirin_cli.wire import DIALECTS, params_of

EVERY = [
    pytest.mark.parametrize("model", MODELS),
    pytest.mark.parametrize("dialect", DIALECTS),
]


def for_each_model_and_dialect(test):
    return EVERY[0](EVERY[1](test))


def golden(model: str, dialect: str) -> dict[str, object]:
    return json.loads((GOLDEN / f"{model}.{dialect}.json").read_text(encoding="utf-8"))


def look(given, kind):
    return inspect_media(given, kind, GOLDEN)


def body(model: str, dialect: str) -> dict[str, object]:
    checked = MODELS[model].check(PARAMS[model], look)
    assert not checked.problems
    return DIALECTS[dialect].build_body(MODELS[model], checked.values)


@for_each_model_and_dialect
def test_A7_A8_A9_parameters_become_the_golden_body(model, dialect):
    assert expand(body(model, dialect)) == golden(model, dialect)


@for_each_model_and_dialect
def test_members_travel_in_the_order_of_the_reference(model, dialect):
    sent = json.dumps(expand(body(model, dialect)))
    assert sent == json.dumps(golden(model, dialect))


@for_each_model_and_dialect
def test_the_bytes_that_are_sent_say_the_same(model, dialect):
    sent = JsonBody(body(model, dialect))
    data = b"".join(sent)
    assert len(data) == len(sent)
    assert json.loads(data) == golden(model, dialect)


@for_each_model_and_dialect
def test_a_body_gives_its_parameters_back(model, dialect):
    other = next(name for name in DIALECTS if name != dialect)
    params = DIALECTS[dialect].parse_body(golden(model, dialect))
    assert params == params_of(golden(model, dialect)) == params_of(golden(model, other))
    checked = MODELS[model].check(params, partial(inspect_media, base=GOLDEN, local=False))
    assert not checked.problems
    assert expand(checked.values) == params


@for_each_model_and_dialect
def test_the_command_line_shows_the_golden_body(model, dialect):
    environ = {name: value for name, value in os.environ.items() if not name.startswith("KIRIN_")}
    environ["KIRIN_DIALECT"] = dialect
    result = run_in_process(GOLDEN, environ, *COMMANDS[model], "--dry-run", "--json", "--full")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["body"] == golden(model, dialect)


def test_there_is_a_golden_body_for_every_model_and_dialect_and_no_other():
    wanted = {f"{model}.{dialect}.json" for model in MODELS for dialect in DIALECTS}
    assert {path.name for path in GOLDEN.glob("*.json")} == wanted
    assert [dialect.name for dialect in DIALECTS.values()] == [*DIALECTS] == ["gateway", "documented"]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"input": None},
        {"input": []},
        {"input": "params"},
        {"input": {"params": {}}},
        {"input": [None]},
        {"input": [{}]},
        {"input": [{"params": []}]},
        {"input": [{"params": {}}, {"params": {}}]},
    ],
    ids=str,
)
def test_a_body_of_another_form_is_no_gateway_body(wrong):
    assert wire.parse_gateway({"model": "kirin_v1_t2v", **wrong}) is None
    assert params_of({"model": "kirin_v1_t2v", **wrong}) == wrong


@pytest.mark.parametrize(
    ("rest", "params"),
    [
        ({}, {}),
        ({"data": {}}, {}),
        ({"data": {"image": "a"}}, {"image": "a"}),
        ({"data": "a"}, {"data": "a"}),
        ({"data": {"image": "a"}, "prompt": "b"}, {"data": {"image": "a"}, "prompt": "b"}),
        ({"prompt": "b"}, {"prompt": "b"}),
    ],
    ids=str,
)
def test_a_documented_body_has_its_parameters_beside_the_model_or_in_data(rest, params):
    assert wire.parse_documented({"model": "kirin_v1_5_i2v", **rest}) == params
    assert params_of({"model": "kirin_v1_5_i2v", **rest}) == params


def test_an_empty_gateway_body_has_no_parameters():
    assert wire.parse_gateway({"input": [{"params": {}}]}) == {}
    assert params_of({"input": [{"params": {}}], "model": "x"}) == {}
