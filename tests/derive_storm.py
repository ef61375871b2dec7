"""Requests as people might write them, by the thousand: most parts right, some wrong, the same ones in every run."""

from collections.abc import Iterator, Sequence
from random import Random

from kirin_cli.models import MODELS
from kirin_cli.spec.compounds import Group, Many
from kirin_cli.spec.fields import Boolean, Choice, Field, Number, Url
from kirin_cli.spec.model import Model

JUNK = (None, "", 0, 1, 5, 10, 7, -1, 0.5, 10.0, True, False, [], {}, [None], [{}], ["x"], "yes", "5", "std", "${x}")
WORDS = ("a", "https://example.com/a.png", "<<<image_1>>>", "x" * 2501)
NUMBERS = (0, 0, 1, 0.5, -3, 10, 99)
URLS = ("https://example.com/hook", "HTTP://EXAMPLE.COM", "/hook", "https:///x")


def written(part: Field) -> Sequence[object]:
    """Values of a field without members; a whole number stands for its digits too."""
    match part:
        case Choice():
            return [*part.of, *(int(word) for word in part.of if word.isdigit())]
        case Boolean():
            return (True, False)
        case Number():
            return NUMBERS
        case _:
            return URLS if isinstance(part, Url) else WORDS


class Storm:
    """Draws values for fields; `seed` decides all."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def rarely(self, share: float = 0.06) -> bool:
        return self.random.random() < share

    def value(self, part: Field) -> object:
        """A value for the field, now and then of another kind altogether."""
        if self.rarely():
            return self.random.choice(JUNK)
        match part:
            case Group():
                bare = [inner for inner in part.fields if inner.name == part.bare]
                return self.value(bare[0]) if bare and self.rarely(0.4) else self.renamed(part)
            case Many():
                return [self.value(part.of) for _ in range(part.least + self.random.randrange(4))]
            case _:
                return self.random.choice(written(part))

    def renamed(self, group: Group) -> dict[str, object]:
        """An object with some members under their other names, beside them or in their place."""
        whole = self.members(group.fields)
        for alias, name in group.aliases.items():
            if name in whole and self.rarely(0.4):
                whole[alias] = whole[name]
                whole[name] = None
                if self.rarely(0.5):
                    del whole[name]
        return whole

    def members(self, fields: tuple[Field, ...]) -> dict[str, object]:
        return {part.name: self.value(part) for part in fields if self.rarely(0.95 if part.required else 0.35)}

    def job(self) -> dict[str, object]:
        model = self.random.choice(list(MODELS.values()))
        named = {} if self.rarely(0.2) else {"model": model.id}
        return {} if self.rarely() else named | {"params": None if self.rarely() else self.members(model.fields)}

    def file(self) -> dict[str, object]:
        """One document of a job file; its defaults hold only what some model takes."""
        jobs = {"jobs": [self.job() for _ in range(self.random.randrange(3))]} if self.rarely(0.7) else self.job()
        params = {
            "mode": "pro",
            "duration": 5,
            "aspect_ratio": "16:9",
            "prompt": "a",
            "camera_control": {"type": "simple"},
        }
        some = {name: value for name, value in params.items() if self.rarely(0.4)}
        model = {"model": self.random.choice(list(MODELS))} if self.rarely(0.6) else {}
        return jobs if self.rarely(0.3) else jobs | {"defaults": model | {"params": some}}


def requests(model: Model, count: int) -> Iterator[dict[str, object]]:
    """That many `params`, none with the same draw as another."""
    return (Storm(seed).members(model.fields) for seed in range(count))


def files(count: int) -> Iterator[dict[str, object]]:
    """That many documents."""
    return (Storm(seed).file() for seed in range(count))
