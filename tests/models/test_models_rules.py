"""Every rule of the reference is known to the program and has a test that bears its id."""

import re
from pathlib import Path

import kirin_cli
from kirin_cli.models import MODELS

TABLES = Path(kirin_cli.__file__).parent / "models" / "RULES.md"
RULES = re.findall(r"^\| ([A-Z]\d+) \|", TABLES.read_text(encoding="utf-8"), re.MULTILINE)
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in Path(__file__).parents[1].rglob("test_*.py"))
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in Path(kirin_cli.__file__).parent.rglob("*.py"))
NAMES = re.findall(r"def (test_\w+)", TESTS)


def test_a_test_bears_the_id_of_every_rule():
    assert set(RULES) - {word for name in NAMES for word in name.split("_")} == set()


def test_the_program_knows_every_rule():
    assert set(RULES) - set(re.findall(r"\b\w+\b", SOURCE)) == set()


def test_the_rules_of_the_models_have_ids_of_the_reference():
    assert {law.rule for model in MODELS.values() for law in model.rules} <= set(RULES)
