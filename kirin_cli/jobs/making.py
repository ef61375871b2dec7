"""One job out of its mapping and what its document shares. Knows which parameters models have, not what they mean."""

from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from pathlib import Path

from kirin_cli.jobs.growth import Growth
from kirin_cli.jobs.job import Job, Output
from kirin_cli.jobs.naming import leads_out, template_flaws
from kirin_cli.jobs.nodes import Mapping, measure, unpacked
from kirin_cli.jobs.shape import Shape
from kirin_cli.spec.fields import BROKEN, Field
from kirin_cli.spec.problem import Problem
from kirin_cli.spec.words import nearest, shown

Fields = Table[str, Table[str, Field]]
"""By id of a model: its parameters by name."""

_OUTPUT_KEYS = ("dir", "name")


@dataclass(frozen=True, slots=True)
class Shared:
    """What the jobs of one document fall back on; `by_model` has the defaults each model takes, and how many nodes."""

    layers: tuple[Mapping, ...]
    model: object
    params: Mapping
    output: Output
    tags: tuple[str, ...]
    take: int
    by_model: dict[str, tuple[dict[str, object], int]] = field(default_factory=dict)


class Maker:
    """Makes the jobs of the file at `path`; what is wrong with their outputs and tags goes to `shape`."""

    def __init__(self, path: Path, fields: Fields, shape: Shape, growth: Growth) -> None:
        self._path = path
        self._fields = fields
        self._shape = shape
        self._growth = growth

    def shared(self, top: Mapping, defaults: Mapping, params: Mapping) -> Shared:
        """What jobs below `top` share; in a single-job file, `top` is the job itself."""
        output = self._output(top, Output()) if "jobs" in top else Output()
        return Shared(
            layers=(defaults, top) if "jobs" in top else (defaults,),
            model=defaults.get("model"),
            params=params,
            output=self._output(defaults, output),
            tags=self._tags(defaults, ()),
            take=self.take(defaults, 1),
        )

    def job(self, node: Mapping, place: int, name: str, shared: Shared) -> Job:
        """The job that `node` describes, with the defaults that its model takes; the first of its takes."""
        line, column = unpacked(place)
        model = node.get("model", shared.model)
        given = node.get("params")
        problems = self._unknown(model)
        if not isinstance(given, Mapping | None):
            problems += (Problem("params", "", f"must be a mapping, not {shown(given)}"),)
            given = None
        return Job(
            name=name,
            model=model if isinstance(model, str) else "",
            params=self._merged(model, given, shared, place),
            file=self._path,
            line=line,
            column=column,
            output=self._output(node, shared.output),
            problems=problems,
            broken=("model",) if model is BROKEN else (),
            layers=(node, *shared.layers),
            inherited=len(shared.layers),
            written=name,
            tags=self._tags(node, shared.tags),
        )

    def parts(self, model: object) -> Table[str, Field]:
        """The parameters of a model by name, none for an unknown one."""
        return self._fields.get(model, {}) if isinstance(model, str) else {}

    def take(self, node: Mapping, usual: int) -> int:
        """How many takes a job is to have."""
        take = node.get("take", usual)
        if type(take) is int and take >= 1:
            return take
        self._shape.refuse(node.place("take"), f"take must be a whole number from 1, not {shown(take)}")
        return 1

    def _unknown(self, model: object) -> tuple[Problem, ...]:
        if model is BROKEN or (isinstance(model, str) and model in self._fields):
            return ()
        if model is None:
            message = f"no model is given; known are {', '.join(self._fields)}"
        else:
            hint = nearest(str(model), list(self._fields))
            message = f"unknown model {shown(model)}{hint}"
        return (Problem("model", "A1", message),)

    def _merged(self, model: object, given: Mapping | None, shared: Shared, place: int) -> dict[str, object]:
        if not isinstance(model, str) or not shared.params:
            return given or {}
        if model not in shared.by_model:
            own = self.parts(model)
            taken = {name: value for name, value in shared.params.items() if name in own}
            shared.by_model[model] = taken, measure(taken, {})[0]
        defaults, nodes = shared.by_model[model]
        self._growth.nodes(nodes, place)
        return {**defaults, **(given or {})}

    def _tags(self, node: Mapping, usual: tuple[str, ...]) -> tuple[str, ...]:
        if "tags" not in node:
            return usual
        given = node["tags"]
        tags = [given] if isinstance(given, str) else given
        if isinstance(tags, list) and all(isinstance(tag, str) and tag.strip() for tag in tags):
            return tuple(tags)
        if given is not None:
            self._shape.refuse(node.place("tags"), f"tags must be a list of words, not {shown(given)}")
        return ()

    def _output(self, holder: Mapping, below: Output) -> Output:
        if "output" not in holder:
            return below
        node = self._shape.mapping(holder, "output")
        self._shape.keys(node, _OUTPUT_KEYS, {})
        folder, name = self._shape.text(node, "dir"), self._shape.text(node, "name")
        if folder and (flaw := leads_out(folder)):
            self._shape.refuse(node.place("dir"), f"{flaw}; -o chooses any folder")
            folder = None
        for flaw in template_flaws(name) if name else ():
            self._shape.refuse(node.place("name"), flaw)
        return Output(self._path.parent / folder if folder else below.dir, name or below.name)
