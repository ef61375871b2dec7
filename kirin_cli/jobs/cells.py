"""The cells of tables: what spreadsheets and pandas write for no value, and what to do about a refused one."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

_SHEET_ERROR = re.compile(r"#(?:N/A|NV|N/D|[A-ZÀ-Ý]+(?:/0)?[!?])(?:\s.*)?|Err:\d{3}")
_MISSING = frozenset({"nan", "NaN", "-nan", "<NA>", "NaT", "None", "NULL", r"\N"})
_FORMULA = re.compile(r"=[\w\"'(+\-$@]")
_SUSPECT = frozenset("#=E<\\-nN \t\r\n\u00a0")
"""How a cell may start that stands for no value."""
_INVISIBLE = "\ufeff\u200b\u200e\u200f"

_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_TIME = re.compile(r"\d{1,2}:\d{2}(?::\d{2})?(?:\s?[AP]M)?", re.IGNORECASE)
_DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T]\d{1,2}:\d{2}.*)?|\d{1,2}[-. ]{1,2}[A-Za-zÀ-ÿ]{3,9}\.?(?:[- ]\d{2,4})?"
    r"|[A-Za-zÀ-ÿ]{3}-\d{2}"
)
_DECIMAL_COMMA = re.compile(r"([-+]?\d+),(\d+)")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:[,.'’ \u00a0\u202f]\d{3})+")
_PERCENT = re.compile(rf"({_NUMBER})\s?%")
_SECONDS = re.compile(rf"({_NUMBER})\s?(?:s|sec|secs|seconds?)", re.IGNORECASE)
_EXPONENT = re.compile(r"[-+]?\d+(?:\.\d+)?E\+?\d+", re.IGNORECASE)
_FRACTION_OF_A_DAY = re.compile(r"0\.\d{4,}")
_BOOLEANS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("wahr", "vrai", "verdadero", "vero", "verdadeiro", "waar", "prawda", "ja", "oui", "si"), "true"),
    **dict.fromkeys(("falsch", "faux", "falso", "onwaar", "fałsz", "nein", "non"), "false"),
}
_APOSTROPHE = re.compile("['’].*[^'’]", re.DOTALL)
_QUOTED = re.compile("[“”„«»‘’'\"].*|.*[“”„«»‘’'\"]", re.DOTALL)


def cell_error(value: object) -> str:
    """What is wrong with a cell whatever asks for it, as the end of a sentence; "" for a value."""
    if not isinstance(value, str) or value[:1] not in _SUSPECT:  # most cells
        return ""
    text = value.strip()
    if _SHEET_ERROR.fullmatch(text):
        return f"is {text}, an error of the spreadsheet; mend the formula, or empty the cell"
    if text in _MISSING:
        return f'is "{text}", which another program wrote for an empty cell; leave the cell empty'
    if _FORMULA.match(text):
        return "is a formula and not its value; copy the column and paste its values only"
    return ""


def is_shortened(text: str) -> bool:
    """Whether a whole number was shown with an exponent, so that its last digits are lost: 1.23457E+11."""
    return bool(_EXPONENT.fullmatch(text))


_ADVICE: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (_TIME, lambda _: "Excel made a time of it: format the column as text"),
    (_THOUSANDS, lambda match: f"write {re.sub('[^-+0-9]', '', match[0])}"),
    (_DECIMAL_COMMA, lambda match: f"write {match[1]}.{match[2]}"),
    (_DATE, lambda _: "Excel made a date of it: format the column as text"),
    (_PERCENT, lambda match: f"write {float(match[1]) / 100:g}"),
    (_SECONDS, lambda match: f"write {match[1]}"),
    (_EXPONENT, lambda _: "Excel shortened a long number: format the column as a number without decimals"),
    (_FRACTION_OF_A_DAY, lambda _: "if Excel made a time of it, format the column as text"),
    (_APOSTROPHE, lambda _: "take the apostrophe in front away"),
    (_QUOTED, lambda _: "take the quotes away"),
)


@lru_cache(maxsize=1024)
def cell_advice(value: object) -> str:
    """What to do about a cell that a parameter refuses, to be put behind the sentence; "" where nobody knows."""
    text = value.strip() if isinstance(value, str) else ""
    if text.casefold() in _BOOLEANS:
        return f"; write {_BOOLEANS[text.casefold()]}"
    matches = ((pattern.fullmatch(text), advise) for pattern, advise in _ADVICE)
    return next((f"; {advise(match)}" for match, advise in matches if match), "")


def clean_heading(cell: str) -> str:
    """The name of a column without blanks, marks and invisible characters around it."""
    return " ".join(cell.strip(_INVISIBLE + " \t\r\n\u00a0").split())


@lru_cache(maxsize=64)
def _names_by_key(names: tuple[str, ...]) -> Mapping[str, str]:
    return {name.casefold(): name for name in reversed(names)}


def find_column(cells: Mapping[str, object], name: str) -> str | None:
    """The column that is meant by a name, in any case and with any blanks around it; None where there is none."""
    if name in cells:
        return name
    return _names_by_key(tuple(cells)).get(clean_heading(name).casefold())
