"""One job out of its mapping and what its document shares. Knows which parameters models have, not what they mean."""

from collections.abc import Collection
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from pathlib import Path

from kirin_cli.jobs.job import Job, Output
from kirin_cli.jobs.naming import leads_out, template_flaws
from kirin_cli.jobs.nodes import Mapping, unpacked
from kirin_cli.jobs.shape import Shape
from kirin_cli.spec.problem import Problem
from kirin_cli.spec.words import nearest, shown

Fields = Table[str, Collection[str]]
"""By id of a model: the names of its parameters."""

_OUTPUT_KEYS = ("dir", "name")


@dataclass(frozen=True, slots=True)
class Shared:
    """What the jobs of one document fall back on; `by_model` keeps which defaults each model takes."""

    layers: tuple[Mapping, ...]
    model: object
    params: Mapping
    output: Output
    by_model: dict[object, dict[str, object]] = field(default_factory=dict)


class Maker:
    """Makes the jobs of the file at `path`; what is wrong with their outputs goes to `shape`."""

    def __init__(self, path: Path, fields: Fields, shape: Shape) -> None:
        self._path = path
        self._fields = fields
        self._shape = shape

    def shared(self, top: Mapping, defaults: Mapping, params: Mapping) -> Shared:
        """What jobs below `top` share; in a single-job file, `top` is the job itself."""
        output = self._output(top, Output()) if "jobs" in top else Output()
        layers = (defaults, top) if "jobs" in top else (defaults,)
        return Shared(layers, defaults.get("model"), params, self._output(defaults, output))

    def job(self, node: Mapping, place: int, name: str, shared: Shared) -> Job:
        """The job that `node` describes, with the defaults that its model takes."""
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
            params=self._merged(model, given, shared),
            file=self._path,
            line=line,
            column=column,
            output=self._output(node, shared.output),
            problems=problems,
            layers=(node, *shared.layers),
        )

    def _unknown(self, model: object) -> tuple[Problem, ...]:
        if isinstance(model, str) and model in self._fields:
            return ()
        if model is None:
            message = f"no model is given; known are {', '.join(self._fields)}"
        else:
            hint = nearest(str(model), list(self._fields))
            message = f"unknown model {shown(model)}{hint}"
        return (Problem("model", "A1", message),)

    def _merged(self, model: object, given: Mapping | None, shared: Shared) -> dict[str, object]:
        if not isinstance(model, str) or not shared.params:
            return given or {}
        defaults = shared.by_model.get(model)
        if defaults is None:
            own = self._fields.get(model, ())
            defaults = {name: value for name, value in shared.params.items() if name in own}
            shared.by_model[model] = defaults
        return {**defaults, **(given or {})}

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
