"""The syntax trees of source files, each made once in a process."""

import ast
from functools import cache
from pathlib import Path


@cache
def syntax_tree(path: Path) -> ast.Module:
    """The tree of a Python file; do not change it."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def all_nodes(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a Python file, as `ast.walk` gives them."""
    return tuple(ast.walk(syntax_tree(path)))
