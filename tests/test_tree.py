"""Nested mappings and lists: walked with paths as YAML writes them, and copied with other leaves."""

from types import MappingProxyType

from kirin_cli.tree import map_leaves, walk

TREE = {"a": {"b": [{"c": 1}, "two"]}, "d": (None, []), "e": {}, 7: "seven"}


def test_every_leaf_comes_with_its_path_in_order():
    leaves = [("a.b[0].c", 1), ("a.b[1]", "two"), ("d[0]", None), ("7", "seven")]
    assert list(walk(TREE)) == leaves
    assert list(walk(TREE["a"], "a")) == leaves[:2]


def test_a_leaf_is_a_tree_of_one():
    assert list(walk("text", "x[1]")) == [("x[1]", "text")]
    assert map_leaves(3, str) == "3"


def test_the_copy_is_of_plain_dicts_and_lists_and_leaves_the_tree_alone():
    tree = MappingProxyType({"a": (1, [2]), "b": {}})
    assert map_leaves(tree, lambda leaf: (leaf,)) == {"a": [(1,), [(2,)]], "b": {}}
    assert tree == {"a": (1, [2]), "b": {}}
