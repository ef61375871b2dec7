"""The laws of the house, over the syntax trees: imports go down, libraries stay in their rooms, one way out."""

import ast
from functools import cache
from pathlib import Path

from house_metrics import (
    functions,
    import_circles,
    length,
    read_package,
    shared_type_names,
    superlative_constants,
)
from support.syntax_trees import dotted_name, find_nodes, syntax_tree

TESTS = Path(__file__).parent
ROOT = Path(__file__).parent.parent / "kirin_cli"
LEVELS = {
    "errors": 0, "formatting": 0, "json_text": 0, "tree": -2, "atomic_file": 0, "text_encoding": 0, "regular_file": -1,
    "redaction": -1, "normal_forms": 0, "shell_words": -2,
    "modelspec": 1,
    "models": 2, "jobs": 2, "wire": 2, "media": 2,
    "api": 3, "ledger": 3, "sandbox": 3, "model_files": 3,
    "run": 4,
    "ui": 5, "report": 5, "docgen": 5,
    "cli": 6,
}  # fmt: skip
LIBRARIES = {
    "requests": {"api"}, "urllib3": {"api"}, "http": {"api", "sandbox"}, "sqlite3": {"ledger"}, "rich": {"ui"},
    "typer": {"cli"}, "yaml": {"jobs", "cli"}, "imagesize": {"media", "api"}, "platformdirs": {"cli"},
    "keyring": {"cli"}, "truststore": {"api"},
}  # fmt: skip
MAX_LINES = 400
MAX_FUNCTION_LINES = 40
PARTICIPLES = {
    "bound", "bought", "brought", "built", "caught", "cut", "done", "drawn", "found", "given", "gone", "heard", "held",
    "kept", "known", "left", "lost", "made", "met", "paid", "said", "seen", "sent", "shown", "sold", "spent", "taken",
    "thought", "told", "understood", "written", "worn", "wound",
}  # fmt: skip
"""Irregular ones; the others end in -ed."""
TERMS = {
    "Accepted": "an event is named for what happened", "Queued": "the same", "Generated": "the same",
    "Progressed": "the same", "Finished": "the same, of a step", "Interrupted": "an error, for what happened",
    "Terminated": "the same", "elapsed": "the term for time since a start",
    "generated": "what `python -m kirin_cli.cli.generated` writes",
}  # fmt: skip
"""Participles that are terms, with the reason."""
NO_TEST_FILE = {
    "cli/commands/models.py": "cli/commands/test_list.py",
    "cli/commands/schema.py": "cli/commands/test_list.py",
    "cli/commands/usage.py": "cli/commands/test_list.py",
    "cli/keystore.py": "cli/commands/test_auth.py",
    "cli/reports.py": "cli/commands/test_report.py",
    "docgen/parameter_schema.py": "docgen/test_job_schema.py",
    "model_files/comparison.py": "cli/test_model_actions.py and model_files/test_service_spec.py",
    "model_files/writer.py": "model_files/test_service_spec.py: every spec is written and read back",
    "modelspec/custom_rules.py": "models/ and model_files/test_rule_reader.py",
    "modelspec/containers.py": "modelspec/test_fields.py",
    "modelspec/media_fields.py": "modelspec/test_fields.py",
    "modelspec/model.py": "modelspec/test_request.py and models/",
    "report/html_charts.py": "report/test_html.py",
    "run/download.py": "run/test_scheduler_steps.py",
    "run/reconcile.py": "run/test_scheduler_steps.py and tests/faults/test_faults_repeats.py",
    "run/poll.py": "run/test_scheduler_steps.py and tests/faults/test_faults_poll.py",
    "__main__.py": "three lines; every test of a process begins there",
    "errors.py": "classes; exit codes are held by test_readme.py and wherever an error is raised",
    "api/range_reader.py": "read through the prober: api/test_probe.py",
    "cli/console.py": "every test of a command, and ui/test_progress.py",
    "cli/commands/__init__.py": "a table: cli/test_help.py and cli/test_app_imports.py hold every row",
    "cli/commands/config.py": "cli/test_settings.py",
    "cli/commands/help.py": "cli/test_help.py",
    "cli/commands/init.py": "docgen/test_starter.py",
    "cli/commands/resume.py": "tests/tasks and tests/faults",
    "cli/commands/run.py": "tests/tasks and tests/faults",
    "cli/commands/show.py": "tests/tasks",
    "cli/commands/wait.py": "tests/tasks",
    "cli/model_help.py": "generated: cli/test_help.py",
    "cli/entries.py": "tests/tasks",
    "cli/flags.py": "cli/test_help.py",
    "cli/generated.py": "docgen/test_generated_files.py",
    "cli/help_texts.py": "texts: cli/test_help.py",
    "cli/runner.py": "tests/tasks and tests/faults/test_faults_signals.py",
    "cli/session.py": "tests/tasks and tests/faults/test_faults_commands.py",
    "cli/settings_schema.py": "a table: cli/test_settings.py",
    "docgen/commands.py": "data: cli/test_help.py and docgen/completions/test_completions.py",
    "docgen/completions/bash.py": "tests/shells and docgen/completions/test_completions.py",
    "docgen/completions/fish.py": "the same",
    "docgen/completions/powershell.py": "docgen/completions/test_completions.py",
    "docgen/completions/script.py": "docgen/completions/test_completions.py",
    "docgen/completions/zsh.py": "tests/shells and docgen/completions/test_completions.py",
    "docgen/help_screens.py": "cli/test_help.py and docgen/test_generated_files_man.py",
    "jobs/expansions.py": "jobs/test_expand.py: what an entry becomes",
    "jobs/job_builder.py": "jobs/test_parser.py: a job is made when its file is read",
    "ledger/entry.py": "records: ledger/test_ledger.py",
    "media/__init__.py": "a lazy door to detect and request_body",
    "media/formats.py": "a table: media/test_image_header.py",
    "modelspec/types.py": "records: models/ and run/test_check.py",
    "report/__init__.py": "a table: report/test_parser.py draws with every row",
    "report/json_format.py": "cli/commands/test_report.py and report/test_parser.py read it back",
    "report/plan_format.py": "cli/commands/test_plan.py and report/test_load.py",
    "report/report.py": "records: report/test_parser.py",
    "run/events.py": "records: ui/test_progress_state.py",
    "run/job.py": "records: run/test_prepare.py",
    "run/job_run.py": "records: run/test_scheduler_steps.py",
    "run/path_registry.py": "run/test_prepare.py and run/test_attempt_choice.py",
    "sandbox/api_handler.py": "sandbox/test_tasks.py and sandbox/test_validator.py, over HTTP",
    "sandbox/samples.py": "run/test_outputs_kinds.py",
    "sandbox/http_handler.py": "sandbox/test_server.py, over HTTP",
}
"""Modules without a test file of their name: where they are held, or why they need none."""
FILES = sorted(ROOT.rglob("*.py"))


