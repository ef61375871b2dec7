"""The API origin of the sandbox: its routes, and the order of things in one request. Knows no file that it delivers."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from kirin_cli.sandbox.catalog import model_spec, models_page
from kirin_cli.sandbox.faults import FaultRules
from kirin_cli.sandbox.files_handler import BadUpload, UploadStorage
from kirin_cli.sandbox.http_handler import (
    ErrorReply,
    SandboxHandler,
    SandboxReply,
    bad_request,
    not_found,
    task_reply,
    with_error_replies,
)
from kirin_cli.sandbox.tasks import AlreadyExists, SandboxTask, SimulatedOutcome, TaskStore
from kirin_cli.sandbox.validator import RequestValidator
from kirin_cli.wire import CREATE_PATH, QUERY_PATH

QUERY: Final = re.compile(QUERY_PATH.replace("{id}", "(.+)"))
MODELS: Final = "/api/v1/skill/models"
SPEC: Final = re.compile(MODELS + "/(.+)/spec")
FILES: Final = "/api/v1/storage/files"
HOST: Final = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?")
# Eight images of 10 MB in Base64 (kirin_v1_5_i2v: the image and seven masks); one video of 200 MB.
MAX_JSON_BYTES: Final = 128 * 1024 * 1024
MAX_UPLOAD_BYTES: Final = 201 * 1024 * 1024
OUTCOME_BY_FAULT: Final[Mapping[str, SimulatedOutcome]] = {"fail": "failed", "stuck": "stuck", "no-output": "no-output"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiService:
    """What stands behind the API. `base_url` and `files_url` are the two origins, without a slash at the end.

    `follows_host`: a client is given those that it has asked. `latency` is waited before every answer, in seconds;
    `max_json_bytes` bounds the body of a create request, in bytes.
    """

    validator: RequestValidator
    tasks: TaskStore
    faults: FaultRules
    uploads: UploadStorage
    base_url: str
    files_url: str
    follows_host: bool = False
    latency: float = 0.0
    max_json_bytes: int = MAX_JSON_BYTES

    def origins(self, host: str) -> tuple[str, str]:
        """The origins of API and files for a client whose Host header this is.

        Where `follows_host`, they are those that it sees: a port may be mapped, a container has another name.
        """
        match = HOST.fullmatch(host) if self.follows_host else None
        if not match:
            return self.base_url, self.files_url
        api = f"http://{match[0]}"
        is_one_port = self.files_url == self.base_url
        return api, api if is_one_port else f"http://{match[1]}:{urlsplit(self.files_url).port}"

    def create(self, authorization: str | None, content_type: str, body: bytes, files_url: str) -> SandboxReply:
        """Accept a generation; a `callback_url` is never called. ErrorReply 401, 415, 400 or 422."""
        account = self.validator.account(authorization)
        model, values = self.validator.request(content_type, body)
        fault = self.faults.next_fault("task")
        try:
            task = self.tasks.create(
                account, model, values, OUTCOME_BY_FAULT[fault.what] if fault else None, fault.value if fault else ""
            )
        except AlreadyExists as external_id:
            raise bad_request(400, f"external_task_id {external_id} already exists") from None
        return self._task_reply(task, files_url)

    def query(self, authorization: str | None, either_id: str, files_url: str) -> SandboxReply:
        """How a task stands. ErrorReply 401 or 404."""
        task = self.tasks.find(self.validator.account(authorization), either_id)
        if not task:
            raise not_found("task not found")
        return self._task_reply(task, files_url)

    def _task_reply(self, task: SandboxTask, files_url: str) -> SandboxReply:
        return SandboxReply(200, task_reply(task, self.tasks.now(), files_url))


class ApiHandler(SandboxHandler):
    """Serves the API; `service` and `pause` are set by the subclass that a sandbox makes for itself."""

    service: ApiService

    @property
    def origins(self) -> tuple[str, str]:
        """The origins of API and files as this client sees them."""
        return self.service.origins(self.headers.get("Host", ""))

    @with_error_replies
    def do_GET(self) -> None:  # noqa: N802  (the name in the base class)
        """Query a task, list the models, or show a model's parameters."""
        path, service = self.request_path, self.service
        if match := QUERY.fullmatch(path):
            either_id = match[1]
            key = self.headers.get("Authorization")
            self._with_faults("query", lambda: service.query(key, either_id, self.origins[1]))
        elif path == MODELS:
            self.answer_json(
                SandboxReply(200, models_page(dict(parse_qsl(urlsplit(self.path).query)), service.validator.models))
            )
        elif match := SPEC.fullmatch(path):
            spec = model_spec(match[1], self.origins[0] + CREATE_PATH, service.validator.models)
            self.answer_json(SandboxReply(200, spec))
        else:
            raise not_found("no such address")

    @with_error_replies
    def do_POST(self) -> None:  # noqa: N802  (the same)
        """Create a task or upload a file."""
        if self.request_path == CREATE_PATH:
            length = self.body_length(self.service.max_json_bytes)
            body = self.rfile.read(length)
            if len(body) < length:
                raise ConnectionAbortedError
            media_type = self.headers.get_content_type()
            key, files_url = self.headers.get("Authorization"), self.origins[1]
            self._with_faults("post", lambda: self.service.create(key, media_type, body, files_url))
        elif self.request_path == FILES:
            self._upload()
        else:
            self.close_connection = True
            raise not_found("no such address")

    def _upload(self) -> None:
        """Keep a file; whatever is wrong with it ends the connection, since the rest of the body is not read."""
        persistent, self.close_connection = not self.close_connection, True
        self.service.validator.account(self.headers.get("Authorization"))
        length = self.body_length(MAX_UPLOAD_BYTES)
        try:
            path = self.service.uploads.save(self.rfile.read, length, self.headers.get_boundary() or "")
        except BadUpload as error:
            raise bad_request(400, str(error)) from None
        self.close_connection = not persistent
        self._with_faults("upload", lambda: SandboxReply(200, {"url": self.origins[1] + path}))

    def _with_faults(self, where: str, act: Callable[[], SandboxReply]) -> None:
        """Answer with what `act` says, late by the latency, unless a fault rule wants otherwise."""
        fault = self.service.faults.next_fault(where)
        acts_first = fault is None or fault.after_create or fault.what in {"cut", "delay"}
        if fault and not fault.after_create:
            self.pause(fault.seconds)
        reply = None
        if acts_first:
            try:
                reply = act()
            except ErrorReply as refusal:
                reply = refusal.reply
        self.pause(self.service.latency + (fault.seconds if fault and fault.after_create else 0))
        if fault and fault.what != "delay":
            self.apply_fault(fault, reply)
        elif reply:
            self.answer_json(reply)
