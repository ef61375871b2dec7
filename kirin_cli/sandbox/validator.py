"""Authentication and validation of requests in the sandbox: key, form, and the models' own specs. Knows no sockets."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from kirin_cli.errors import UsageError
from kirin_cli.json_text import parse_json
from kirin_cli.media.detect import inspect_media
from kirin_cli.media.video_header import read_video
from kirin_cli.models import MODELS
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.types import MediaError, MediaFile, MediaKind
from kirin_cli.sandbox.http_handler import ErrorReply, bad_request
from kirin_cli.wire import params_of

BEARER: Final = "bearer "
TYPE_NAMES: Final[Mapping[type, str]] = {bool: "boolean", str: "string", dict: "object", list: "array"}


@dataclass(frozen=True, slots=True)
class RequestValidator:
    """`keys` are the accounts; `uploaded` gives the file behind a URL of the sandbox's own storage, None for others.

    `models` are those by which requests are judged.
    """

    keys: Collection[str]
    uploaded: Callable[[str], Path | None]
    models: Mapping[str, Model] = field(default_factory=lambda: MODELS)

    def account(self, authorization: str | None) -> str:
        """The account of a request by its Authorization header; ErrorReply 401."""
        scheme, key = (authorization or "")[: len(BEARER)], (authorization or "")[len(BEARER) :].strip()
        if scheme.lower() != BEARER or key not in self.keys:
            raise ErrorReply(401, {"message": "API key missing or invalid"})
        return key

    def request(self, content_type: str, body: bytes) -> tuple[Model, dict[str, object]]:
        """The model and the checked parameters of a create request; ErrorReply 415, 400 or 422."""
        if content_type != "application/json":
            raise bad_request(415, f"Content-Type must be application/json, not {content_type}")
        try:
            document = parse_json(body)
        except ValueError as error:
            raise bad_request(400, f"the body is not JSON: {error}") from None
        if not isinstance(document, dict):
            raise bad_request(400, "the body must be a JSON object")
        try:
            model = self.models.get(str(document.get("model")))
        except UsageError as error:  # the file of an added model makes no sense
            raise bad_request(400, error.message) from None
        if not model:
            raise bad_request(400, f"model must be one of {', '.join(self.models)}")
        params = params_of(document)
        checked = model.check(params, self._inspect)
        details = [{"path": error.path, "rule": error.rule, "message": error.message} for error in checked.errors]
        if not details:
            details = list(_type_errors(params, checked.values))
        if details:
            raise bad_request(422, "; ".join(detail["message"] for detail in details), details=details)
        return model, checked.values

    def _inspect(self, value: str, kind: MediaKind) -> MediaFile:
        """What the service sees of a media file: URLs and bare Base64 (rule A9); it knows its own storage."""
        if value[:5].lower() == "data:":
            raise MediaError("A9", "Base64 must be sent bare, without a data: prefix")
        file = self.uploaded(value)
        if file and kind == "image":
            return replace(inspect_media(str(file), kind, file.parent), given=value, form="url", path=None, stamp=None)
        media_file = inspect_media(value, kind, Path(), local=False)
        if file is None:
            return media_file
        with file.open("rb") as stream:
            header = read_video(stream)
        if header.seconds is None:
            raise MediaError("V1", f"{value} is no MP4 or MOV video by its content")
        size, seconds, fps = file.stat().st_size, header.seconds, header.fps
        return replace(media_file, size=size, seconds=seconds, width=header.width, height=header.height, fps=fps)


def _type_errors(raw: object, checked: object, path: str = "") -> Iterator[dict[str, str]]:
    """Values of another JSON type than the reference gives them, though their meaning is clear (rules A7, A8, M1)."""
    if isinstance(raw, Mapping) and isinstance(checked, Mapping):
        for name in raw.keys() & checked.keys():
            yield from _type_errors(raw[name], checked[name], f"{path}.{name}".lstrip("."))
    elif isinstance(raw, Sequence) and isinstance(checked, list) and not isinstance(raw, str):
        for index, (item, other) in enumerate(zip(raw, checked, strict=False)):
            yield from _type_errors(item, other, f"{path}[{index}]")
    elif raw is not None and _json_type(raw) != _json_type(checked):
        yield {"path": path, "rule": "wire", "message": f"{path} must be of JSON type {_json_type(checked)}"}


def _json_type(value: object) -> str:
    return TYPE_NAMES.get(str if isinstance(value, MediaFile) else type(value), "number")
