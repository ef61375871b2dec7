"""Requests of a plain client (http.client) to a loopback service, for the tests of the service itself."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from loopback.files import clip
from loopback.service import Service

CREATE = "/model/v1/generation"
TASK = CREATE + "/task/"
DATA = clip(100_000)
KEY = {"Authorization": "Bearer sk-test"}
BROKEN = (http.client.HTTPException, OSError)


def call(
    service: Service, method: str, target: str, body: Any = None, headers: Mapping[str, str] = KEY, timeout: float = 3
) -> tuple[int, http.client.HTTPMessage, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=timeout)) as client:
        client.request(method, target, body, dict(headers))
        answer = client.getresponse()
        return answer.status, answer.headers, answer.read()


def body_of(name: str, prompt: str = "x") -> str:
    params = {"prompt": prompt, "external_task_id": name}
    return json.dumps({"model": "kirin_v1_t2v", "input": [{"params": params}]})


def post(service: Service, name: str = "krn1-a", timeout: float = 3) -> tuple[int, Any]:
    status, _, body = call(service, "POST", CREATE, body_of(name), timeout=timeout)
    return status, json.loads(body or b"null")


def query(service: Service, name: str = "krn1-a") -> tuple[int, Any]:
    status, _, body = call(service, "GET", TASK + name)
    return status, json.loads(body)


def get(service: Service, asked: str = "", **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    return call(service, "GET", "/x.mp4", headers={"Range": asked, **headers} if asked else {})
