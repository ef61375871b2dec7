"""The body that the running service takes: the parameters under `input[0].params`. Knows no parameter."""

from collections.abc import Mapping

from kirin_cli.spec.model import Model


def wrap(model: Model, values: Mapping[str, object]) -> dict[str, object]:
    """The body of a create request (PROTOCOL "Requests", dialect gateway)."""
    return {"model": model.id, "input": [{"params": dict(values)}]}


def unwrap(body: Mapping[str, object]) -> Mapping[str, object] | None:
    """The parameters of such a body, None where it is none."""
    groups = body.get("input")
    if not isinstance(groups, list) or len(groups) != 1 or not isinstance(groups[0], Mapping):
        return None
    params = groups[0].get("params")
    return params if isinstance(params, Mapping) else None
