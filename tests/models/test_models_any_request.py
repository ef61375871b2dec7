"""Whatever is asked, a check answers: no crash, known paths, and what it passes is JSON that passes again."""

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.model_requests import GOOD

from kirin_cli.jobs.yaml_nodes import split_path
from kirin_cli.media.request_body import expand
from kirin_cli.models import MODELS
from kirin_cli.modelspec.fields import INVALID
from kirin_cli.modelspec.types import assume_url

NAMES = sorted({name for model in MODELS.values() for name in model.names})
INNER = ["type", "config", "pan", "tilt", "enabled", "mask", "trajectories", "x", "y", "image", "image_url"]
KEYS = st.sampled_from([*INNER, "video_url", "refer_type", "keep_original_sound", "element_id", "zzz"])
LEAVES = st.one_of(
    st.sampled_from(["", "5", "10", "std", "pro", "simple", "16:9", "first_frame", "base", "<<<image_1>>>"]),
    st.sampled_from(
        [None, True, False, 0, 1, 5, -10, 10**30, 1e2, -0.0, float("nan"), float("-inf"), date(2026, 1, 1)]
    ),
    st.text(max_size=3),
    st.binary(max_size=2),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(KEYS, inner, max_size=4),
        st.dictionaries(st.one_of(st.integers(), st.none(), st.tuples(st.integers())), inner, max_size=2),
        st.tuples(inner),
    ),
    max_leaves=12,
)
REQUESTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5)


@pytest.mark.parametrize("count", [50, pytest.param(150, marks=pytest.mark.slow)])
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_no_request_breaks_the_check(model, count):
    @settings(max_examples=count, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(changes=REQUESTS, whole=st.booleans())
    def ask(changes, whole):
        result = model.check({**(GOOD[model.id] if whole else {}), **changes}, assume_url)
        for problem in result.problems:
            assert problem.message
            assert len(problem.message) < 1000
            assert split_path(problem.path)
        if not result.errors:
            body = expand(result.values)
            assert json.loads(json.dumps(body, allow_nan=False)) == body
            again = model.check(body, assume_url)
            assert not again.problems or {found.rule for found in again.problems} <= {"F11", "O14"}
            assert expand(again.values) == body

    ask()


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_depth_circles_and_size_are_refused_like_anything_else(model):
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    circle: dict[str, object] = {}
    circle["type"] = circle
    for name in NAMES:
        for value in (deep, circle, [circle], {"type": 10**5000}, [None] * 1000, object()):
            assert model.check({**GOOD[model.id], name: value}, assume_url).errors, name


ODD_VALUES = [
    INVALID, [INVALID], {"a": INVALID}, [[INVALID]], {"x": {"y": [INVALID]}}, float("nan"), float("-inf"), 10**400,
    -0.0, True, None, "", " ", "\u00a0", "\0", "\ud800", "x" * 10_000, b"bytes", {1, 2}, (1, 2), date(2026, 1, 1),
    Decimal("1.5"), object(), print, {}, [], {"": ""}, {1: 2}, [None], [[]], [{}], 1j, Path("a"),
]  # fmt: skip


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.id)
def test_no_message_shows_an_object_of_the_program(model):
    cases = ((field.name, value) for field in model.fields for value in ODD_VALUES)
    for name, value in cases:
        nested = {"type": value, "config": {"zoom": value}}
        for params in (value, [value], nested, [{"image": value}, {"video_url": value, "mask": value}]):
            for problem in model.check({"prompt": "a", name: params}, assume_url).problems:
                assert not re.search(r"<\w+[ .]|object at 0x|Invalid", problem.message), problem