def room(path):
    inside = path.relative_to(ROOT)
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


@cache
def package():
    return read_package(ROOT.parent)


def trees():
    return [(path, syntax_tree(path)) for path in FILES]


def imported(tree):
    """Every module that is imported, with the line."""
    for node in find_nodes(tree, ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif node.module and not node.level:
            parents = [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "kirin_cli" else []
            yield from ((name, node.lineno) for name in parents or [node.module])


def test_imports_go_down_only():
    upwards = [
        f"{path}:{line}: {own} imports {other}"
        for path, tree in trees()
        if (own := room(path)) in LEVELS
        for name, line in imported(tree)
        if name.startswith("kirin_cli.") and (other := name.split(".")[1]) in LEVELS and other != own
        if LEVELS[other] >= LEVELS[own]
    ]
    assert upwards == []


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
        for node in find_nodes(tree, ast.Attribute)
        if dotted_name(node) == "sys.exit" and path.name != "__main__.py"
    ]
    assert [one for one in exits if "generated.py" not in one] == []


def test_only_main_catches_everything():
    broad = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees()
        for node in find_nodes(tree, ast.ExceptHandler)
        if node.type is None or ast.unparse(node.type) == "Exception"
    ]
    assert [one for one in broad if not one.startswith("cli/app.py")] == []


