"""What the YAML parser says when it gives up, as a problem with a place and advice. Knows no values."""

from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError

from kirin_cli.jobs.fileproblem import FileProblem
from kirin_cli.jobs.limits import Limits
from kirin_cli.jobs.text import forbidden

_ADVICE = (
    ("mapping values are not allowed", 'text with ": " in it needs quotes'),
    ("could not find expected ':'", "is a key without its colon above, or text that needs quotes?"),
    ("cannot start any token", "text that starts with this character needs quotes"),
    ("did not find expected key", "is something above indented differently, or a quote in the middle of text?"),
    ("did not find expected '-' indicator", "list items must start in one column"),
    ("unexpected end of stream", "is a closing quote missing?"),
    ("undefined tag handle", "text that starts with ! needs quotes"),
    ("undefined alias", "text that starts with * needs quotes"),
)

_TOO_DEEP = "maximum nesting depth"  # libyaml's own limit, since 0.2.6: it reads ahead, so it may be met before ours


def malformed(error: Exception, text: str, limits: Limits) -> FileProblem:
    """The problem behind an exception of the parser while it read `text`."""
    if isinstance(error, ReaderError):
        line, column, character = forbidden(text)
        return FileProblem(line, column, f"character U+{ord(character or '?'):04X} is not allowed in YAML")
    if not isinstance(error, MarkedYAMLError) or not error.problem_mark:
        return FileProblem(1, 1, f"is no YAML: {error}")
    mark = error.problem_mark
    said = error.problem or "cannot be read"
    if _TOO_DEEP in said:
        return FileProblem(mark.line + 1, mark.column + 1, limits.too_deep)
    started = error.context_mark
    if error.context and started and started.line != mark.line:
        said += f" ({error.context} from line {started.line + 1})"
    return FileProblem(mark.line + 1, mark.column + 1, f"{said}{_advice(said, text[mark.index : mark.index + 1])}")


def _advice(said: str, character: str) -> str:
    if character == "\t":
        return "; indent with spaces, never with a tab"
    return next((f"; {advice}" for words, advice in _ADVICE if words in said), "")
