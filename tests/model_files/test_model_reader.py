"""Files of models: the five pages in this form mean what our own modules mean; what is no model is said in words."""

from pathlib import Path

import pytest
from support.model_requests import GOOD
from support.random_requests import requests

from kirin_cli.docgen.model_reference import model_data
from kirin_cli.model_files.model_reader import BadModelFile, parse_model_file, read_model_file
from kirin_cli.models import MODELS
from kirin_cli.modelspec.model import CheckResult
from kirin_cli.modelspec.pricing import price_classes
from kirin_cli.modelspec.types import MediaFile, MediaKind, assume_url

PAGES = Path(__file__).parent / "pages"


def without_texts(data: object) -> object:
    """What is known of a model but for its sentences, which may be put in other words."""
    if not isinstance(data, list):
        return data
    return [{name: value for name, value in one.items() if name not in {"help", "says", "message"}} for one in data]


def undescribed(schema: object) -> object:
    """A schema without the texts that it shows."""
    if isinstance(schema, list):
        return [undescribed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: undescribed(value) for name, value in schema.items() if name != "description"}


def verdicts(result: CheckResult) -> list[tuple[object, ...]]:
    return [(problem.path, problem.rule, problem.severity, problem.item) for problem in result.problems]


def look(given: str, kind: MediaKind) -> MediaFile:
    """A look that knows a size and a length for each text, so that rules about media have something to find."""
    number = sum(given.encode())
    facts = {"seconds": 3 + number % 80 / 8, "fps": 25.0} if kind == "video" else {"turned": number % 5 == 0}
    return MediaFile(given, "url", width=300 + number % 7 * 100, height=300 + number % 3 * 100, **facts)


@pytest.mark.parametrize("model_id", MODELS)
def test_a_page_in_this_form_says_what_our_own_module_says(model_id):
    ours, theirs = model_data(MODELS[model_id]), model_data(read_model_file(PAGES / f"{model_id}.yaml").model)
    for name in ("id", "command", "parameters", "rules", "errors"):
        assert without_texts(theirs[name]) == without_texts(ours[name])


@pytest.mark.parametrize("model_id", MODELS)
def test_a_page_in_this_form_gives_the_same_verdict_on_every_request(model_id):
    ours, theirs = MODELS[model_id], read_model_file(PAGES / f"{model_id}.yaml").model
    assert undescribed(theirs.schema()) == undescribed(ours.schema())
    for params in (GOOD[model_id], *requests(ours, 300)):
        for inspect in (assume_url, look):
            first, second = ours.check(params, inspect), theirs.check(params, inspect)
            assert verdicts(second) == verdicts(first), params
            assert list(second.values) == list(first.values)


def test_prices_depend_on_what_the_file_says_else_on_every_choice():
    text = (
        "model: m\nfields:\n  - {name: a, kind: choice, options: [x, y]}\n  - {name: b, kind: choice, options: [z]}\n"
    )
    assert [str(one) for one in price_classes(parse(text))] == ["x z", "y z"]
    assert [str(one) for one in price_classes(parse(text + "price_by: [a]\n"))] == ["x", "y"]


def parse(text: str | bytes):
    return parse_model_file(text if isinstance(text, bytes) else text.encode(), Path("m.yaml")).model


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a model's file is a mapping"),
        ("- a\n", "a model's file is a mapping"),
        ("fields: []\n", "model: is missing"),
        ("model: m\n", "fields: is missing"),
        ("model: ../m\nfields: []\n", "model is"),
        ("model: m\nfields: []\ncommand: Run It\n", "command is"),
        ("model: m\nfields: []\nresult: hologram\n", "result is"),
        ("model: m\nfields: []\nfield: 1\n", 'did you mean "fields"?'),
        ("model: m\nfields: []\nprice_by: [x]\n", "price_by must be"),
        ("model: m\nfields: []\nprice_per_second_of: x\n", "the parameter of a video"),
        ("model: m\nmodel: n\nfields: []\n", "duplicate key"),
        ("model: m\nfields: [\n", "m.yaml:"),
        ("model: m\nfields: !!python/object:os.system []\n", "unknown tag"),
        (b"model: \xff\n", "not valid UTF-8"),
        ("model: m\nfields: []\nhelp: &a [*a]\n", "m.yaml:"),
    ],
)
def test_what_is_no_model_is_said_with_its_line(text, words):
    with pytest.raises(BadModelFile) as refused:
        parse(text)
    assert words in refused.value.message


def test_a_bomb_of_aliases_and_a_file_of_megabytes_are_refused(tmp_path):
    lines = ["x-a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"x-{new}: &{new} [{', '.join([f'*{old}'] * 10)}]" for old, new in zip("abcdefg", "bcdefgh", strict=True)]
    with pytest.raises(BadModelFile):
        parse("\n".join(["model: m", "fields: []", *lines]))
    path = tmp_path / "big.yaml"
    path.write_text("model: m\nfields: []\n" + "# x\n" * 600_000)
    with pytest.raises(BadModelFile, match="larger than"):
        read_model_file(path)


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path):
    (tmp_path / "secret").write_text("model: m\nfields: []\n")
    (tmp_path / "m.yaml").symlink_to(tmp_path / "secret")
    with pytest.raises(BadModelFile, match="symbolic link"):
        read_model_file(tmp_path / "m.yaml")
    assert read_model_file(tmp_path / "m.yaml", follow_links=True).model.id == "m"


def test_every_model_carries_the_id_by_which_a_task_is_found_again():
    assert parse("model: m\nfields: []\n").names == ("external_task_id",)
    odd = parse("model: m\nfields: [{name: external_task_id, kind: integer}]\n")
    assert odd.field_named("external_task_id").kind == "text"
