"""The laws of the house, over the syntax trees: imports go down, libraries stay in their rooms, one way out."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "kirin_cli"
LEVELS = {
    "errors": 0, "formatting": 0, "json_text": 0, "tree": 0, "atomic_file": 0,
    "modelspec": 1,
    "models": 2, "jobs": 2, "wire": 2, "media": 2,
    "api": 3, "ledger": 3, "sandbox": 3,
    "run": 4,
    "ui": 5, "report": 5, "docgen": 5,
    "cli": 6,
}  # fmt: skip
LIBRARIES = {
    "requests": {"api"}, "urllib3": {"api"}, "http": {"api", "sandbox"}, "sqlite3": {"ledger"}, "rich": {"ui"},
    "typer": {"cli"}, "yaml": {"jobs", "cli"}, "imagesize": {"media", "api"}, "platformdirs": {"cli"},
    "keyring": {"cli"},
}  # fmt: skip
MAX_LINES = 400
FILES = sorted(ROOT.rglob("*.py"))


def room(path):
    inside = path.relative_to(ROOT)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


@cache
def trees():
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in FILES]


def imported(tree):
    """Every module that is imported, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            parents = [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "kirin_cli" else []
            yield from ((name, node.lineno) for name in parents or [node.module])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down_only(path):
    own = room(path)
    if own not in LEVELS:
        return
    for name, line in imported(ast.parse(path.read_text(encoding="utf-8"))):
        if name.startswith("kirin_cli.") and (other := name.split(".")[1]) in LEVELS and other != own:
            assert LEVELS[other] < LEVELS[own], f"{path}:{line}: {own} imports {other}"


def test_libraries_stay_in_their_rooms():
    strays = [
        f"{path}:{line}: {name}"
        for path, tree in trees()
        for name, line in imported(tree)
        if (top := name.split(".")[0]) in LIBRARIES and room(path) not in LIBRARIES[top]
    ]
    assert strays == []


def test_nothing_but_the_entry_point_leaves_the_process():
    exits = [
        f"{path}:{node.lineno}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.exit" and path.name != "__main__.py"
    ]
    assert [one for one in exits if "generated.py" not in one] == []


def test_only_main_catches_everything():
    broad = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and (node.type is None or ast.unparse(node.type) == "Exception")
    ]
    assert [one for one in broad if not one.startswith("cli/app.py")] == []


def test_no_path_is_resolved_in_a_way_that_differs_between_pythons():
    """From 3.13 on Path.resolve passes over a circle of links; os.path.realpath did and does (strict: OSError)."""
    resolving = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "resolve"
    ]
    assert resolving == []


def test_no_file_is_too_long():
    assert {str(path): n for path in FILES if (n := path.read_text(encoding="utf-8").count("\n")) > MAX_LINES} == {}


def test_every_module_says_what_it_does():
    assert [str(path) for path, tree in trees() if not ast.get_docstring(tree)] == []


def test_no_name_of_no_meaning():
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    assert [str(path) for path in FILES if path.stem in vague] == []


def test_every_room_has_a_level():
    assert {room(path) for path in FILES} - {"__init__", "__main__"} == set(LEVELS)
