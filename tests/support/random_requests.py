"""Requests as people might write them, by the thousand: most parts right, some wrong, the same ones in every run."""

from collections.abc import Callable, Iterator, Sequence
from random import Random

from kirin_cli.models import MODELS
from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.fields import Boolean, Choice, Field, Number, Url
from kirin_cli.modelspec.model import Model
from support.model_requests import GOOD

JUNK = (None, "", 0, 1, 5, 10, 7, -1, 0.5, 10.0, True, False, [], {}, [None], [{}], ["x"], "yes", "5", "std", "${x}")
WORDS = ("a", "https://example.com/a.png", "<<<image_1>>>", "x" * 2501)
NUMBERS = (0, 0, 1, 0.5, -3, 10, 99)
MATRIX: dict[str, tuple[object, ...]] = {
    "mode": ("std", "pro", "ultra"),
    "duration": (5, 10, "5"),
    "aspect_ratio": ("16:9", "9:16", "${x}"),
    "camera_control": ({"type": "forward_up"}, {"type": "simple", "config": {"zoom": 1}}, None),
    "prompt": ("a", "${x}", None),
    "image": ("https://example.com/a.png", None),
    "image_tail": ("https://example.com/b.png", None),
    "image_list": (["https://example.com/a.png"], None),
    "cfg_scale": (0.5, 1, 2),
}
EXPANDING: dict[str, tuple[object, ...]] = {
    "foreach": ([{"x": "a"}], [{"x": 1}, {"y": None}], [], [1]),
    "take": (1, 2, 0, "${x}", None),
    "tags": ("a", ["a", "b"], [], None, [1], "${x}"),
}
URLS = ("https://example.com/hook", "HTTP://EXAMPLE.COM", "/hook", "https:///x")


def written(part: Field) -> Sequence[object]:
    """Values of a field without members; a whole number stands for its digits too."""
    match part:
        case Choice():
            return [*part.options, *(int(word) for word in part.options if word.isdigit())]
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
            case ObjectField():
                bare = [inner for inner in part.fields if inner.name == part.shorthand_field]
                return self.value(bare[0]) if bare and self.rarely(0.4) else self.renamed(part)
            case ListField():
                return [self.value(part.item) for _ in range(part.min_items + self.random.randrange(4))]
            case _:
                return self.random.choice(written(part))

    def renamed(self, group: ObjectField) -> dict[str, object]:
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

    def expanded(self) -> dict[str, object]:
        """A job that becomes many: a good request of which the matrix sets this and that, now and then wrongly."""
        model = self.random.choice(list(MODELS.values()))
        params = {**GOOD[model.id], **{name: self.random.choice(MATRIX[name]) for name in MATRIX if self.rarely(0.1)}}
        names = [name for name in MATRIX if name in model.names or self.rarely(0.02)]
        vectors = {name: MATRIX[name][: self.random.randrange(1, 3)] for name in names if self.rarely(0.25)}
        for name in vectors:
            if self.rarely(0.5):
                params.pop(name, None)
        keys = {"matrix": {name: list(values) for name, values in vectors.items()}} if vectors else {}
        if vectors and self.rarely(0.3):
            name = self.random.choice(list(vectors))
            keys["exclude"] = [{name: vectors[name][0]}]
        if self.rarely(0.3):
            entry = {name: self.random.choice(MATRIX[name]) for name in names if self.rarely(0.3)}
            holder = keys["matrix"] if vectors and self.rarely(0.5) else keys
            holder["include"] = [entry] if entry or self.rarely() else []
        keys |= {key: self.random.choice(values) for key, values in EXPANDING.items() if self.rarely(0.2)}
        known = {name: value for name, value in params.items() if name in model.names or self.rarely(0.1)}
        return {"model": model.id, "params": known, **keys}

    def file(self, *, expands: bool = False) -> dict[str, object]:
        """One document of a job file; its defaults hold only what some model takes."""
        if expands:
            return {"vars": {"x": self.random.choice((5, "std", "a"))}} | self._file(self.expanded)
        return self._file(self.job)

    def _file(self, job: Callable[[], dict[str, object]]) -> dict[str, object]:
        jobs = {"jobs": [job() for _ in range(self.random.randrange(3))]} if self.rarely(0.7) else job()
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


def files(count: int, *, expands: bool = False) -> Iterator[dict[str, object]]:
    """That many documents, of jobs as they are or of such as become many."""
    return (Storm(seed).file(expands=expands) for seed in range(count))
