"""The body as the reference pages print it: parameters beside `model`, or in the object that the page names."""

from collections.abc import Mapping

from kirin_cli.spec.model import Model


def wrap(model: Model, values: Mapping[str, object]) -> dict[str, object]:
    """The body of a create request (PROTOCOL "Requests", dialect documented)."""
    return {"model": model.id, **({model.documented_under: dict(values)} if model.documented_under else values)}


def unwrap(body: Mapping[str, object]) -> Mapping[str, object]:
    """The parameters of such a body: those of its one object `data`, or all but `model`."""
    rest = {name: value for name, value in body.items() if name != "model"}
    inner = rest.get("data")
    return inner if isinstance(inner, Mapping) and len(rest) == 1 else rest
