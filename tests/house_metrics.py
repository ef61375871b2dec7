"""The measures of the package: files, lines, functions, imports, names, and what commands load.

    python tests/house_metrics.py [ROOT]

ROOT is a checkout (default: this one). It is run with the Python that runs this, whose libraries it needs; nothing of
the package is imported here, so that older trees can be measured and compared.
"""

import ast
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.syntax_trees import find_nodes, syntax_tree

PACKAGE = "kirin_cli"
COMMANDS = (("validate", "jobs.yaml"), ("plan", "jobs.yaml"), ("list",))
"""Command lines whose loaded modules are counted."""
JOB_FILE = "version: 1\njobs:\n  - {name: rain, model: kirin_v1_t2v, params: {prompt: rain}}\n"
COUNT_MODULES = f"""
import sys
from {PACKAGE}.__main__ import main
code = 0
try:
    code = main()
except SystemExit as ended:
    code = ended.code
loaded = sum(name.split(".")[0] == "{PACKAGE}" for name in sys.modules)
print(f"\\n{{loaded}} {{code or 0}}", file=sys.stderr)
"""
TYPE_NAME = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")
SUPERLATIVES = {
    "MOST", "LEAST", "LONGEST", "SHORTEST", "LARGEST", "SMALLEST", "BIGGEST", "GREATEST", "HIGHEST", "LOWEST",
    "DEEPEST", "WIDEST", "NARROWEST", "DEAREST", "FEWEST", "SLOWEST", "FASTEST", "TALLEST", "USUAL",
}  # fmt: skip
"""Words in the names of limits and defaults where MAX, MIN and DEFAULT are meant."""
SHORT = 3
"""Lines of a body that says no more than its call."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class SourceFile:
    """A module of the package: its dotted name, its path below the package, its text and its syntax tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return self.text.count("\n")


def read_package(root: Path) -> list[SourceFile]:
    """All modules of the package in a checkout, by path."""
    folder = root / PACKAGE
    files = []
    for path in sorted(folder.rglob("*.py")):
        inside, text = path.relative_to(folder), path.read_text(encoding="utf-8")
        parts = inside.with_suffix("").parts
        name = ".".join((PACKAGE, *(parts[:-1] if parts[-1] == "__init__" else parts)))
        files.append(SourceFile(name, inside, text, syntax_tree(path)))
    return files


def functions(tree: ast.AST) -> list[Function]:
    """Functions and methods, nested ones too."""
    return find_nodes(tree, ast.FunctionDef, ast.AsyncFunctionDef)


def length(function: Function) -> int:
    """Lines from `def` to the last."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def body_length(function: Function) -> int:
    """Lines of the body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def type_names(file: SourceFile) -> set[str]:
    """Public classes at any level, and aliases in CapWords of the module."""
    names = {node.name for node in find_nodes(file.tree, ast.ClassDef)}
    for node in file.tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", getattr(node, "name", None))]
        )
        names |= {target.id for target in targets if isinstance(target, ast.Name) and TYPE_NAME.fullmatch(target.id)}
    return {name for name in names if not name.startswith("_")}


def shared_type_names(files: list[SourceFile]) -> dict[str, list[str]]:
    """Type names that several modules define, with the modules."""
    modules: dict[str, list[str]] = defaultdict(list)
    for file in files:
        for name in type_names(file):
            modules[name].append(file.name)
    return {name: places for name, places in sorted(modules.items()) if len(places) > 1}


def superlative_constants(files: list[SourceFile]) -> list[str]:
    """Constants whose name has a superlative in place of MAX or MIN."""
    return [
        f"{file.path}: {node.id}"
        for file in files
        for node in find_nodes(file.tree, ast.Name)
        if isinstance(node.ctx, ast.Store)
        if CONSTANT.fullmatch(node.id) and SUPERLATIVES & set(node.id.split("_"))
    ]


def needless_functions(files: list[SourceFile]) -> list[str]:
    """Private functions with a body of three lines or less that one place refers to."""
    found = []
    for file in files:
        uses = Counter(
            node.id if isinstance(node, ast.Name) else node.attr
            for node in find_nodes(file.tree, ast.Name, ast.Attribute)
            if isinstance(node.ctx, ast.Load)
        )
        found += [
            f"{file.path}: {function.name}"
            for function in functions(file.tree)
            if function.name.startswith("_") and not function.name.startswith("__") and not function.decorator_list
            if uses[function.name] == 1 and body_length(function) <= SHORT
        ]
    return found


