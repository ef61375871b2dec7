"""One job, made of its mapping and the defaults of its document. Knows parameters by name, not by meaning."""

from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from pathlib import Path

from kirin_cli.jobs.filenames import escapes_folder, template_errors
from kirin_cli.jobs.job import JobSpec, OutputSpec
from kirin_cli.jobs.problems import ExpansionLimits, ProblemCollector
from kirin_cli.jobs.yaml_nodes import YamlMapping, count_nodes, line_column
from kirin_cli.modelspec.fields import INVALID, Field
from kirin_cli.modelspec.text import did_you_mean, quote
from kirin_cli.modelspec.types import Problem

FieldsByModel = Table[str, Table[str, Field]]
"""By id of a model: its parameters by name."""

_OUTPUT_KEYS = ("dir", "name")


@dataclass(frozen=True, slots=True)
class DocumentDefaults:
    """What the jobs of one document fall back on; `by_model` has the defaults each model takes, and how many nodes."""

    layers: tuple[YamlMapping, ...]
    model: object
    params: YamlMapping
    output: OutputSpec
    tags: tuple[str, ...]
    take: int
    by_model: dict[str, tuple[dict[str, object], int]] = field(default_factory=dict)


class JobBuilder:
    """Makes the jobs of the file at `path`; what is wrong with their outputs and tags goes to `shape`."""

    def __init__(self, path: Path, fields: FieldsByModel, problems: ProblemCollector, limits: ExpansionLimits) -> None:
        self._path = path
        self._fields = fields
        self._shape = problems
        self._growth = limits

    def shared_defaults(self, top: YamlMapping, defaults: YamlMapping, params: YamlMapping) -> DocumentDefaults:
        """What jobs below `top` share; in a single-job file, `top` is the job itself."""
        output = self._output(top, OutputSpec()) if "jobs" in top else OutputSpec()
        return DocumentDefaults(
            layers=(defaults, top) if "jobs" in top else (defaults,),
            model=defaults.get("model"),
            params=params,
            output=self._output(defaults, output),
            tags=self._tags(defaults, ()),
            take=self.take(defaults, 1),
        )

    def job(self, node: YamlMapping, place: int, name: str, defaults: DocumentDefaults) -> JobSpec:
        """The job that `node` describes, with the defaults that its model takes; the first of its takes."""
        line, column = line_column(place)
        model = node.get("model", defaults.model)
        given = node.get("params")
        problems = self._unknown(model)
        if not isinstance(given, YamlMapping | None):
            problems += (Problem("params", "", f"must be a mapping, not {quote(given)}"),)
            given = None
        return JobSpec(
            name=name,
            model=model if isinstance(model, str) else "",
            params=self._merged(model, given, defaults, place),
            file=self._path,
            line=line,
            column=column,
            output=self._output(node, defaults.output),
            problems=problems,
            broken=("model",) if model is INVALID else (),
            layers=(node, *defaults.layers),
            inherited=len(defaults.layers),
            written=name,
            tags=self._tags(node, defaults.tags),
        )

    def parts(self, model: object) -> Table[str, Field]:
        """The parameters of a model by name, none for an unknown one."""
        return self._fields.get(model, {}) if isinstance(model, str) else {}

    def take(self, node: YamlMapping, default: int) -> int:
        """How many takes a job is to have."""
        take = node.get("take", default)
        if type(take) is int and take >= 1:
            return take
        self._shape.add_error(node.place("take"), f"take must be a whole number from 1, not {quote(take)}")
        return 1

    def _unknown(self, model: object) -> tuple[Problem, ...]:
        if model is INVALID or (isinstance(model, str) and model in self._fields):
            return ()
        if model is None:
            message = f"no model is given; known are {', '.join(self._fields)}"
        else:
            hint = did_you_mean(str(model), list(self._fields))
            message = f"unknown model {quote(model)}{hint}"
        return (Problem("model", "A1", message),)

    def _merged(
        self, model: object, given: YamlMapping | None, shared: DocumentDefaults, place: int
    ) -> dict[str, object]:
        if not isinstance(model, str) or not shared.params:
            return given or {}
        if model not in shared.by_model:
            own = self.parts(model)
            taken = {name: value for name, value in shared.params.items() if name in own}
            shared.by_model[model] = taken, count_nodes(taken, {})[0]
        defaults, nodes = shared.by_model[model]
        self._growth.nodes(nodes, place)
        return {**defaults, **(given or {})}

    def _tags(self, node: YamlMapping, default: tuple[str, ...]) -> tuple[str, ...]:
        if "tags" not in node:
            return default
        given = node["tags"]
        tags = [given] if isinstance(given, str) else given
        if isinstance(tags, list) and all(isinstance(tag, str) and tag.strip() for tag in tags):
            return tuple(tags)
        if given is not None:
            self._shape.add_error(node.place("tags"), f"tags must be a list of words, not {quote(given)}")
        return ()

    def _output(self, holder: YamlMapping, below: OutputSpec) -> OutputSpec:
        if "output" not in holder:
            return below
        node = self._shape.get_mapping(holder, "output")
        self._shape.check_keys(node, _OUTPUT_KEYS, {})
        folder, name = self._shape.get_text(node, "dir"), self._shape.get_text(node, "name")
        if folder and (flaw := escapes_folder(folder)):
            self._shape.add_error(node.place("dir"), f"{flaw}; -o chooses any folder")
            folder = None
        for flaw in template_errors(name) if name else ():
            self._shape.add_error(node.place("name"), flaw)
        return OutputSpec(self._path.parent / folder if folder else below.dir, name or below.name)
