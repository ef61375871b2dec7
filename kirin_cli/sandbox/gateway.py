"""The API origin of the sandbox: its routes, and the order of things in one request. Knows no file that it delivers."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from kirin_cli.sandbox.catalog import models_answer, spec_answer
from kirin_cli.sandbox.conversation import Conversation
from kirin_cli.sandbox.faults import Faults
from kirin_cli.sandbox.judge import Judge
from kirin_cli.sandbox.replies import Refusal, Reply, not_found, refused, task_reply
from kirin_cli.sandbox.storage import BadUpload, Storage
from kirin_cli.sandbox.world import AlreadyExists, Outcome, Task, World

CREATE: Final = "/model/v1/generation"
QUERY: Final = re.compile(CREATE + "/task/(.+)")
MODELS: Final = "/api/v1/skill/models"
SPEC: Final = re.compile(MODELS + "/([^/]+)/spec")
FILES: Final = "/api/v1/storage/files"
# Eight images of 10 MB in Base64 (kirin_v1_5_i2v: the image and seven masks); one video of 200 MB.
MOST_JSON: Final = 128 * 1024 * 1024
MOST_UPLOAD: Final = 201 * 1024 * 1024
FATES: Final[Mapping[str, Outcome]] = {"fail": "failed", "stuck": "stuck", "no-output": "no-output"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What stands behind the API. `base_url` and `files_url` are the two origins, without a slash at the end.

    `latency` is waited before every answer, in seconds; `most_json` bounds the body of a create request, in bytes.
    """

    judge: Judge
    world: World
    faults: Faults
    storage: Storage
    base_url: str
    files_url: str
    latency: float = 0.0
    most_json: int = MOST_JSON

    def create(self, authorization: str | None, content_type: str, body: bytes) -> Reply:
        """Accept a generation; a `callback_url` is never called. Refusal 401, 415, 400 or 422."""
        account = self.judge.account(authorization)
        model, values = self.judge.request(content_type, body)
        fate = self.faults.strike("task")
        try:
            task = self.world.create(
                account, model, values, FATES[fate.what] if fate else None, fate.value if fate else ""
            )
        except AlreadyExists as known:
            raise refused(400, f"external_task_id {known} already exists") from None
        return self._tell(task)

    def query(self, authorization: str | None, either_id: str) -> Reply:
        """How a task stands. Refusal 401 or 404."""
        task = self.world.find(self.judge.account(authorization), either_id)
        if not task:
            raise not_found("task not found")
        return self._tell(task)

    def _tell(self, task: Task) -> Reply:
        return Reply(200, task_reply(task, self.world.now(), self.files_url))


class ApiConversation(Conversation):
    """Serves the API; `service` and `pause` are set by the subclass that a sandbox makes for itself."""

    service: Service

    def do_GET(self) -> None:  # noqa: N802  (the name in the base class)
        """Query a task, list the models, or show a model's parameters."""
        self.guarded(self._get)

    def do_POST(self) -> None:  # noqa: N802  (the same)
        """Create a task or upload a file."""
        self.guarded(self._post)

    def _get(self) -> None:
        place, service = self.place, self.service
        if found := QUERY.fullmatch(place):
            either_id = found[1]
            self._with_faults("query", lambda: service.query(self.headers.get("Authorization"), either_id))
        elif place == MODELS:
            self.answer_json(Reply(200, models_answer(dict(parse_qsl(urlsplit(self.path).query)))))
        elif found := SPEC.fullmatch(place):
            self.answer_json(Reply(200, spec_answer(found[1], service.base_url + CREATE)))
        else:
            raise not_found("no such address")

    def _post(self) -> None:
        if self.place == CREATE:
            body = self.read_body(self.service.most_json)
            kind = self.headers.get_content_type()
            self._with_faults("post", lambda: self.service.create(self.headers.get("Authorization"), kind, body))
        elif self.place == FILES:
            self._upload()
        else:
            self.close_connection = True
            raise not_found("no such address")

    def _upload(self) -> None:
        """Keep a file; whatever is wrong with it ends the connection, since the rest of the body is not read."""
        persistent, self.close_connection = not self.close_connection, True
        self.service.judge.account(self.headers.get("Authorization"))
        length = self.body_length(MOST_UPLOAD)
        try:
            path = self.service.storage.save(self.rfile.read, length, self.headers.get_boundary() or "")
        except BadUpload as wrong:
            raise refused(400, str(wrong)) from None
        self.close_connection = not persistent
        self._with_faults("upload", lambda: Reply(200, {"url": self.service.files_url + path}))

    def _with_faults(self, where: str, act: Callable[[], Reply]) -> None:
        """Answer with what `act` says, late by the latency, unless a fault rule wants otherwise."""
        fault = self.service.faults.strike(where)
        acts_first = fault is None or fault.after_create or fault.what in {"cut", "delay"}
        if fault and not fault.after_create:
            self.pause(fault.seconds)
        reply = _reply_of(act) if acts_first else None
        self.pause(self.service.latency + (fault.seconds if fault and fault.after_create else 0))
        if fault and fault.what != "delay":
            self.suffer(fault, reply)
        elif reply:
            self.answer_json(reply)


def _reply_of(act: Callable[[], Reply]) -> Reply:
    """What `act` answers, a refusal included."""
    try:
        return act()
    except Refusal as refusal:
        return refusal.reply
