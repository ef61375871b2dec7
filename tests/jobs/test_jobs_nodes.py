"""Each key and item can be found again, at lines and columns counted by hand."""

import pytest

from kirin_cli.jobs.document import parse
from kirin_cli.jobs.nodes import measure, spot, steps

TEXT = """\
version: 1
defaults: {model: m, params: {mode: std}}
jobs:
- name: harbour
  params:
    dynamic_masks:
      - mask: a.png
        trajectories: [{x: 1, y: 2}, {x: 3,
          y: 4}]
      -   mask: "b.png"
"""
SPOTS = {
    "version": (1, 1),
    "defaults.model": (2, 12),
    "defaults.params": (2, 22),
    "defaults.params.mode": (2, 31),
    "jobs": (3, 1),
    "jobs[0]": (4, 3),
    "jobs[0].name": (4, 3),
    "jobs[0].params.dynamic_masks[0]": (7, 9),
    "jobs[0].params.dynamic_masks[0].trajectories[0].y": (8, 31),
    "jobs[0].params.dynamic_masks[0].trajectories[1]": (8, 38),
    "jobs[0].params.dynamic_masks[0].trajectories[1].y": (9, 11),
    "jobs[0].params.dynamic_masks[1].mask": (10, 11),
    # the innermost that exists
    "jobs[0].params.dynamic_masks[7].mask": (6, 5),
    "jobs[0].params.prompt": (5, 3),
    "jobs.name": (3, 1),
    "version[0].x": (1, 1),
    "": (1, 1),
    "nothing": (1, 1),
}


@pytest.mark.parametrize(("path", "expected"), SPOTS.items())
def test_spots_are_where_a_person_counts_them(path, expected):
    assert spot(parse(TEXT).documents[0].root, path) == expected


def test_paths_fall_into_keys_and_indices():
    assert steps("a[0].b[12].c") == ["a", 0, "b", 12, "c"]
    assert steps("") == []


def test_measuring_counts_what_aliases_stand_for():
    root = parse("a: &x {k: [1, 2]}\nb: [*x, *x]\n").documents[0].root
    assert measure(root["a"], {}) == (5, 2)
    assert measure(root, {}) == (1 + 2 + 5 + 11, 4)
    assert measure("text", {}) == (1, 0)
    assert measure(parse("[]").documents[0].root, {}) == (1, 1)
