"""Price classes: what decides the price of a request, and the time it takes, as data of its model. Knows no price."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from kirin_cli.modelspec.fields import Choice
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.request import RequestView
from kirin_cli.modelspec.types import MediaFile

if TYPE_CHECKING:
    from kirin_cli.modelspec.model import Model
    from kirin_cli.modelspec.rules import Condition

PER_SECOND: Final = "per second"
"""How a key of `[prices]` says that the price is one of each second of the input."""


class PriceClass(NamedTuple):
    """Requests of one price: the model and the words of the class (`std`, `5`), in the order of its pricing.

    `per_second`: the price is one of each second of the input, rounded to whole seconds.
    """

    model: str
    words: tuple[str, ...]
    per_second: bool = False

    def __str__(self) -> str:
        """The key of the class in `[prices]`: `std 5`, `pro edit per second`."""
        return " ".join((*self.words, *((PER_SECOND,) if self.per_second else ()))) or "*"


class RequestKind(Record, kw_only=True):
    """A kind of request with a price of its own. Without a condition `when` every request of the model is of it.

    `word` names it in the class ("" for none). The parameters `without` say nothing about its price. `seconds_of` is
    the path of the video by whose length it is billed, "" where it is not billed by length.
    """

    word: str = ""
    when: "Condition | None" = None
    without: tuple[str, ...] = ()
    seconds_of: str = ""


class Pricing(Record):
    """What decides the price: the values of `params` (None: of every choice that the model has), and the kind."""

    params: tuple[str, ...] | None = None
    kinds: tuple[RequestKind, ...] = ()


def classify_price(model: "Model", values: Mapping[str, object]) -> PriceClass:
    """The class of a checked request."""
    kind = _kind(model, values)
    params = [name for name in _params(model) if kind is None or name not in kind.without]
    words = [str(values.get(name) or model.field_named(name).default or "") for name in params]
    words += [kind.word] if kind else []
    return PriceClass(model.id, tuple(filter(None, words)), bool(kind and kind.seconds_of))


def input_seconds(model: "Model", values: Mapping[str, object]) -> int | None:
    """The seconds of input that a request is billed for: rounded to the nearest, at least 1.

    None where it is not billed by its input, and where the length of that is not known: a URL that was not inspected.
    """
    kind = _kind(model, values)
    if kind is None or not kind.seconds_of:
        return None
    media = [value for _, value in RequestView(model.fields, dict(values)).find_all(kind.seconds_of)]
    lengths = [value.seconds for value in media if isinstance(value, MediaFile) and value.seconds is not None]
    return max(1, int(sum(lengths) + 0.5)) if lengths and len(lengths) == len(media) else None


def price_classes(model: "Model") -> Iterator[PriceClass]:
    """Every class that a request of the model can be of."""
    always = any(kind.when is None for kind in model.pricing.kinds)
    for kind in (*(() if always else (None,)), *model.pricing.kinds):
        combinations: list[tuple[str, ...]] = [()]
        for name in _params(model):
            if kind is None or name not in kind.without:
                field = model.field_named(name)
                options = field.options if isinstance(field, Choice) else ()
                combinations = [(*words, option) for words in combinations for option in options]
        word = (kind.word,) if kind and kind.word else ()
        for words in combinations:
            yield PriceClass(model.id, (*words, *word), bool(kind and kind.seconds_of))


def _params(model: "Model") -> tuple[str, ...]:
    if model.pricing.params is not None:
        return model.pricing.params
    return tuple(field.name for field in model.fields if isinstance(field, Choice))


def _kind(model: "Model", values: Mapping[str, object]) -> RequestKind | None:
    """The first kind that the request is of; None where it is a plain one."""
    kinds = model.pricing.kinds
    request = RequestView(model.fields, dict(values)) if kinds else None
    return next((kind for kind in kinds if kind.when is None or (request and kind.when.holds(request))), None)
