"""JSON as text that does nothing to a terminal or a log. Knows no report."""

import json
from collections.abc import Mapping


def dump_json(data: Mapping[str, object]) -> str:
    """Plain data as JSON, in ASCII, indented; a CI system finds no command in it (`##vso[` neither, H3)."""
    return escape_ci_commands(json.dumps(data, indent=2, ensure_ascii=True))


def escape_ci_commands(text: str) -> str:
    r"""JSON in ASCII that says the same without DEL and `##vso[`, which commands Azure wherever it stands (H1, H3)."""
    return text.replace("\x7f", r"\u007f").replace("##", r"#\u0023")
