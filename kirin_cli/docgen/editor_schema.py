"""A schema as editors can use it: means the same, but hover, completion and messages of language servers are right.

Servers (yaml-language-server, which is VS Code's) join the titles of `anyOf` in hovers, insert a bare key where a
property tells no type, and propose the keys of conditions. Knows no model and no job file.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from kirin_cli.modelspec.fields import INTERPOLATED, NULL, Schema

HIDDEN: Final[Schema] = {"doNotSuggest": True}
"""For a property that is there for a check alone: no completion proposes it."""
_BY_NAME: Final = ("properties", "patternProperties", "definitions")
"""Keywords whose value is no schema, but schemas by name."""
_TYPES: Final = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def adapt_to_editors(schema: Schema) -> Schema:
    """The schema with `if` and `else`, or `oneOf` for words, in place of every `anyOf`; what has help has a type."""
    changed = {keyword: _rewrite(keyword, value) for keyword, value in schema.items() if keyword != "anyOf"}
    alternatives = schema.get("anyOf")
    if isinstance(alternatives, list):
        _add_alternatives(changed, [adapt_to_editors(alternative) for alternative in alternatives])
    if "required" in changed and _has_proposals(changed):
        # Of what is required beside its properties a server makes a proposal of its own, called "object".
        changed["allOf"] = [*_as_list(changed.get("allOf")), {"required": changed.pop("required")}]
    if "description" in changed and not changed.keys() & {"type", "enum", "const", "$ref"}:
        types = list(dict.fromkeys(_types(changed)))
        changed |= {"type": types if len(types) > 1 else types[0]} if types and "" not in types else {}
    return changed


def _has_proposals(schema: Schema) -> bool:
    members = schema.get("properties")
    return isinstance(members, dict) and not any(
        isinstance(member, dict) and HIDDEN.items() <= member.items() for member in members.values()
    )


def _rewrite(keyword: str, value: object) -> object:
    if isinstance(value, dict) and keyword in _BY_NAME:
        return {name: _rewrite("", inner) for name, inner in value.items()}
    if isinstance(value, dict):
        return adapt_to_editors(value)
    return [_rewrite("", item) for item in value] if isinstance(value, list) else value


def _add_alternatives(schema: Schema, alternatives: list[Schema]) -> None:
    """Add to `schema` that one of these holds; the first is the one that a message is about."""
    alternatives = [part for alternative in alternatives for part in _without_null(alternative)]
    guards = [guard for guard in (INTERPOLATED, NULL) if guard in alternatives]
    main = [alternative for alternative in alternatives if alternative not in guards] or [guards.pop()]
    # A pattern says nothing of what is no text, so that one schema is both.
    guard = [{**INTERPOLATED, "type": ["string", "null"]}] if len(guards) == 2 else guards
    if guard and len(main) == 1 and main[0].keys() == {"enum"}:
        schema["oneOf"] = [*main, *guard]  # the words are proposed where they stand in a list of alternatives
        return
    result = main[0]
    for alternative in (*main[1:], *guard):
        result = {"if": alternative, "else": result}
    if schema.keys() & result.keys():
        schema.setdefault("allOf", [])
        schema["allOf"] = [*_as_list(schema["allOf"]), result]
    else:
        schema |= result


def _without_null(schema: Schema) -> list[Schema]:
    """Words and null apart: a list of words that may be chosen should not have null in it."""
    words = schema.get("enum")
    if schema.keys() != {"enum"} or not isinstance(words, list) or None not in words:
        return [schema]
    return [{"enum": [word for word in words if word is not None]}, NULL]


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _types(schema: object) -> Iterator[str]:
    """The types of what the schema may accept, the most telling first; "" where that is not said."""
    match schema:
        case {"type": list(types)}:
            yield from types
        case {"type": str(kind)}:
            yield kind
        case {"enum": list(values)}:
            yield from (_TYPES.get(type(value), "") for value in values)
        case {"if": dict(condition), "else": dict(other)}:
            yield from (*_types(other), *_types(condition))
        case {"oneOf": list(alternatives)}:
            for alternative in alternatives:
                yield from _types(alternative)
        case _:
            yield ""


def forbid(message: str) -> Schema:
    """A property that nothing may be given for, with the message that editors show for it."""
    return {"type": "null", "not": NULL, "errorMessage": message, "description": message, **HIDDEN}


def join_by_owner(texts: Iterable[tuple[str, str]]) -> str:
    """What several owners say of one thing: the text itself where all say the same, else a line for each text."""
    owners: dict[str, list[str]] = {}
    for owner, text in texts:
        owners.setdefault(text, []).append(owner)
    if len(owners) == 1:
        return next(iter(owners))
    return "\n".join(f"{', '.join(names)}: {text}" for text, names in owners.items())
