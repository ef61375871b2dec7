"""Each key and item can be found again, at lines and columns counted by hand."""

import pytest

from kirin_cli.jobs.yaml_loader import parse_yaml
from kirin_cli.jobs.yaml_nodes import count_nodes, find_position, line_column, split_path

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
    position, _ = find_position(parse_yaml(TEXT).documents[0].root, split_path(path))
    assert line_column(position) == expected


def test_paths_fall_into_keys_and_indices():
    assert split_path("a[0].b[12].c") == ["a", 0, "b", 12, "c"]
    assert split_path("") == []


def test_measuring_counts_what_aliases_stand_for():
    root = parse_yaml("a: &x {k: [1, 2]}\nb: [*x, *x]\n").documents[0].root
    assert count_nodes(root["a"], {}) == (5, 2)
    assert count_nodes(root, {}) == (1 + 2 + 5 + 11, 4)
    assert count_nodes("text", {}) == (1, 0)
    assert count_nodes(parse_yaml("[]").documents[0].root, {}) == (1, 1)
