"""A model from its YAML file: what our own models say in code. Problems come all at once, each with its line."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from kirin_cli.errors import UsageError
from kirin_cli.jobs.problems import InputLimits, JobFileError, ProblemCollector
from kirin_cli.jobs.source_text import decode
from kirin_cli.jobs.yaml_loader import parse_yaml
from kirin_cli.jobs.yaml_nodes import YamlMapping, make_mapping
from kirin_cli.model_files.field_reader import FieldReader
from kirin_cli.model_files.flag_names import with_free_flags
from kirin_cli.model_files.names import MAX_HELP, clean_text, command_for, is_command_name, is_model_id
from kirin_cli.model_files.rule_reader import RuleFault, RuleReader
from kirin_cli.models.shared_parameters import EXTERNAL_TASK_ID
from kirin_cli.modelspec.fields import Field
from kirin_cli.modelspec.media_fields import Video
from kirin_cli.modelspec.model import BY_EVERY_CHOICE, MODEL_NAME, Model
from kirin_cli.modelspec.notes import Note
from kirin_cli.modelspec.pricing import Pricing, RequestKind
from kirin_cli.modelspec.request import field_at
from kirin_cli.modelspec.text import did_you_mean, quote
from kirin_cli.modelspec.types import Finding, ResultKind
from kirin_cli.regular_file import read_regular_file

MAX_FILE_BYTES: Final = 2 << 20
LIMITS: Final = InputLimits(bytes=MAX_FILE_BYTES, depth=40, nodes=20_000, entries=50_000, documents=1)
RESULTS: Final[tuple[str, ...]] = get_args(ResultKind)
_KEYS: Final = (
    "model", "command", "help", "result", "source", "documented_under", "fields", "rules", "price_by",
    "price_per_second_of", "error_codes", "notes",
)  # fmt: skip
_SOURCE_KEYS: Final = ("url", "date", "sha256")
MAX_ERROR_CODES: Final = 500


class BadModelFile(UsageError):
    """A file that is no model: `findings` has every problem with its line."""

    def __init__(self, path: Path, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        first, rest = self.findings[0], len(self.findings) - 1
        position = f"{path}:{first.line}:{first.column}" if first.line else f"{path}"
        more = f" (and {rest} more)" if rest else ""
        name = path.stem if is_model_id(path.stem) else "MODEL"
        hint = f"correct the file, or take it away: kirin models remove {name}"
        super().__init__(f"{position}: {first.message}{more}", hint=hint)


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that was read: its model, where its spec came from (URL, date, SHA-256; "" for none)."""

    model: Model
    path: Path
    url: str = ""
    date: str = ""
    sha256: str = ""


def read_model_file(path: Path, *, follow_links: bool = False) -> ModelFile:
    """The model of a file of at most 2 MiB. Raises BadModelFile."""
    try:
        raw = read_regular_file(path, MAX_FILE_BYTES, follow_links=follow_links)
    except OSError as error:
        raise BadModelFile(path, [_finding(path, f"cannot be read: {error.strerror or error}")]) from error
    return parse_model_file(raw, path)


def parse_model_file(raw: bytes, path: Path) -> ModelFile:
    """The model that the content of a file means; `path` is for messages. Raises BadModelFile."""
    try:
        stream = parse_yaml(decode(raw), LIMITS)
    except JobFileError as error:
        wrong = error.problem
        raise BadModelFile(path, [_finding(path, wrong.message, wrong.line, wrong.column)]) from error
    problems = ProblemCollector()
    problems.problems += stream.problems
    root = stream.documents[0].root if stream.documents else None
    file = None
    if isinstance(root, YamlMapping):
        file = _ModelFileReader(root, problems).file(path)
    elif not problems.problems:
        problems.add_error(0, f"a model's file is a mapping with model: and fields: in it, not {quote(root)}")
    if problems.problems or file is None:
        findings = [_finding(path, problem.message, problem.line, problem.column) for problem in problems.problems]
        raise BadModelFile(path, findings)
    return file


def _finding(path: Path, message: str, line: int = 0, column: int = 0) -> Finding:
    return Finding(message=message, file=str(path), line=line, column=column)


