"""`include`: the vars and defaults of other files, laid under those of the file that names them. Knows no job."""

from pathlib import Path
from typing import Final

from kirin_cli.jobs.problems import InputLimits, JobFileError, ProblemCollector
from kirin_cli.jobs.source_text import decode, job_folder, read_bytes
from kirin_cli.jobs.text_files import TextFileError, confine
from kirin_cli.jobs.yaml_loader import parse_yaml
from kirin_cli.jobs.yaml_nodes import FILE_SHIFT, KeyTree, YamlMapping, YamlSequence, make_mapping, mark_file, overlay
from kirin_cli.modelspec.text import near_file, quote

MAX_INCLUDE_DEPTH: Final = 8
"""Files that include one another."""

MAX_INCLUDED_FILES: Final = 32
"""Of one job file, each as often as it is named."""

INCLUDED_KEYS: Final = ("version", "include", "vars", "defaults")
_MERGED: Final[KeyTree] = {"vars": {}, "defaults": {"params": {}, "output": {}}}


class Includer:
    """Reads what the file at `path` includes; what is wrong goes to `problems`, in the file where it stands.

    `sources` are the texts of those that were read.
    """

    def __init__(self, path: Path, limits: InputLimits, problems: ProblemCollector) -> None:
        self._path = path
        self._limits = limits
        self._problems = problems
        self.sources: list[str] = []

    def merge(self, top: YamlMapping) -> YamlMapping:
        """The document with the vars and defaults of what it includes, over which its own come, and no `include`."""
        if not self._names_files(top):
            return top
        return self._merge_into(top, self._path, (self._path,))

    def _names_files(self, top: YamlMapping) -> bool:
        """Whether `include` is about files; in a single job it may be about combinations of its matrix."""
        node = top["include"]
        names = node if isinstance(node, list) else [node]
        return "jobs" in top or (bool(names) and all(isinstance(name, str) for name in names))

    def _merge_into(self, top: YamlMapping, path: Path, stack: tuple[Path, ...]) -> YamlMapping:
        lower = make_mapping(())
        node, position = top["include"], top.position("include")
        names = node if isinstance(node, YamlSequence) else [node]
        positions = node.positions if isinstance(node, YamlSequence) else [position]
        for name, place in zip(names, positions, strict=True):
            if isinstance(name, str):
                lower = _lay(lower, self._read(name, place, path, stack))
            else:
                message = f"include names files, not {quote(name)}; that of a matrix stands in a job"
                self._problems.add_error(place, message)
        rest = make_mapping((key, value, top.position(key)) for key, value in top.items() if key != "include")
        return _lay(lower, rest)

    def _read(self, name: str, position: int, path: Path, stack: tuple[Path, ...]) -> YamlMapping:
        """The vars and defaults of one file, with what it includes itself."""
        empty = make_mapping(())
        problems = self._problems
        try:
            target = confine(job_folder(path), name)
        except TextFileError as error:
            problems.add_error(position, f"include: {error}")
            return empty
        if any(_same(target, other) for other in stack):
            way = " → ".join(other.name for other in (*stack, target))
            problems.add_error(position, f"include leads back to where it began: {way}")
            return empty
        if len(stack) > MAX_INCLUDE_DEPTH or len(problems.files) > MAX_INCLUDED_FILES:
            limits = f"{MAX_INCLUDE_DEPTH} files in one another, {MAX_INCLUDED_FILES} in all"
            problems.add_error(position, f"include: more than {limits} are not read")
            return empty
        if not target.exists():
            problems.add_error(position, f"include: no such file: {name} (in {job_folder(path)}){near_file(target)}")
            return empty
        return self._parse(target, stack)

    def _parse(self, target: Path, stack: tuple[Path, ...]) -> YamlMapping:
        problems = self._problems
        index = len(problems.files)
        problems.files.append(str(target))
        start = index << FILE_SHIFT
        try:
            text = decode(read_bytes(target, self._limits.bytes))
        except JobFileError as error:
            problems.add_of_file(error.problem, index)
            return make_mapping(())
        stream = parse_yaml(text, self._limits)
        for problem in stream.problems:
            problems.add_of_file(problem, index)
        roots = [document.root for document in stream.documents if document.root is not None]
        if len(roots) > 1 or not all(isinstance(root, YamlMapping) for root in roots):
            problems.add_error(start, "an included file is one mapping with `vars:` and `defaults:` in it")
        elif roots and isinstance(root := roots[0], YamlMapping):
            self.sources.append(text)
            mark_file(root, index)
            problems.check_keys(root, INCLUDED_KEYS, _advise)
            keys = [key for key in root if key in INCLUDED_KEYS[1:]]
            mapping = make_mapping((key, root[key], root.position(key)) for key in keys)
            for key in ("vars", "defaults"):
                problems.get_mapping(mapping, key)
            return self._merge_into(mapping, target, (*stack, target)) if "include" in mapping else mapping
        return make_mapping(())


def _advise(key: str) -> str:
    is_of_jobs = key in {"jobs", "model", "params", "output"}
    return "; of an included file only vars and defaults are taken" if is_of_jobs else ""


def _lay(lower: YamlMapping, upper: YamlMapping) -> YamlMapping:
    """A document over another: variables by name, defaults by key, their params and output by name."""
    return overlay(lower, upper, _MERGED)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
