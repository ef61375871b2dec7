"""The law of writing: one module makes, moves and opens files to write, so that none follows a link (fault X1)."""

import ast
from pathlib import Path

import pytest
from support.syntax_trees import dotted_name, find_nodes, syntax_tree

ROOT = Path(__file__).parent.parent / "kirin_cli"
WRITER = "atomic_file.py"
ALLOWED = {
    "api/part_file.py": {"io.FileIO"},  # the type of what atomic_file opens
    "ui/console.py": {"os.open", "os.O_WRONLY"},  # the null device, where standard output is closed
    "regular_file.py": {"io.FileIO", "os.open"},  # for reading; the flags that write are barred there as everywhere
}
METHODS = {
    "hardlink_to", "lchmod", "link_to", "rename", "symlink_to", "touch", "write_bytes", "write_text",
}  # fmt: skip
FUNCTIONS = {
    "codecs.open", "io.FileIO", "io.open", "io.open_code", "os.fdopen", "os.link", "os.mkfifo", "os.mknod", "os.open",
    "os.rename", "os.renames", "os.replace", "os.symlink", "os.truncate", "shutil.copy", "shutil.copy2",
    "shutil.copyfile", "shutil.copymode", "shutil.copystat", "shutil.copytree", "shutil.make_archive", "shutil.move",
    "shutil.unpack_archive", "logging.FileHandler", "os.O_APPEND", "os.O_CREAT", "os.O_RDWR", "os.O_TRUNC",
    "os.O_WRONLY",
}  # fmt: skip
TEMPORARY = "tempfile.TemporaryDirectory"
"""A folder of a random name that nobody else may enter; a file of `tempfile` never gets its final name safely."""


def find_writing(tree):
    """Every place of a module that makes or moves a file, or opens one to be written: its line and what it calls."""
    aliases = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in find_nodes(tree, ast.ImportFrom)
        if node.module
        for alias in node.names
    }
    for node in find_nodes(tree, ast.Attribute, ast.Name):
        name = dotted_name(node)
        name = aliases.get(name, name)
        is_temporary = name.startswith("tempfile.") and name != TEMPORARY
        if name in FUNCTIONS or is_temporary or (isinstance(node, ast.Attribute) and node.attr in METHODS):
            yield node.lineno, name or node.attr
    yield from ((call.lineno, what) for call in find_nodes(tree, ast.Call) if (what := _call_that_writes(call)))


def _call_that_writes(call):
    is_method = isinstance(call.func, ast.Attribute)
    name = call.func.attr if is_method else dotted_name(call.func)
    if is_method and name == "replace" and len(call.args) == 1 and not call.keywords:
        return "replace"  # of a path: that of a text takes two
    if name != "open":
        return ""
    positions = call.args[:1] if is_method else call.args[1:2]
    modes = [*positions, *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    texts = [mode.value for mode in modes if isinstance(mode, ast.Constant) and isinstance(mode.value, str)]
    return f"open {texts[0]}" if texts and set(texts[0]) & set("wax+") else ""


@pytest.mark.parametrize(
    "source",
    [
        "open(p, 'w')", "open(p, mode='ab')", "p.open('x')", "p.open(mode='r+')", "p.write_text('')",
        "p.write_bytes(b)", "p.touch()", "p.rename(q)", "p.replace(q)", "p.hardlink_to(q)", "os.open(p, f)",
        "os.replace(a, b)", "f = os.link", "os.O_CREAT", "shutil.copy(a, b)", "from shutil import move\nmove(a, b)",
        "tempfile.NamedTemporaryFile()", "from tempfile import mkstemp\nmkstemp()",
        "from os import open as o\no(p, 1)", "os.fdopen(3, 'w')", "io.open(p)",
    ],
)  # fmt: skip
def test_each_way_of_writing_is_found(source):
    assert list(find_writing(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "open(p)", "open(p, 'rb')", "p.open('rb')", "store.open(folder, busy=1.0)", "text.replace('a', 'b')",
        "record.replace(name='x')", "replace(job, take=2)", "tempfile.TemporaryDirectory()", "shutil.disk_usage(p)",
    ],
)  # fmt: skip
def test_what_only_reads_is_not(source):
    assert list(find_writing(ast.parse(source))) == []


def test_X1_files_are_written_in_one_module_only():
    strays = [
        f"{path.relative_to(ROOT)}:{line}: {what}"
        for path in sorted(ROOT.rglob("*.py"))
        if (name := path.relative_to(ROOT).as_posix()) != WRITER
        for line, what in find_writing(syntax_tree(path))
        if what not in ALLOWED.get(name, ())
    ]
    assert strays == []
