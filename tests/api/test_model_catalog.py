"""The catalog of the service: no key is sent, every way to say no is understood."""

import json

import pytest
from support.odd_specs import LIST, OddService

from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.model_catalog import ModelCatalog
from kirin_cli.api.transport import Transport
from kirin_cli.errors import ServiceUnreachable, UsageError


@pytest.fixture
def transport():
    transport = Transport(NetworkSettings({}))
    yield transport
    transport.close()


def test_spec_and_list_are_asked_for_without_a_key(transport):
    service = OddService()
    catalog = ModelCatalog(service.url + "/", transport)
    assert catalog.spec("plain_t2v")["data"]["model_id"] == "plain_t2v"
    assert catalog.spec("vendor/model-4.0:fast")["data"]["model_id"] == "vendor/model-4.0:fast"
    assert [one["id"] for one in catalog.search("video lists".replace(" ", "_"))] == ["video_lists"]
    assert len(list(catalog.search(""))) > 20
    service.close()
    assert [path.partition("?")[0] for path, _ in service.asked] == [
        f"{LIST}/plain_t2v/spec",
        f"{LIST}/vendor%2Fmodel-4.0%3Afast/spec",
        LIST,
        LIST,
    ]
    assert not any(name.lower() == "authorization" for _, headers in service.asked for name in headers)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, b'{"status": {"code": 404}}', UsageError),
        (200, b'{"status": {"code": 404, "message": "no"}}', UsageError),
        (404, b"<html>", UsageError),
        (200, b"<html>", ServiceUnreachable),
        (200, b"", ServiceUnreachable),
        (200, b'{"status": {"code": 500}}', ServiceUnreachable),
        (503, b"{}", ServiceUnreachable),
        (302, b"{}", ServiceUnreachable),
        (200, b"[" * 100_000, ServiceUnreachable),
        (200, b'"' + b"x" * 5_000_000 + b'"', ServiceUnreachable),
    ],
)
def test_what_is_no_spec_ends_in_words(transport, status, body, error):
    service = OddService()
    service.raw = status, body
    with pytest.raises(error):
        ModelCatalog(service.url, transport).spec("m")
    service.close()


def test_nobody_there_is_unreachable(transport):
    with pytest.raises(ServiceUnreachable):
        ModelCatalog("http://127.0.0.1:9", transport).spec("m")
    with pytest.raises(UsageError):
        ModelCatalog("http://specs.example", transport)


def test_a_list_of_many_pages_is_read_to_its_end(transport):
    service = OddService()
    page = {"data": {"models": [{"id": f"m{number}"} for number in range(100)], "total_pages": 3}}
    service.raw = 200, json.dumps(page).encode()
    assert len(list(ModelCatalog(service.url, transport).search(""))) == 300
    service.raw = 200, b'{"data": {"models": {}}}'
    with pytest.raises(ServiceUnreachable):
        list(ModelCatalog(service.url, transport).search(""))
    service.close()