class _ModelFileReader:
    def __init__(self, root: YamlMapping, problems: ProblemCollector) -> None:
        self._root = root
        self._problems = problems
        self._reader = FieldReader(problems)

    def file(self, path: Path) -> ModelFile:
        self._problems.check_keys(self._root, _KEYS)
        model_id = self._word("model", is_model_id, "letters, digits and ._:/@+-, at most 128")
        command = self._word("command", is_command_name, "lower-case letters, digits, . and -")
        result = self._word("result", lambda word: word in RESULTS, " or ".join(RESULTS)) or "video"
        fields = self._fields()
        rules = RuleReader(fields, self._problems)
        all_rules = rules.rules(self._root, "rules")
        model = Model(
            id=model_id or "model", command=command or command_for(model_id), fields=fields,
            help=self._reader.text(self._root, "help", MAX_HELP) or f"Make {_WORDS[result]} with {model_id}.",
            rules=all_rules, references=rules.references, notes=self._notes(rules),
            documented_under=self._word("documented_under", lambda word: word == "data", "data, or nothing"),
            pricing=self._pricing(fields), error_codes=self._error_codes(), result=result,  # type: ignore[arg-type]  # one of RESULTS
            examples=(f"kirin init {command or command_for(model_id)} -o jobs.yaml",),
        )  # fmt: skip
        source = self._problems.get_mapping(self._root, "source")
        self._problems.check_keys(source, _SOURCE_KEYS)
        url, date, digest = (self._reader.text(source, key, 2000) for key in _SOURCE_KEYS)
        return ModelFile(model, path, url, date, digest)

    def _fields(self) -> tuple[Field, ...]:
        """The fields, always with the id by which kirin finds a task again, and each with a flag that is free."""
        fields = [field for field in self._reader.fields(self._root, "fields") if field.name != EXTERNAL_TASK_ID.name]
        if "fields" not in self._root:
            self._problems.add_error(0, "fields: is missing: the parameters of the model")
        if any(field.name == MODEL_NAME for field in fields):
            message = f"{MODEL_NAME} is the id of the model, and is no parameter"
            self._problems.add_error(self._root.position("fields"), message)
        return with_free_flags((*fields, EXTERNAL_TASK_ID))

    def _notes(self, rules: RuleReader) -> tuple[Note, ...]:
        """What a user of the model needs to know besides: sentences, each with when it matters, where it says so."""
        notes = []
        for item in items if isinstance(items := self._root.get("notes", []), list) else ():
            node = (
                item if isinstance(item, YamlMapping) else make_mapping([("text", item, self._root.position("notes"))])
            )
            self._problems.check_keys(node, ("text", "about", "when", "costs"))
            text, path = self._reader.text(node, "text", MAX_HELP), self._reader.text(node, "about", 200)
            when = None
            try:
                when = rules.condition(node["when"], node.position("when")) if "when" in node else None
            except RuleFault as fault:
                self._problems.add_error(fault.position or node.position("when"), fault.message)
            notes.append(Note(text=text, source="", path=path, when=when, costs=node.get("costs") is True))
        return tuple(notes)

    def _word(self, key: str, is_good: Callable[[str], bool], expected: str) -> str:
        value = self._root.get(key)
        if value is None:
            if key == "model":
                self._problems.add_error(0, "model: is missing: the id of the model")
            return ""
        if not isinstance(value, str) or not is_good(value):
            near = did_you_mean(str(value), RESULTS) if key == "result" else f"; it must be {expected}"
            self._problems.add_error(self._root.position(key), f"{key} is {quote(value)}{near}")
            return ""
        return value

    def _pricing(self, fields: tuple[Field, ...]) -> Pricing:
        """What the price depends on: all that is given, where the file does not say."""
        by, path = self._root.get("price_by"), self._root.get("price_per_second_of")
        names = [field.name for field in fields]
        if by is not None and not (isinstance(by, list) and all(name in names for name in by)):
            self._problems.add_error(self._root.position("price_by"), f"price_by must be a list of {', '.join(names)}")
            return BY_EVERY_CHOICE
        if path is not None and not _leads_to_video(fields, path):
            message = f"price_per_second_of is {quote(path)}; it must be the parameter of a video"
            self._problems.add_error(self._root.position("price_per_second_of"), message)
            return BY_EVERY_CHOICE
        kinds = (RequestKind(seconds_of=str(path)),) if path else ()
        return Pricing(None if by is None else tuple(by), kinds) if by is not None or kinds else BY_EVERY_CHOICE

    def _error_codes(self) -> dict[str, str]:
        codes = self._problems.get_mapping(self._root, "error_codes")
        items = list(codes.items())[:MAX_ERROR_CODES]
        return {clean_text(str(code), 40): clean_text(str(text), MAX_HELP) for code, text in items}


_WORDS: Final = {"video": "a video", "image": "an image", "audio": "audio"}


def _leads_to_video(fields: tuple[Field, ...], path: object) -> bool:
    try:
        return isinstance(path, str) and isinstance(field_at(fields, path), Video)
    except KeyError:
        return False
