"""Price classes: what decides the price of a request, and the time it takes, as data of its model. Knows no price."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from kirin_cli.modelspec.fields import Boolean, Choice, Field, Integer, Number, Text, Url, YesNo
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

    `per_second`: the price is one of each second of the input, rounded to whole seconds. `unknown` are the words of
    the parameters that the model does not know, of which nobody can say that they cost nothing: `length=600`.
    """

    model: str
    words: tuple[str, ...]
    per_second: bool = False
    unknown: tuple[str, ...] = ()

    @property
    def all_words(self) -> tuple[str, ...]:
        """The words of the parameters that the model knows, then those of the others."""
        return (*self.words, *self.unknown)

    def __str__(self) -> str:
        """The key of the class in `[prices]`: `std 5`, `pro edit per second`."""
        return " ".join((*self.all_words, *((PER_SECOND,) if self.per_second else ()))) or "*"


class RequestKind(Record, kw_only=True):
    """A kind of request with a price of its own. Without a condition `when` every request of the model is of it.

    `word` names it in the class ("" for none). The parameters `without` say nothing about its price. `seconds_of` is
    the path of the video by whose length it is billed, "" where it is not billed by length.
    """

    word: str = ""
    when: "Condition | None" = None
    without: tuple[str, ...] = ()
    seconds_of: str = ""


MAX_WORD: Final = 60
"""Characters of a value in a class; of a longer one, or with white space or a URL, its SHA-256 stands there."""
FREE_NAMES: Final = re.compile("(?i)(^|[_-])prompts?([_-]?text)?$|callback|webhook")
"""Texts and URLs that decide nothing, by their names: what is to be seen, and whom to tell."""
MAX_CLASSES: Final = 5000
"""Classes of a model that are told; of one with more choices the first ones make them."""


class Pricing(Record):
    """What decides the price: the values of `params`, and the kind.

    With None anything may: everything that is given but prompts, seeds, callbacks and the video that is billed by its
    length, so that a price that is known is that of the same request and of no other; of what is not given nobody knows
    the default that is paid for. Words that two choices have, and all others, stand with their names: `steps=20`.
    """

    params: tuple[str, ...] | None = None
    kinds: tuple[RequestKind, ...] = ()


NO_VALUES: Final[Mapping[str, object]] = {}


def classify_price(model: "Model", values: Mapping[str, object], plain: Mapping[str, object] = NO_VALUES) -> PriceClass:
    """The class of a checked request. `plain` has its values as JSON, files by their SHA-256, secrets masked."""
    kind = _kind(model, values)
    params = [name for name in _params(model) if kind is None or name not in kind.without]
    words = [_word(model, name, values.get(name)) for name in params]
    words += [kind.word] if kind else []
    words += _further_words(model, values, plain, kind.seconds_of if kind else "")
    unknown = tuple(_value_word(name, plain[name]) for name in unknown_params(model, values))
    return PriceClass(model.id, tuple(filter(None, words)), bool(kind and kind.seconds_of), unknown)


def unknown_params(model: "Model", values: Mapping[str, object]) -> list[str]:
    """The parameters of a request that the model does not know, which are sent unchecked."""
    return sorted(values.keys() - model.names)


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
            field = model.field_named(name)
            options = field.options if isinstance(field, Choice) else ()
            is_without = kind is not None and name in kind.without
            if options and not is_without and len(combinations) * len(options) <= MAX_CLASSES:
                spellings = [_word(model, name, option) for option in options]
                combinations = [(*words, word) for words in combinations for word in spellings]
        word = (kind.word,) if kind and kind.word else ()
        for words in combinations:
            yield PriceClass(model.id, (*words, *word), bool(kind and kind.seconds_of))


def _params(model: "Model") -> tuple[str, ...]:
    if model.pricing.params is not None:
        return model.pricing.params
    return tuple(field.name for field in model.fields if _may_decide(field))


def _may_decide(field: Field) -> bool:
    """Whether a price may depend on a field of which nobody says so, and whose values are words or numbers."""
    return isinstance(field, Choice | Boolean | Number) and not _is_seed(field)


def _is_seed(field: Field) -> bool:
    """Whether it is a seed by its name too: that it counts up, a checkout's file may say of any number (fault X3)."""
    return isinstance(field, Integer) and field.counts_up and "seed" in field.name.lower()


def _further_words(
    model: "Model", values: Mapping[str, object], plain: Mapping[str, object], seconds_of: str
) -> list[str]:
    """The words of texts, objects, lists and media, where nobody says what decides."""
    if model.pricing.params is not None:
        return []
    billed, *steps = seconds_of.replace("[]", "").split(".")
    words = []
    for field in model.fields:
        is_free = _is_seed(field) or (isinstance(field, Text | Url) and FREE_NAMES.search(field.name))
        if field.name not in values or is_free or _may_decide(field) or (field.name == billed and not steps):
            continue
        value = plain[field.name]
        words.append(_value_word(field.name, _without_path(value, steps) if field.name == billed else value))
    return words


def _without_path(tree: object, steps: list[str]) -> object:
    """The tree with nothing at the path, in each item of a list on the way."""
    if isinstance(tree, list):
        return [_without_path(item, steps) for item in tree]
    if not steps or not isinstance(tree, dict):
        return None
    return {name: _without_path(value, steps[1:]) if name == steps[0] else value for name, value in tree.items()}


def _word(model: "Model", name: str, value: object) -> str:
    """The word of a parameter in a class, that of its default where it is not given; "" for none."""
    says = model.pricing.params is not None
    value = model.field_named(name).default if value is None and says else value
    text = "" if value is None else str(value)
    return text if not text or says or name in _plain_names(model) else f"{name}={text}"


def _value_word(name: str, value: object) -> str:
    """The word of a value of any type: with its name, as canonical JSON, so that no two have the same one."""
    name = name if re.fullmatch(r"[\w.-]+", name, re.ASCII) else _digest(name)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return f"{name}={text if len(text) <= MAX_WORD and not re.search('[^!-~]|://', text) else _digest(text)}"


def _digest(text: str) -> str:
    import hashlib  # noqa: PLC0415  (help tells no prices)

    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


@cache
def _plain_names(model: "Model") -> frozenset[str]:
    """The choices whose words no other choice has: they stand without their names."""
    choices = [field for field in model.fields if isinstance(field, Choice) and not isinstance(field, YesNo)]
    counts = Counter(option for field in choices for option in field.options)
    return frozenset(field.name for field in choices if all(counts[option] == 1 for option in field.options))


def _kind(model: "Model", values: Mapping[str, object]) -> RequestKind | None:
    """The first kind that the request is of; None where it is a plain one."""
    kinds = model.pricing.kinds
    request = RequestView(model.fields, dict(values)) if kinds else None
    return next((kind for kind in kinds if kind.when is None or (request and kind.when.holds(request))), None)
