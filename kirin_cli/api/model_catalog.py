"""The service's catalog: the list of its models, and the spec of one. Sends no key and tries nothing again."""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote, urlencode

from kirin_cli.api.exchange import TransportError
from kirin_cli.api.transport import HttpRequest, Transport
from kirin_cli.api.url_policy import check_base_url
from kirin_cli.errors import ServiceUnreachable, UsageError
from kirin_cli.json_text import parse_json

LIST_PATH: Final = "/api/v1/skill/models"
MAX_SECONDS: Final = 30.0
PAGE_SIZE: Final = 100
MAX_PAGES: Final = 20
_HINT: Final = "KIRIN_MODELS_URL says where it is; a spec that you have as a file: kirin models add FILE"


class ModelCatalog:
    """The catalog at a base URL. Raises UsageError for a URL that cannot be used."""

    def __init__(self, base_url: str, transport: Transport) -> None:
        self._base = check_base_url(base_url)
        self._transport = transport

    def spec_url(self, model_id: str) -> str:
        """Where the spec of a model is."""
        return f"{self._base}{LIST_PATH}/{quote(model_id, safe='')}/spec"

    def spec(self, model_id: str) -> object:
        """The document with the spec of a model. Raises UsageError where there is no such model, ServiceUnreachable."""
        document = self._get(self.spec_url(model_id))
        if document is None:
            raise UsageError(f"the service has no model {model_id!r}", hint="kirin models search WORDS finds one")
        return document

    def search(self, words: str) -> Iterator[Mapping[str, object]]:
        """What the service offers that fits the words, all of it for none. Raises ServiceUnreachable."""
        for page in range(1, MAX_PAGES + 1):
            query = {"page": page, "page_size": PAGE_SIZE, **({"keywords": words} if words else {})}
            document = self._get(f"{self._base}{LIST_PATH}?{urlencode(query)}")
            data = document.get("data", document) if isinstance(document, Mapping) else None
            models = data.get("models") if isinstance(data, Mapping) else None
            if not isinstance(models, list):
                raise ServiceUnreachable(f"{self._base} sent no list of models", hint=_HINT)
            yield from (model for model in models if isinstance(model, Mapping))
            pages = data.get("total_pages") if isinstance(data, Mapping) else None
            if len(models) < PAGE_SIZE or not isinstance(pages, int) or page >= pages:
                return

    def _get(self, url: str) -> object:
        """A JSON document; None where the service says, in whatever way, that there is none."""
        try:
            reply = self._transport.send(HttpRequest("GET", url), deadline=MAX_SECONDS)
        except TransportError as error:
            raise ServiceUnreachable(f"{self._base}: {error.message}", hint=error.hint or _HINT) from error
        try:
            document: object = parse_json(reply.body)
        except ValueError:
            document = None
        status = document.get("status") if isinstance(document, Mapping) else None
        code = status.get("code") if isinstance(status, Mapping) else None
        if reply.status == 404 or code == 404:
            return None
        if reply.status != 200 or document is None or code not in {None, 0, 200}:
            what = "no JSON" if reply.status == 200 and document is None else f"{code or reply.status}"
            raise ServiceUnreachable(f"{self._base} answers {what} in place of a spec or a list", hint=_HINT)
        return document
