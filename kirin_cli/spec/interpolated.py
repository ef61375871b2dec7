"""Pieces of JSON Schema about members of a request that may be written as text with `${…}`. Knows no model.

Such text may stand for any value. So there are two ways to ask: a `sure` schema accepts only what holds whatever is
filled in, the other accepts all that may hold.
"""

from collections.abc import Iterable
from typing import Final

from kirin_cli.spec.fields import Schema

INTERPOLATED: Final[Schema] = {"type": "string", "pattern": r"\$[{$]"}
PLAIN_TEXT: Final[Schema] = {"type": "string", "not": INTERPOLATED}
NULL: Final[Schema] = {"type": "null"}
NO_ITEMS: Final[Schema] = {"type": "array", "maxItems": 0}
ZERO: Final[Schema] = {"const": 0}


def any_of(*schemas: Schema, sure: bool) -> Schema:
    """One of these, or where that is enough, text that may become one."""
    return {"anyOf": [*schemas, *([] if sure else [INTERPOLATED])]}


def none_of(*schemas: Schema, sure: bool) -> Schema:
    """None of these; surely so, where it is no text that may become one."""
    return {"not": any_of(*schemas, sure=not sure)}


def member(name: str, schema: Schema, *, required: bool = True) -> Schema:
    """An object whose member is so, if it is there; `required` asks that it is."""
    return {**({"required": [name]} if required else {}), "properties": {name: schema}}


def members(names: Iterable[str], schemas: Iterable[Schema]) -> Schema:
    """An object whose members, those that are there, are so."""
    return {"properties": dict(zip(names, schemas, strict=True))}


def within(groups: list[str], schema: Schema, *, sure: bool) -> Schema:
    """An object with these groups inside one another, the innermost of which is so."""
    for group in reversed(groups):
        schema = member(group, any_of({"type": "object", **schema}, sure=sure))
    return schema
