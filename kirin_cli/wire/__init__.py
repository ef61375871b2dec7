"""How the service hears a request and what its answers mean. A new dialect is one file and one row here."""

from collections.abc import Callable, Mapping
from typing import Final

from kirin_cli.spec.model import Model
from kirin_cli.spec.record import Record
from kirin_cli.wire import documented, gateway


class Dialect(Record):
    """One form of the create request's body; `unwrap` gives its parameters, None for a body of another form."""

    name: str
    wrap: Callable[[Model, Mapping[str, object]], dict[str, object]]
    unwrap: Callable[[Mapping[str, object]], Mapping[str, object] | None]


DIALECTS: Final[dict[str, Dialect]] = {
    dialect.name: dialect
    for dialect in (
        Dialect("gateway", gateway.wrap, gateway.unwrap),
        Dialect("documented", documented.wrap, documented.unwrap),
    )
}


def params_of(body: Mapping[str, object]) -> Mapping[str, object]:
    """The parameters of a create request in whatever dialect it is written."""
    found = (dialect.unwrap(body) for dialect in DIALECTS.values())
    return next((params for params in found if params is not None), {})
