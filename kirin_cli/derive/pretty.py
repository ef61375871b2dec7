"""JSON as a person would set it: what fits on one line stands on one. Knows nothing of what the JSON says."""

import json
from typing import Final

WIDTH: Final = 120
_STEP: Final = 2


def pretty(value: object, indent: int = 0, before: int = 0) -> str:
    """JSON text in lines of at most WIDTH characters, where its strings allow; `before` stand on the first line."""
    flat = json.dumps(value, ensure_ascii=False)
    if indent + before + len(flat) < WIDTH or not isinstance(value, dict | list):
        return flat
    inner = indent + _STEP
    if isinstance(value, list):
        return _spread("[", [pretty(item, inner) for item in value], "]", indent)
    keys = ((f"{json.dumps(key, ensure_ascii=False)}: ", item) for key, item in value.items())
    return _spread("{", [key + pretty(item, inner, len(key)) for key, item in keys], "}", indent)


def _spread(opening: str, parts: list[str], closing: str, indent: int) -> str:
    pad = "\n" + " " * indent
    return opening + ",".join(f"{pad}{' ' * _STEP}{part}" for part in parts) + pad + closing
