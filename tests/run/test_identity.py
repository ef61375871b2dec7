"""What makes a job the same job: the same id on every machine, another one for anything that is asked differently."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.pictures import png

from kirin_cli.jobs.placeholders import JobReference
from kirin_cli.media.detect import inspect_media
from kirin_cli.media.request_body import expand
from kirin_cli.modelspec.types import MediaFile
from kirin_cli.run.identity import CROCKFORD, canonical_json, derive_external_id, hash_media, request_text

ASKED = {"origin": "https://cloud.example", "scope": "", "job": "harbour", "take": 1}
REQUEST = request_text("kirin_v1_t2v", {"prompt": "rain", "duration": "5"})


def named(request: str = REQUEST, **changes: object) -> str:
    return derive_external_id(request=request, **{**ASKED, **changes})  # type: ignore[arg-type]


def test_the_id_of_a_job_never_changes():
    # Written down once: another value here means that every job of every user would be paid for again.
    assert named() == "krn1-JEDFG4CG1F88NJH23355077XD2"


@pytest.mark.parametrize("attempt", [1, 2, 30])
@pytest.mark.parametrize(
    "texts",
    [{"job": 'a "b"\\\n'}, {"job": "Größe \U0001f600 \ud800"}, {"scope": "ä"}, {"origin": "sandbox:1"}, {"take": 12}],
)
def test_an_id_is_the_digest_of_canonical_json_of_all_that_makes_it(texts, attempt):
    params = {"prompt": 'rain\n"x" Größe \ud83d', "n": [1, 2.5, None, True], "z": {"b": 1e300, "a": -7}}
    request = request_text("kirin_v1_t2v", params)
    facts = {**ASKED, **texts, "request": json.loads(request), **({"attempt": attempt} if attempt > 1 else {})}
    digest = int(hashlib.sha256(canonical_json(facts).encode()).hexdigest(), 16) >> 126
    expected = "".join(CROCKFORD[digest >> 5 * place & 31] for place in range(25, -1, -1))
    assert named(request, attempt=attempt, **texts) == f"krn1-{expected}"


def test_an_id_is_krn1_and_26_characters_of_crockfords_base32():
    assert re.fullmatch(r"krn1-[0-9A-HJKMNP-TV-Z]{26}", named())


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "https://other.example"},
        {"scope": "spring"},
        {"job": "harbour 2"},
        {"take": 2},
        {"request": request_text("kirin_v1_5_i2v", {"prompt": "rain", "duration": "5"})},
        {"request": request_text("kirin_v1_t2v", {"prompt": "rain", "duration": "10"})},
        {"request": request_text("kirin_v1_t2v", {"prompt": "rain"})},
        {"request": request_text("kirin_v1_t2v", {"prompt": "rain", "duration": 5})},
    ],
)
def test_whatever_differs_makes_another_job(changes):
    assert named(**changes) != named()


def test_the_order_in_which_parameters_are_written_does_not_matter():
    assert named(request_text("kirin_v1_t2v", {"duration": "5", "prompt": "rain"})) == named()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES, VALUES)
def test_texts_are_equal_where_trees_are(one, other):
    assert canonical_json(one).isascii()
    assert json.loads(canonical_json(one)) == one
    if canonical_json(one) == canonical_json(other):
        assert one == other


def looked_at(folder: Path, name: str, content: bytes) -> MediaFile:
    (folder / name).write_bytes(content)
    return inspect_media(name, "image", folder)


def test_pictures_count_by_their_content_and_not_by_their_path(tmp_path):
    cup, copy, other = (
        looked_at(tmp_path, name, png(*sides))
        for name, sides in (("cup.png", (300, 300)), ("copy.png", (300, 300)), ("other.png", (300, 301)))
    )
    assert hash_media({"image": cup}) == hash_media({"image": copy})
    assert hash_media({"image": cup}) != hash_media({"image": other})


def test_a_picture_that_is_replaced_makes_another_job(tmp_path):
    before = hash_media(looked_at(tmp_path, "cup.png", png(300, 300)))
    assert hash_media(looked_at(tmp_path, "cup.png", png(301, 300))) != before


def test_base64_of_a_picture_is_the_same_as_its_file(tmp_path):
    cup = looked_at(tmp_path, "cup.png", png(300, 300))
    text = expand({"image": cup})["image"]
    assert isinstance(text, str)
    assert hash_media(inspect_media(text, "image", tmp_path)) == hash_media(cup)


def test_a_url_counts_as_it_is_written(tmp_path):
    url = inspect_media("https://a.example/cup.png?v=2", "image", tmp_path)
    assert hash_media({"images": [url]}) == {"images": ["https://a.example/cup.png?v=2"]}


def test_the_text_of_a_request_is_the_canonical_json_of_its_values(tmp_path):
    cup = looked_at(tmp_path, "cup.png", png(300, 300))
    url = MediaFile("https://a.example/cup.png", "url")
    values = {
        "prompt": 'rain "at" night\\r é',
        "images": [url, cup],
        "mask": {"y": url, "x": 0.5, "on": True},
        "n": None,
    }
    for prompt in (values["prompt"], "one\r\ntwo\rthree"):
        params = hash_media(values | {"prompt": prompt})
        assert request_text("m", values | {"prompt": prompt}) == canonical_json({"model": "m", "params": params})


def test_a_result_of_another_job_counts_by_that_job_and_never_by_its_url():
    reference = JobReference("harbour", "url")
    tree = {"video": MediaFile(reference, "url"), "refs": [{"video": reference}], "prompt": "rain"}
    expected = {"video": {"job": "krn1-X"}, "refs": [{"video": {"job": "krn1-X"}}], "prompt": "rain"}
    assert hash_media(tree, {"harbour": "krn1-X"}) == expected
