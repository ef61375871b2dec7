"""The dialects of the create request's body. A new dialect is two functions and one row here."""

from collections.abc import Callable, Mapping
from typing import Final

from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.record import Record

CREATE_PATH: Final = "/model/v1/generation"
QUERY_PATH: Final = f"{CREATE_PATH}/task/{{id}}"


def build_gateway(model: Model, values: Mapping[str, object]) -> dict[str, object]:
    """The body of a create request (wire/README.md, Requests: gateway)."""
    return {"model": model.id, "input": [{"params": dict(values)}]}


def parse_gateway(body: Mapping[str, object]) -> Mapping[str, object] | None:
    """The parameters of such a body, None where it is none."""
    groups = body.get("input")
    if not isinstance(groups, list) or len(groups) != 1 or not isinstance(groups[0], Mapping):
        return None
    params = groups[0].get("params")
    return params if isinstance(params, Mapping) else None


def build_documented(model: Model, values: Mapping[str, object]) -> dict[str, object]:
    """The body of a create request (wire/README.md, Requests: documented)."""
    return {"model": model.id, **({model.documented_under: dict(values)} if model.documented_under else values)}


def parse_documented(body: Mapping[str, object]) -> Mapping[str, object]:
    """The parameters of such a body: those of its one object `data`, or all but `model`."""
    rest = {name: value for name, value in body.items() if name != "model"}
    inner = rest.get("data")
    return inner if isinstance(inner, Mapping) and len(rest) == 1 else rest


class Dialect(Record):
    """One form of the create request's body; `parse_body` gives its parameters, None for a body of another form."""

    name: str
    build_body: Callable[[Model, Mapping[str, object]], dict[str, object]]
    parse_body: Callable[[Mapping[str, object]], Mapping[str, object] | None]


DIALECTS: Final[dict[str, Dialect]] = {
    dialect.name: dialect
    for dialect in (
        Dialect("gateway", build_gateway, parse_gateway),
        Dialect("documented", build_documented, parse_documented),
    )
}


def params_of(body: Mapping[str, object]) -> Mapping[str, object]:
    """The parameters of a create request in whatever dialect it is written."""
    parsed = (dialect.parse_body(body) for dialect in DIALECTS.values())
    return next((params for params in parsed if params is not None), {})
