"""The tables `[prices]` of settings files: what jobs cost, by model and by the words of their price class.

```
[prices]
kirin_v1_t2v = {"std 5" = "0.28", "pro" = "0.49"}
kirin_video_o1 = {"pro edit per second" = "0.112"}
```

A key holds for every class that has all its words, in whatever order: `5` for both modes, `*` for all. Of several the
one with the most words holds. A request with parameters that the model does not know is covered by a key that has them
alone: `std 5 length=600`. `per second` is the price of each second of the input, where that is what is billed.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from kirin_cli.cli.settings_schema import parse_usd
from kirin_cli.errors import UsageError
from kirin_cli.models import MODELS
from kirin_cli.modelspec.fields import Choice
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.pricing import PER_SECOND, PriceClass, price_classes
from kirin_cli.modelspec.text import did_you_mean, quote
from kirin_cli.run.prices import PriceSource, PriceTableRow

Position = Callable[[str, str], str]
"""Where in the file a model's key, or a key below it, stands, for messages."""

ANY_CLASS = "*"


def parse_price_table(table: object, source: PriceSource, position: Position) -> tuple[PriceTableRow, ...]:
    """The rows of a table. Raises UsageError with file and line for what is no model, no class or no price."""
    if not isinstance(table, Mapping):
        raise UsageError(f"{position('', '')}: prices must be a table, [prices]")
    return tuple(row for model, prices in table.items() for row in _model_rows(model, prices, source, position))


def _model_rows(model: str, prices: object, source: PriceSource, position: Position) -> Iterator[PriceTableRow]:
    if model not in MODELS:
        raise UsageError(f"{position(model, '')}: unknown model {quote(model)}{did_you_mean(model, MODELS)}")
    if not isinstance(prices, Mapping):
        example = str(next(price_classes(MODELS[model])))
        raise UsageError(f'{position(model, "")}: prices.{model} must be a table such as {{"{example}" = "0.28"}}')
    for key, price in prices.items():
        yield _row(MODELS[model], key, price, source, position(model, key))


def _row(model: Model, key: str, price: object, source: PriceSource, position: str) -> PriceTableRow:
    classes = tuple(price_classes(model))
    words, per_second = _parse_key(key)
    known = list(dict.fromkeys(word for price_class in classes for word in price_class.words))
    open_words = frozenset(word for word in words - set(known) if _is_open_word(model, word))
    for word in words - open_words:
        if word not in known:
            hint = f'a key is made of these words, or is "{ANY_CLASS}"; e.g. "{classes[0]}"'
            raise UsageError(f"{position}: {quote(word)} is no word of a price{did_you_mean(word, known)}", hint=hint)
    row = PriceTableRow(
        model=model.id, words=words, usd=_parse_price(price, position), source=source, position=position,
        per_second=per_second,
    )  # fmt: skip
    if not any(map(row.replace(words=words - open_words).covers, classes)):
        raise UsageError(f"{position}: {quote(key)} is the price of no request{_hint_for_key(row, classes)}")
    return row


def _is_open_word(model: Model, word: str) -> bool:
    """Whether it is of a parameter with values without end: `steps=20`, or one that the model does not know."""
    name, is_named, _ = word.partition("=")
    return bool(is_named) and not (name in model.names and isinstance(model.field_named(name), Choice))


def _parse_key(key: str) -> tuple[frozenset[str], bool]:
    text = " ".join(key.split())
    per_second = text.endswith(PER_SECOND)
    words = text.removesuffix(PER_SECOND).split()
    return frozenset(word for word in words if word != ANY_CLASS), per_second


def _parse_price(price: object, position: str) -> Decimal:
    if isinstance(price, bool) or not isinstance(price, str | int | float):
        raise UsageError(f'{position}: a price is an amount of US dollars such as "0.28"')
    return parse_usd(str(price), f"{position}: the price")


def _hint_for_key(row: PriceTableRow, classes: tuple[PriceClass, ...]) -> str:
    """What to write where the unit alone is wrong, else what there is."""
    turned = row.replace(per_second=not row.per_second)
    for price_class in classes:
        if turned.covers(price_class):
            unit = "by the second of the input" if price_class.per_second else "by the video, not by the second"
            key = " ".join((*sorted(row.words), *((PER_SECOND,) if price_class.per_second else ()))) or ANY_CLASS
            return f'; that is billed {unit}: write "{key}"'
    return f"; there are {', '.join(map(str, classes))}"
