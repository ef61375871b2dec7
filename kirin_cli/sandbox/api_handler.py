"""The API origin of the sandbox: its routes, and the order of things in one request. Knows no file that it delivers."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from kirin_cli.sandbox.catalog import model_spec, models_page
from kirin_cli.sandbox.faults import FaultRules
from kirin_cli.sandbox.files_handler import BadUpload, UploadStorage
from kirin_cli.sandbox.http_handler import ErrorReply, SandboxHandler, SandboxReply, bad_request, not_found, task_reply
from kirin_cli.sandbox.tasks import AlreadyExists, SandboxTask, SimulatedOutcome, TaskStore
from kirin_cli.sandbox.validator import RequestValidator

CREATE: Final = "/model/v1/generation"
QUERY: Final = re.compile(CREATE + "/task/(.+)")
MODELS: Final = "/api/v1/skill/models"
SPEC: Final = re.compile(MODELS + "/([^/]+)/spec")
FILES: Final = "/api/v1/storage/files"
# Eight images of 10 MB in Base64 (kirin_v1_5_i2v: the image and seven masks); one video of 200 MB.
MAX_JSON_BYTES: Final = 128 * 1024 * 1024
MAX_UPLOAD_BYTES: Final = 201 * 1024 * 1024
OUTCOME_BY_FAULT: Final[Mapping[str, SimulatedOutcome]] = {"fail": "failed", "stuck": "stuck", "no-output": "no-output"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiService:
    """What stands behind the API. `base_url` and `files_url` are the two origins, without a slash at the end.

    `latency` is waited before every answer, in seconds; `most_json` bounds the body of a create request, in bytes.
    """

    judge: RequestValidator
    world: TaskStore
    faults: FaultRules
    storage: UploadStorage
    base_url: str
    files_url: str
    latency: float = 0.0
    most_json: int = MAX_JSON_BYTES

    def create(self, authorization: str | None, content_type: str, body: bytes) -> SandboxReply:
        """Accept a generation; a `callback_url` is never called. Refusal 401, 415, 400 or 422."""
        account = self.judge.account(authorization)
        model, values = self.judge.request(content_type, body)
        fate = self.faults.next_fault("task")
        try:
            task = self.world.create(
                account, model, values, OUTCOME_BY_FAULT[fate.what] if fate else None, fate.value if fate else ""
            )
        except AlreadyExists as known:
            raise bad_request(400, f"external_task_id {known} already exists") from None
        return self._task_reply(task)

    def query(self, authorization: str | None, either_id: str) -> SandboxReply:
        """How a task stands. Refusal 401 or 404."""
        task = self.world.find(self.judge.account(authorization), either_id)
        if not task:
            raise not_found("task not found")
        return self._task_reply(task)

    def _task_reply(self, task: SandboxTask) -> SandboxReply:
        return SandboxReply(200, task_reply(task, self.world.now(), self.files_url))


class ApiHandler(SandboxHandler):
    """Serves the API; `service` and `pause` are set by the subclass that a sandbox makes for itself."""

    service: ApiService

    def do_GET(self) -> None:  # noqa: N802  (the name in the base class)
        """Query a task, list the models, or show a model's parameters."""
        self.with_error_replies(self._get)

    def do_POST(self) -> None:  # noqa: N802  (the same)
        """Create a task or upload a file."""
        self.with_error_replies(self._post)

    def _get(self) -> None:
        place, service = self.request_path, self.service
        if found := QUERY.fullmatch(place):
            either_id = found[1]
            self._with_faults("query", lambda: service.query(self.headers.get("Authorization"), either_id))
        elif place == MODELS:
            self.answer_json(SandboxReply(200, models_page(dict(parse_qsl(urlsplit(self.path).query)))))
        elif found := SPEC.fullmatch(place):
            self.answer_json(SandboxReply(200, model_spec(found[1], service.base_url + CREATE)))
        else:
            raise not_found("no such address")

    def _post(self) -> None:
        if self.request_path == CREATE:
            body = self.read_body(self.service.most_json)
            kind = self.headers.get_content_type()
            self._with_faults("post", lambda: self.service.create(self.headers.get("Authorization"), kind, body))
        elif self.request_path == FILES:
            self._upload()
        else:
            self.close_connection = True
            raise not_found("no such address")

    def _upload(self) -> None:
        """Keep a file; whatever is wrong with it ends the connection, since the rest of the body is not read."""
        persistent, self.close_connection = not self.close_connection, True
        self.service.judge.account(self.headers.get("Authorization"))
        length = self.body_length(MAX_UPLOAD_BYTES)
        try:
            path = self.service.storage.save(self.rfile.read, length, self.headers.get_boundary() or "")
        except BadUpload as wrong:
            raise bad_request(400, str(wrong)) from None
        self.close_connection = not persistent
        self._with_faults("upload", lambda: SandboxReply(200, {"url": self.service.files_url + path}))

    def _with_faults(self, where: str, act: Callable[[], SandboxReply]) -> None:
        """Answer with what `act` says, late by the latency, unless a fault rule wants otherwise."""
        fault = self.service.faults.next_fault(where)
        acts_first = fault is None or fault.after_create or fault.what in {"cut", "delay"}
        if fault and not fault.after_create:
            self.pause(fault.seconds)
        reply = _reply_of(act) if acts_first else None
        self.pause(self.service.latency + (fault.seconds if fault and fault.after_create else 0))
        if fault and fault.what != "delay":
            self.apply_fault(fault, reply)
        elif reply:
            self.answer_json(reply)


def _reply_of(act: Callable[[], SandboxReply]) -> SandboxReply:
    """What `act` answers, a refusal included."""
    try:
        return act()
    except ErrorReply as refusal:
        return refusal.reply
