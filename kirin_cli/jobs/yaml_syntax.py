"""Errors of YAML's syntax in plain words: where their cause stands and what to do. Knows no job files."""

import re
from typing import Final

from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError

from kirin_cli.jobs.problems import FileProblem, InputLimits
from kirin_cli.jobs.source_text import first_forbidden, index_position
from kirin_cli.modelspec.text import odd_blank

_ADVICE: Final = (
    ("mapping values are not allowed", 'text with ": " in it needs quotes'),
    ("could not find expected ':'", "is a key without its colon, or text that needs quotes or must be indented"),
    ("cannot start any token", "text that starts with this character needs quotes"),
    ("did not find expected key", "is something above indented differently, or a quote in the middle of text?"),
    ("did not find expected '-' indicator", "list items must start in one column"),
    ("did not find expected ','", "is a comma missing, or are there quotes missing around a text?"),
    ("undefined tag handle", "text that starts with ! needs quotes"),
    ("undefined alias", "text that starts with * needs quotes"),
    ("alphabetic or numeric character", "text that starts with * or & needs quotes"),
)
_TOO_DEEP = "maximum nesting depth"  # libyaml's own limit, since 0.2.6: it reads ahead, so it may be met before ours
_CONFLICT = re.compile(r"^<{7}(?: .*)?\r?\n(?:.*\r?\n)*?={7}\r?\n(?:.*\r?\n)*?>{7}(?: .*)?$", re.MULTILINE)
_KEY_WITHOUT_BLANK = re.compile(r"\s*(?:- +)?([\w.-]+):([^ \t\r\n])")
_DASH_WITHOUT_BLANK = re.compile(r"\s*-[^\W\d]")
_PLACEHOLDER = re.compile(r"\$\{[^{}]*\}?")
_COMMENT = re.compile(r"\s#\S")


def conflict_problem(text: str) -> FileProblem | None:
    """A conflict that git left in a text, None where there is none."""
    if not (match := _CONFLICT.search(text)):
        return None
    line, _ = index_position(text, match.start())
    last, _ = index_position(text, match.end())
    message = f"a conflict that git could not merge, down to line {last}; keep one side and delete the marks"
    return FileProblem(line, 1, message)


def syntax_problem(error: Exception, text: str, limits: InputLimits) -> FileProblem:
    """The problem behind an exception of the parser while it read `text`, where its cause stands."""
    if isinstance(error, ReaderError):
        line, column, character = first_forbidden(text)
        return FileProblem(line, column, f"character U+{ord(character or '?'):04X} is not allowed in YAML")
    if not isinstance(error, MarkedYAMLError) or not error.problem_mark:
        return FileProblem(1, 1, f"is no YAML: {error}")
    mark = error.problem_mark
    message = error.problem or "cannot be read"
    if _TOO_DEEP in message:
        return FileProblem(mark.line + 1, mark.column + 1, limits.too_deep)
    started = error.context_mark
    start = started.index if started else mark.index
    for explain in (_escape, _quote, _placeholder_in_flow, _blank_missing, _never_closed):
        if cause := explain(message, text, start, mark.index):
            index, sentence = cause
            return FileProblem(*index_position(text, index), sentence)
    if error.context and started and started.line != mark.line:
        message += f" ({error.context} from line {started.line + 1})"
    advice = next((f"; {advice}" for part, advice in _ADVICE if part in message), "")
    if text[mark.index : mark.index + 1] == "\t":
        advice = "; indent with spaces, never with a tab"
    if "“" in _line_at(text, mark.index) or "”" in _line_at(text, mark.index):
        advice += "; “ ” are no quotes to YAML"
    at = started if "could not find expected ':'" in message and started else mark
    return FileProblem(at.line + 1, at.column + 1, message + advice)


Cause = tuple[int, str] | None
"""The index of what is to blame in the text, and the sentence about it."""


def _escape(message: str, text: str, _start: int, index: int) -> Cause:
    if "unknown escape character" not in message and "hexdecimal number" not in message:
        return None
    slash = text.rfind("\\", 0, index + 1)
    spelled = text[slash : slash + 2]
    return (
        slash,
        f"in double quotes {spelled} begins an escape that YAML does not know; use single quotes, or / in a path",
    )


def _quote(message: str, text: str, start: int, index: int) -> Cause:
    """A quote that is never closed, or closed only by one that was to open another text."""
    if "unexpected end of stream" in message:
        return start, "the quote that opens here is never closed: a closing quote is missing"
    before = text[:index].rstrip(" ")
    if "did not find expected" not in message or before[-1:] not in ('"', "'"):
        return None
    close = len(before) - 1
    opening = text.rfind(before[-1], 0, close)
    if opening < 0 or not _opens(text, opening):
        return None
    if "\n" not in text[opening:close]:
        inside = '\\"' if before[-1] == '"' else "''"
        return close, f"the quote ends here and the text goes on; a quote inside of quotes is written {inside}"
    line, _ = index_position(text, close)
    return opening, f"the quote that opens here is closed on line {line} only; is a closing quote missing on this line?"


def _opens(text: str, index: int) -> bool:
    """Whether a quote stands where a text begins."""
    before = text[:index].rstrip(" ")
    return before == "" or before[-1] in ":-,[{?\n" or (before[-1] in "\"'" and before != text[:index])


def _placeholder_in_flow(message: str, text: str, _start: int, index: int) -> Cause:
    if "did not find expected ','" not in message or text[index - 1 : index + 1] != "${":
        return None
    match = _PLACEHOLDER.match(text, index - 1)
    spelled = match[0] if match and len(match[0]) < 60 else "${…}"
    return index - 1, f'inside of {{…}} and […] a placeholder needs quotes: "{spelled}"'


def _blank_missing(message: str, text: str, start: int, index: int) -> Cause:
    """A key or a dash without its blank, on the line of the problem, where it began, or on the line above."""
    if "expected ':'" not in message and "mapping values" not in message and "'-' indicator" not in message:
        return None
    above = text.rfind("\n", 0, text.rfind("\n", 0, index) + 1 - 1) + 1 if "\n" in text[:index] else index
    for place in dict.fromkeys((start, index, above)):
        line_start = text.rfind("\n", 0, place) + 1
        line = _line_at(text, place)
        if match := _KEY_WITHOUT_BLANK.match(line):
            if name := odd_blank(match[2]):
                sentence = f'the blank behind "{match[1]}:" is {name}: type a plain one'
            elif match[2] == "/" and line[match.start(2) :].startswith("//"):
                continue
            else:
                sentence = f'a blank is missing behind "{match[1]}:"'
            return line_start + match.start(2), sentence
        if _DASH_WITHOUT_BLANK.match(line):
            return line_start + line.index("-"), 'a blank is missing behind "-"'
    return None


def _never_closed(message: str, text: str, start: int, index: int) -> Cause:
    """A brace or bracket that is still open on another line."""
    if "did not find expected ','" not in message or "\n" not in text[start:index]:
        return None
    hint = "; # begins a comment there, text with # in it needs quotes" if _COMMENT.search(text, start, index) else ""
    return start, f"the {text[start]} that opens here is never closed{hint}"


def _line_at(text: str, index: int) -> str:
    start = text.rfind("\n", 0, index) + 1
    end = text.find("\n", index)
    return text[start:] if end < 0 else text[start:end]