def _imported_names(node: ast.AST) -> list[str]:
    """The dotted names that an import statement may load; for `from a import b` both `a` and `a.b`."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def internal_imports(tree: ast.AST) -> int:
    """Statements that import something of the package, wherever they stand."""
    statements = find_nodes(tree, ast.Import, ast.ImportFrom)
    return sum(any(name.split(".")[0] == PACKAGE for name in _imported_names(node)) for node in statements)


def _statements_at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """What runs when a module is imported: nothing of functions, nothing that only type checkers see."""
    for node in body:
        if isinstance(node, Function) or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            continue
        yield node
        for name in ("body", "orelse", "finalbody"):
            yield from _statements_at_import(getattr(node, name, []))


def import_graph(files: list[SourceFile]) -> dict[str, set[str]]:
    """For each module the modules of the package that it imports by itself when it is imported."""
    modules = {file.name for file in files}
    graph = {}
    for file in files:
        imports: set[str] = set()
        for node in _statements_at_import(file.tree.body):
            names = [name for name in _imported_names(node) if name in modules]
            # `from package import module` needs the module; what the package holds besides is its own affair.
            imports |= set(names[1:] if isinstance(node, ast.ImportFrom) and len(names) > 1 else names)
        graph[file.name] = imports - {file.name}
    return graph


def import_circles(files: list[SourceFile]) -> list[list[str]]:
    """Groups of modules that import one another in a circle."""
    graph = import_graph(files)

    def reachable(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            new = graph[waiting.pop()] - seen
            seen |= new
            waiting += new
        return seen

    ahead = {name: reachable(name) for name in graph}
    circles = {
        frozenset(other for other in ahead[name] if name in ahead[other]) for name in graph if name in ahead[name]
    }
    return sorted(sorted(circle) for circle in circles)


def loaded_modules(root: Path, *arguments: str) -> tuple[int, int]:
    """How many modules of the package a command line loads, and its exit code, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "jobs.yaml").write_text(JOB_FILE, encoding="utf-8")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("KIRIN_", "XDG_"))}
        own = {"PYTHONPATH": str(root), "HOME": folder, "KIRIN_STATE_DIR": folder, "KIRIN_CONFIG_DIR": folder}
        process = subprocess.run(
            [sys.executable, "-c", COUNT_MODULES, *arguments],
            cwd=folder, env={**inherited, **own}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if process.returncode:
        sys.exit(f"{sys.executable} cannot run kirin: take one that has it installed\n{process.stderr}")
    loaded, code = process.stderr.splitlines()[-1].split()
    return int(loaded), int(code)


def measure(root: Path) -> dict[str, str]:
    """Each measure with its value as text."""
    files = read_package(root)
    lines = sum(file.lines for file in files)
    lengths = sorted(length(function) for file in files for function in functions(file.tree))
    shared = shared_type_names(files)
    rows = {
        "files": f"{len(files)}",
        "lines": f"{lines:,}",
        "lines per file": f"{lines / len(files):.0f}",
        "longest file": f"{max(file.lines for file in files)}",
        "functions": f"{len(lengths):,}",
        "functions per 1,000 lines": f"{1000 * len(lengths) / lines:.1f}",
        "function length, median": f"{statistics.median(lengths):.0f}",
        "function length, nine in ten up to": f"{lengths[9 * len(lengths) // 10]}",
        "function length, longest": f"{lengths[-1]}",
        "internal import statements": f"{sum(internal_imports(file.tree) for file in files):,}",
        "groups of modules that import in a circle": f"{len(import_circles(files))}",
        "type names used for several types": f"{len(shared)} (for {sum(map(len, shared.values()))} types)",
        "limit constants not called MAX or MIN": f"{len(superlative_constants(files))}",
        "private functions called once, up to 3 lines": f"{len(needless_functions(files))}",
    }
    for command in COMMANDS:
        loaded, code = loaded_modules(root, *command)
        rows[f"modules loaded by `{command[0]}`"] = f"{loaded}" + (f" (exit code {code})" if code else "")
    return rows


def main() -> None:
    rows = measure(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1]).resolve())
    width = max(map(len, rows))
    sys.stdout.writelines(f"{name:<{width}}  {value}\n" for name, value in rows.items())


if __name__ == "__main__":
    main()
