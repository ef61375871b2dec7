"""What is kept of the service's answer about a task: all of it, within bounds, and the facts without a field of ours.

Knows no task and no ledger: an answer is JSON here, a record is JSON text of it with the request id and HTTP status.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from sys import intern
from typing import Any, Final

from kirin_cli.redaction import hides_values, mask_hidden, strip_url
from kirin_cli.tree import map_leaves
from kirin_cli.wire.responses import content_items

MAX_RECORD_LENGTH: Final = 64 * 1024
"""Characters of a record; longer texts, lists and objects in it are cut until it fits."""
MAX_DEPTH: Final = 32
MAX_TEXT_LENGTHS: Final = (8192, 1024, 200)
MAX_ITEMS: Final = (1000, 100, 20)
MIN_BASE64_LENGTH: Final = 400
BASE64: Final = re.compile(rf"(?:data:[^,]{{0,100}},)?[A-Za-z0-9+/_-]{{{MIN_BASE64_LENGTH},}}={{0,2}}\s*")
OWN_FIELDS: Final = frozenset(
    {"id", "external_task_id", "status", "model", "progress", "created_at", "output", "usage", "error"}
)
OWN_CONTENT_FIELDS: Final = frozenset({"type", "url", "duration", "content"})


def record_answer(answer: object, *, status: int, request_id: str) -> str:
    """The record of an answer: ASCII of at most MAX_RECORD_LENGTH characters, Base64 and what is too long left out."""
    if text := _dump_short({"answer": answer, "status": status, "request_id": request_id}):
        return text
    for max_text, max_items in zip(MAX_TEXT_LENGTHS, MAX_ITEMS, strict=True):
        record = {"answer": _cut(answer, max_text, max_items, MAX_DEPTH), "status": status, "request_id": request_id}
        text = json.dumps(record)
        if len(text) <= MAX_RECORD_LENGTH:
            return text
    return json.dumps({**record, "answer": text[: MAX_RECORD_LENGTH // 2] + "…"})


def answer_of(record: str) -> object:
    """The answer in a record; None where there is none."""
    return _parse(record)["answer"] if record else None


@lru_cache(maxsize=8)
def _parse(record: str) -> Mapping[str, Any]:
    """The content of a record, not to be changed: its answer and what the service says beyond are asked for in turn."""
    content: Mapping[str, Any] = json.loads(record)
    return content


def service_facts(record: str) -> dict[str, object]:
    """What the service says beyond the fields of a task: jobId, size, discount, metadata, whatever else; request_id.

    What it says of the files stands among the rest, of the first file that has it, and per file in `outputs` where
    there are several. URLs are without their signatures. Empty where nothing is recorded.
    """
    if not record:
        return {}
    content = _parse(record)
    answer, request_id = content["answer"], content.get("request_id")
    if isinstance(answer, dict) and "id" not in answer and isinstance(answer.get("data"), dict):
        answer = answer["data"]
    facts: dict[str, object] = {}
    if isinstance(answer, dict):
        items = [_others(item, OWN_CONTENT_FIELDS) for item, _ in content_items(answer.get("output"))]
        usage = answer.get("usage")
        parts = [*items, _others(usage, {"cost"}) if isinstance(usage, dict) else {}, _others(answer, OWN_FIELDS)]
        for part in parts:
            facts = {**part, **facts}
        if len(items) > 1 and any(items):
            facts["outputs"] = list(items)
        if answer.get("error") and items:
            facts["error"] = answer["error"]
    if request_id:
        facts["request_id"] = request_id
    unsigned = without_signatures(facts)
    return unsigned if isinstance(unsigned, dict) else {}


def without_signatures(tree: object) -> object:
    """JSON in which no URL has a query, a fragment, a user or a password: those of results are good for anybody."""

    def strip(leaf: object) -> object:
        if isinstance(leaf, str) and leaf[:8].lower().startswith(("http://", "https://")):
            return strip_url(leaf)
        return leaf

    return map_leaves(tree, strip)


def _others(mapping: Mapping[str, object], own: frozenset[str] | set[str]) -> dict[str, object]:
    # One text for the name that the answers about thousands of jobs have in common.
    return {intern(name): value for name, value in mapping.items() if name not in own}


def _dump_short(record: Mapping[str, object]) -> str:
    """A record as JSON, where all of it is so short that `_cut` would leave it as it is, as most are; else ""."""
    if hides_values():
        return ""
    try:
        text = json.dumps(record)
    except RecursionError:
        return ""
    is_small = len(text) <= MAX_TEXT_LENGTHS[0] and text.count(",") < MAX_ITEMS[0]
    is_flat = text.count("{") + text.count("[") <= MAX_DEPTH
    return text if is_small and is_flat and max(map(len, text.split('"'))) < MIN_BASE64_LENGTH else ""


def _cut(value: object, max_text: int, max_items: int, depth: int) -> object:
    if isinstance(value, str):
        value = mask_hidden(value)  # before anything is cut, and no deeper than the record goes
        if BASE64.fullmatch(value):
            return f"{value[:40]}… ({len(value)} characters of Base64)"
        return value if len(value) <= max_text else f"{value[:max_text]}… ({len(value)} characters)"
    if not isinstance(value, dict | list):
        return value
    if not depth:
        return "…"
    if isinstance(value, list):
        more = [f"… ({len(value)} items)"] if len(value) > max_items else []
        return [_cut(item, max_text, max_items, depth - 1) for item in value[:max_items]] + more
    items = list(value.items())[:max_items]
    return {str(name)[:max_text]: _cut(item, max_text, max_items, depth - 1) for name, item in items}
