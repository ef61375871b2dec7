"""The syntax trees of source files, each made and walked once in a process."""

import ast
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypeVar

NodeType = TypeVar("NodeType", bound=ast.AST)


@cache
def syntax_tree(path: Path) -> ast.Module:
    """The tree of a Python file; do not change it."""
    return ast.parse(path.read_text(encoding="utf-8"))


def find_nodes(tree: ast.AST, *types: type[NodeType]) -> list[NodeType]:
    """The nodes of exactly these types in the tree and its root, outer ones before inner ones."""
    by_type = _nodes_by_type(tree)
    return [node for kind in types for node in by_type.get(kind, ())]


@cache
def _nodes_by_type(tree: ast.AST) -> Mapping[type[ast.AST], list[ast.AST]]:
    """What `ast.walk` finds in a third of its time, which the tests of the house took ten times."""
    found, nodes = defaultdict(list), [tree]
    for node in nodes:  # grows meanwhile
        found[type(node)].append(node)
        for value in vars(node).values():
            if isinstance(value, list):
                nodes += [element for element in value if isinstance(element, ast.AST)]
            elif isinstance(value, ast.AST):
                nodes.append(value)
    return found


def dotted_name(node: ast.expr) -> str:
    """`a.b.c` of a name or of attributes of one; nothing of any other expression."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) else ""
