"""The map in CONTRIBUTING is true: every path on it is there, and every name is in the file that it names."""

import ast
import re
from pathlib import Path

from support.syntax_trees import syntax_tree

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
PATH = r"(?:[\w.-]+/)+(?:[\w.-]+)?|[A-Z]+\.md"
CITED = sorted(path for path in set(re.findall(rf"`({PATH})`", PAGE)) if not path.endswith("/x.py"))
STATIONS = sorted(set(re.findall(r"`([\w/]+\.py:[\w.]+)`", PAGE)))
WALKS = re.findall(r"^### .*?\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)


def names_in(path):
    """Functions, classes, methods as `Class.method`, and constants of a module."""
    names = set()
    for node in syntax_tree(path).body:
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        names |= {target.id for target in targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return names


def test_every_path_is_there():
    assert [path for path in CITED if not (ROOT / path).exists()] == []


def test_every_name_is_in_its_file():
    for path, _, name in (station.partition(":") for station in STATIONS):
        place = ROOT / path if (ROOT / path).exists() else ROOT / "kirin_cli" / path
        assert name in names_in(place), path


def test_every_constant_of_the_table_is_in_the_file_beside_it():
    rows = re.findall(r"`([A-Z_]+)` in `([\w/.]+\.py)`", PAGE)
    assert len(rows) > 3
    assert [(name, path) for name, path in rows if name not in names_in(ROOT / path)] == []


def test_each_walk_has_ten_to_twenty_stations():
    assert len(WALKS) == 3
    assert all(10 <= len(re.findall(r"\.py:", walk)) <= 20 for walk in WALKS)
