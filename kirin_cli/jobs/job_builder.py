"""One job, made of its mapping and the defaults of its document. Knows parameters by name, not by meaning."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kirin_cli.jobs.filenames import escapes_folder, path_problem, suffix_warning, template_errors
from kirin_cli.jobs.job import JobSpec, OutputSpec
from kirin_cli.jobs.problems import LimitCounter, ProblemCollector, not_a_mapping
from kirin_cli.jobs.source_text import job_folder
from kirin_cli.jobs.yaml_nodes import YamlMapping, count_nodes, line_column
from kirin_cli.modelspec.fields import INVALID, Field
from kirin_cli.modelspec.text import did_you_mean, quote
from kirin_cli.modelspec.types import Problem

FieldsByModel = Mapping[str, Mapping[str, Field]]
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
    extra_params: Mapping[str, object]
    by_model: dict[str, tuple[dict[str, object], int]] = field(default_factory=dict)


class JobBuilder:
    """Makes the jobs of the file at `path`; what is wrong with their outputs and tags goes to `problems`."""

    def __init__(self, path: Path, fields: FieldsByModel, problems: ProblemCollector, counter: LimitCounter) -> None:
        self._path = path
        self._fields = fields
        self._problems = problems
        self._counter = counter

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
            extra_params=self._problems.get_mapping(defaults, "extra_params"),
        )

    def job(
        self, node: YamlMapping, position: int, name: str, defaults: DocumentDefaults, own: YamlMapping | None = None
    ) -> JobSpec:
        """The job that `node` describes, with the defaults that its model takes; the first of its takes.

        `own` is what stands in its place alone, where `node` has parts of the defaults in it.
        """
        line, column = line_column(position)
        model = node.get("model", defaults.model)
        params = node.get("params")
        problems = self._check_model(model)
        if not isinstance(params, YamlMapping | None):
            problems += (Problem("params", "", not_a_mapping("params", params)),)
            params = None
        return JobSpec(
            name=name,
            model=model if isinstance(model, str) else "",
            params=self._merge(model, params, defaults, position),
            file=self._path,
            line=line,
            column=column,
            output=self._output(node, defaults.output),
            problems=problems,
            invalid_paths=("model",) if model is INVALID else (),
            layers=(*(() if own is None else (own,)), node, *defaults.layers),
            inherited=len(defaults.layers) + (own is not None),
            base_name=name,
            tags=self._tags(node, defaults.tags),
            files=self._problems.files,
            extra_params=self._extra_params(node, defaults) if "extra_params" in node else defaults.extra_params,
        )

    def _extra_params(self, node: YamlMapping, defaults: DocumentDefaults) -> Mapping[str, object]:
        return {**defaults.extra_params, **self._problems.get_mapping(node, "extra_params")}

    def parameters(self, model: object) -> Mapping[str, Field]:
        """The parameters of a model by name, none for an unknown one."""
        return self._fields.get(model, {}) if isinstance(model, str) else {}

    def take(self, node: YamlMapping, default: int) -> int:
        """How many takes a job is to have."""
        take = node.get("take", default)
        if type(take) is int and take >= 1:
            return take
        self._problems.add_error(node.position("take"), f"take must be a whole number from 1, not {quote(take)}")
        return 1

    def _check_model(self, model: object) -> tuple[Problem, ...]:
        if model is INVALID or (isinstance(model, str) and model in self._fields):
            return ()
        if model is None:
            return (Problem("model", "A1", f"no model is given; known are {', '.join(self._fields)}"),)
        near = did_you_mean(str(model).replace("-", "_"), self._fields)  # the command of a model is its id with dashes
        return (Problem("model", "A1", f"unknown model {quote(model)}{near}"),)

    def _merge(
        self, model: object, params: YamlMapping | None, defaults: DocumentDefaults, position: int
    ) -> dict[str, object]:
        if not isinstance(model, str) or not defaults.params:
            return params or {}
        if model not in defaults.by_model:
            known = self.parameters(model)
            applicable = {name: value for name, value in defaults.params.items() if name in known}
            defaults.by_model[model] = applicable, count_nodes(applicable, {})[0]
        applicable, nodes = defaults.by_model[model]
        self._counter.add("expanded", nodes, position)
        return {**applicable, **(params or {})}

    def _tags(self, node: YamlMapping, default: tuple[str, ...]) -> tuple[str, ...]:
        if "tags" not in node:
            return default
        value = node["tags"]
        tags = [value] if isinstance(value, str) else value
        if isinstance(tags, list) and all(isinstance(tag, str) and tag.strip() for tag in tags):
            return tuple(tags)
        if value is not None:
            self._problems.add_error(node.position("tags"), f"tags must be a list of words, not {quote(value)}")
        return ()

    def _output(self, holder: YamlMapping, default: OutputSpec) -> OutputSpec:
        if "output" not in holder:
            return default
        node = self._problems.get_mapping(holder, "output")
        self._problems.check_keys(node, _OUTPUT_KEYS)
        folder, name = self._problems.get_text(node, "dir"), self._problems.get_text(node, "name")
        if folder and (error := escapes_folder(folder) or path_problem(Path(folder))):
            self._problems.add_error(node.position("dir"), f"{error}; -o chooses any folder")
            folder = None
        for error in template_errors(name) if name else ():
            self._problems.add_error(node.position("name"), error)
        if name and (warning := suffix_warning(name)):
            self._problems.add_warning(node.position("name"), warning)
        return OutputSpec(job_folder(self._path) / folder if folder else default.dir, name or default.name)
