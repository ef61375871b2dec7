"""Plain data as JSON that does nothing to a terminal or a log. Knows no report."""

import json
from collections.abc import Mapping


def as_text(data: Mapping[str, object]) -> str:
    """Plain data as JSON, in ASCII, indented; a CI system finds no command in it (`##vso[` neither, H3)."""
    return json.dumps(data, indent=2, ensure_ascii=True).replace("##", r"#\u0023")