def test_no_path_is_resolved_in_a_way_that_differs_between_pythons():
    """From 3.13 on Path.resolve passes over a circle of links; os.path.realpath did and does (strict: OSError)."""
    resolving = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees()
        for node in find_nodes(tree, ast.Call)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "resolve"
    ]
    assert resolving == []


def test_no_file_is_too_long():
    assert {str(path): n for path in FILES if (n := path.read_text(encoding="utf-8").count("\n")) > MAX_LINES} == {}


def test_no_function_is_too_long():
    long = [
        f"{file.path}:{function.lineno}: {function.name}"
        for file in package()
        for function in functions(file.tree)
        if length(function) > MAX_FUNCTION_LINES
    ]
    assert long == []


def test_no_modules_import_each_other_in_a_circle():
    assert import_circles(package()) == []


def test_nothing_of_the_package_is_imported_by_a_string():
    by_string = [
        f"{file.path}:{node.lineno}: {ast.unparse(node)}"
        for file in package()
        for node in find_nodes(file.tree, ast.Call)
        if getattr(node.func, "attr", getattr(node.func, "id", "")) in {"import_module", "__import__"}
        and not (isinstance(node.args[0], ast.Constant) and not str(node.args[0].value).startswith(("kirin_cli", ".")))
    ]
    assert by_string == []


def test_a_type_name_means_one_type():
    assert shared_type_names(package()) == {}


def test_limits_are_called_max_and_min():
    assert superlative_constants(package()) == []


def test_no_name_is_a_bare_participle():
    names = {file.path.stem for file in package()} | {
        node.name
        for file in package()
        for node in find_nodes(file.tree, ast.ClassDef, ast.FunctionDef)
        if not node.name.startswith("_")
    }
    bare = {name for name in names if name.lower().endswith("ed") or name.lower() in PARTICIPLES}
    assert {name for name in bare if "_" not in name and name[1:].islower()} == set(TERMS)


def test_every_module_says_what_it_does():
    assert [str(path) for path, tree in trees() if not ast.get_docstring(tree)] == []


def test_no_name_of_no_meaning():
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    assert [str(path) for path in FILES if path.stem in vague] == []


def test_every_room_has_a_level():
    assert {room(path) for path in FILES} - {"__init__", "__main__"} == set(LEVELS)


def own_tests():
    """The test files of each module: those whose name begins like it, in the folder of tests that mirrors its own."""
    tests = {file.path: [] for file in package()}
    strays = []
    for path in sorted(TESTS.rglob("test_*.py")):
        inside = path.relative_to(TESTS)
        names = {
            (module.parent.name if module.stem == "__init__" else module.stem): module
            for module in tests
            if module.parent == inside.parent
        }
        fitting = [name for name in names if name and f"{inside.stem}_".startswith(f"test_{name}_")]
        if fitting:
            tests[names[max(fitting, key=len)]].append(inside)
        elif names and inside.parent != Path():
            strays.append(str(inside))
    return tests, strays


def test_every_module_has_a_test_file_of_its_name_or_a_reason():
    docstring_alone = {file.path for file in package() if file.path.stem == "__init__" and len(file.tree.body) == 1}
    tests, _ = own_tests()
    without = {path.as_posix() for path, files in tests.items() if not files and path not in docstring_alone}
    assert without - {"__init__.py"} == set(NO_TEST_FILE)


def test_every_test_file_of_a_room_is_named_for_a_module():
    assert own_tests()[1] == []
