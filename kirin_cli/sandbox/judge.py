"""Decides whether a request is one that the service takes: key, form, and the models' own specs. Knows no sockets."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from kirin_cli import media
from kirin_cli.media.boxes import read_video
from kirin_cli.models import MODELS
from kirin_cli.sandbox.replies import refused, unauthorized
from kirin_cli.spec.medium import Kind, Medium, UnreadableMedium
from kirin_cli.spec.model import Model
from kirin_cli.wire import params_of

BEARER: Final = "bearer "
TYPE_NAMES: Final[Mapping[type, str]] = {bool: "boolean", str: "string", dict: "object", list: "array"}


@dataclass(frozen=True, slots=True)
class Judge:
    """`keys` are the accounts; `uploaded` gives the file behind a URL of the sandbox's own storage, None for others."""

    keys: Collection[str]
    uploaded: Callable[[str], Path | None]

    def account(self, authorization: str | None) -> str:
        """The account of a request by its Authorization header; Refusal 401."""
        scheme, key = (authorization or "")[: len(BEARER)], (authorization or "")[len(BEARER) :].strip()
        if scheme.lower() != BEARER or key not in self.keys:
            raise unauthorized()
        return key

    def request(self, content_type: str, body: bytes) -> tuple[Model, dict[str, object]]:
        """The model and the checked parameters of a create request; Refusal 415, 400 or 422."""
        if content_type != "application/json":
            raise refused(415, f"Content-Type must be application/json, not {content_type}")
        document = _document(body)
        model = MODELS.get(str(document.get("model")))
        if not model:
            raise refused(400, f"model must be one of {', '.join(MODELS)}")
        params = params_of(document)
        checked = model.check(params, self._look)
        details = [{"path": found.path, "rule": found.rule, "message": found.message} for found in checked.errors]
        if not details:
            details = list(_mistyped(params, checked.values))
        if details:
            raise refused(422, "; ".join(found["message"] for found in details), details=details)
        return model, checked.values

    def _look(self, given: str, kind: Kind) -> Medium:
        """What the service sees of a medium: URLs and bare Base64 (A9); it knows its own storage."""
        if given[:5].lower() == "data:":
            raise UnreadableMedium("A9", "Base64 must be sent bare, without a data: prefix")
        file = self.uploaded(given)
        if file and kind == "image":
            return replace(media.look(str(file), kind, file.parent), given=given, form="url", path=None, stamp=None)
        medium = media.look(given, kind, Path(), local=False)
        return _measured(medium, file) if file else medium


def _measured(medium: Medium, file: Path) -> Medium:
    """The video with the facts of its file."""
    facts = read_video(file)
    if facts.seconds is None:
        raise UnreadableMedium("V1", f"{medium.given} is no MP4 or MOV video by its content")
    size = file.stat().st_size
    return replace(medium, size=size, seconds=facts.seconds, width=facts.width, height=facts.height, fps=facts.fps)


def _document(body: bytes) -> Mapping[str, object]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise refused(400, f"the body is not JSON: {wrong}") from None
    if not isinstance(document, dict):
        raise refused(400, "the body must be a JSON object")
    return document


def _mistyped(given: object, sent: object, at: str = "") -> Iterator[dict[str, str]]:
    """Where a value has another JSON type than the reference gives it, although its meaning is clear (A7, A8, M1)."""
    if isinstance(given, Mapping) and isinstance(sent, Mapping):
        for name in given.keys() & sent.keys():
            yield from _mistyped(given[name], sent[name], f"{at}.{name}".lstrip("."))
    elif isinstance(given, Sequence) and isinstance(sent, list) and not isinstance(given, str):
        for index, (one, other) in enumerate(zip(given, sent, strict=False)):
            yield from _mistyped(one, other, f"{at}[{index}]")
    elif given is not None and _json_type(given) != _json_type(sent):
        yield {"path": at, "rule": "wire", "message": f"{at} must be of JSON type {_json_type(sent)}"}


def _json_type(value: object) -> str:
    return TYPE_NAMES.get(str if isinstance(value, Medium) else type(value), "number")
