"""What a model command shows without sending: the request (--dry-run) and the job file (--to-yaml)."""

import json
import shlex
from collections.abc import Mapping

from kirin_cli import media
from kirin_cli.cli.settings import Settings
from kirin_cli.spec.model import Model
from kirin_cli.wire import DIALECTS

CREATE_PATH = "/model/v1/generation"


def request(model: Model, values: Mapping[str, object], settings: Settings, *, full: bool) -> dict[str, object]:
    """The request as data; the key never, Base64 only with `full`."""
    body = DIALECTS[settings.dialect].wrap(model, values)
    return {
        "method": "POST",
        "url": settings.base_url.rstrip("/") + CREATE_PATH,
        "headers": {"Authorization": "Bearer ***", "Content-Type": "application/json"},
        "body": media.full(body) if full else media.elide(body),
    }


def as_json(shown: Mapping[str, object]) -> str:
    """The request as JSON."""
    return json.dumps(shown, indent=2, ensure_ascii=True)


def as_curl(shown: Mapping[str, object]) -> str:
    """The request as a command for a POSIX shell, with $KIRIN_API_KEY for the key."""
    body = shlex.quote(json.dumps(shown["body"], ensure_ascii=False))
    headers = '-H "Authorization: Bearer $KIRIN_API_KEY" -H "Content-Type: application/json"'
    return f"curl -X POST {shlex.quote(str(shown['url']))} \\\n  {headers} \\\n  -d {body}"


def as_yaml(model: Model, params: Mapping[str, object]) -> str:
    """The job file with one job that has these parameters."""
    import yaml  # noqa: PLC0415  (only here)

    from kirin_cli.jobs.templates import escaped  # noqa: PLC0415  (the same)

    return yaml.safe_dump(
        {"version": 1, "model": model.id, "params": escaped(params)}, sort_keys=False, allow_unicode=True, width=100
    ).rstrip("\n")
