"""What comments, docstrings and names of tests cite is in the repository: rules, faults, promises, documents."""

import ast
import io
import re
import tokenize
from functools import cache
from pathlib import Path

from support.syntax_trees import syntax_tree

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*(ROOT / "kirin_cli").rglob("*.py"), *(ROOT / "tests").rglob("*.py")])
PAGES = sorted(path for path in ROOT.rglob("*.md") if not {".venv", ".pytest_cache"} & set(path.parts))
ID = re.compile(r"\b[ACDFGHILMOPSTVX][1-9]\d?\b")
QUALIFIED = re.compile(r"\b(rule|fault)s?\b[^.;()]*$", re.IGNORECASE)
PROMISES = re.compile(r"\bpromises? (\d+)(?: (?:to|and) (\d+))?", re.IGNORECASE)
DOCUMENT = re.compile(r"[\w./-]*\w\.md\b|\b[A-Z]{4,}(?= \")")

MAY_CITE = re.compile(rf"{ID.pattern}|{DOCUMENT.pattern}|(?i:promise)")
MAY_CITE_IN_A_COMMENT = re.compile(rf"#.*(?:{MAY_CITE.pattern})")


def ids_of(page):
    return frozenset(re.findall(r"^\| ([A-Z]\d+) \|", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE))


RULES = ids_of("kirin_cli/models/RULES.md")
FAULTS = ids_of("tests/faults/README.md")
NUMBERS = frozenset(re.findall(r"^(\d+)\. ", (ROOT / "kirin_cli/ledger/README.md").read_text("utf-8"), re.MULTILINE))


def statements(tree):
    """The tree, its statements and those in them: a tenth of all nodes."""
    found = [tree]
    for node in found:  # grows meanwhile
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            found += getattr(node, name, ())
    return found


@cache
def texts():
    """Every docstring and comment of the files that cite something: (file:line, text in one line)."""
    found = []
    for path in SOURCES:
        name, source = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        if not MAY_CITE.search(source):
            continue
        values = [node.value for node in statements(syntax_tree(path)) if isinstance(node, ast.Expr)]
        found += [
            (f"{name}:{value.lineno}", " ".join(value.value.split()))
            for value in values
            if isinstance(value, ast.Constant) and isinstance(value.value, str)
        ]
        if MAY_CITE_IN_A_COMMENT.search(source):  # few do, and to find comments takes ten times as long as to parse
            found += [
                (f"{name}:{token.start[0]}", token.string)
                for token in tokenize.generate_tokens(io.StringIO(source).readline)
                if token.type == tokenize.COMMENT
            ]
    return found


@cache
def names_of_tests():
    """(file, name) of every test."""
    return [
        (path.relative_to(ROOT).as_posix(), name)
        for path in SOURCES
        for name in re.findall(r"^ *(?:def )?(test_\w+)(?:\(| = )", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]


def test_the_tables_are_read():
    assert (len(RULES) > 50, len(FAULTS) > 50, len(NUMBERS) > 5) == (True, True, True)


def test_what_is_cited_is_in_the_repository_and_an_id_says_of_which_table_it_is():
    """One test: to read every comment takes longer than all that is asked of them."""
    lost = [*unknown_documents(), *unknown_promises()]
    for place, text in texts():
        for cited in ID.finditer(text):
            kind = QUALIFIED.search(text[: cited.start()])
            table = {"rule": RULES, "fault": FAULTS}[kind[1].lower()] if kind else ()
            lost += [f"{place}: {cited[0]} in {text[:80]!r}"] if cited[0] not in table else []
    assert lost == []


def unknown_promises():
    cited = [(place, number) for place, text in texts() for pair in PROMISES.findall(text) for number in pair if number]
    cited += [(name, number) for _, name in names_of_tests() for number in re.findall(r"promises?_(\d+)", name)]
    assert cited
    return [f"{place}: promise {number}" for place, number in cited if number not in NUMBERS]


def unknown_documents():
    there = {path.relative_to(ROOT).as_posix() for path in PAGES}
    return [
        f"{place}: {document}"
        for place, text in texts()
        for document in DOCUMENT.findall(text)
        if not any(f"/{path}".endswith(f"/{document.lstrip('./')}") for path in there)
    ]


def test_the_ids_in_names_of_tests_exist():
    lost = [
        f"{place}: {name}"
        for place, name in names_of_tests()
        for cited in re.findall(r"[A-Z]\d+", re.match(r"test_(?:[A-Z]\d+_)*", name)[0])
        if cited not in (FAULTS if place.startswith("tests/faults/") else RULES | FAULTS)
    ]
    assert lost == []


def test_a_test_bears_the_id_of_every_fault():
    borne = {word for _, name in names_of_tests() for word in name.split("_")}
    assert FAULTS - borne == set()


def test_links_between_pages_lead_somewhere():
    lost = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert lost == []
