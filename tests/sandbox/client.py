"""Talks to a sandbox over plain http.client, as any program could: nothing of kirin's own client is used."""

import http.client
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

CREATE = "/model/v1/generation"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    def __init__(self, running) -> None:
        self.running = running
        self.key = running.key

    def ask(self, method, url, body=None, headers=None) -> Answer:
        parts = urlsplit(url if "://" in url else self.running.base_url + url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=60)
        try:
            connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    @property
    def authorized(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def post(self, document, **headers) -> Answer:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.ask("POST", CREATE, body, {"Content-Type": "application/json", **self.authorized, **headers})

    def create(self, model="kirin_v1_t2v", **params) -> Answer:
        given = {"prompt": "a harbour", **params} if model == "kirin_v1_t2v" else params
        return self.post({"model": model, "input": [{"params": given}]})

    def query(self, either_id) -> Answer:
        return self.ask("GET", f"{CREATE}/task/{either_id}", headers=self.authorized)

    def upload(self, content, name="cup.png", field="file") -> Answer:
        edge = "edge-of-a-part"
        parts = (
            f'--{edge}\r\nContent-Disposition: form-data; name="note"\r\n\r\nnothing\r\n'
            f'--{edge}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        body = parts + content + f"\r\n--{edge}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={edge}", **self.authorized}
        return self.ask("POST", "/api/v1/storage/files", body, kind)


def url_of(answer) -> str:
    return answer.json["output"][0]["content"][0]["url"]
