"""Notes of a model: what its reference page says and no rule can hold. Knows no model, prints nothing."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from kirin_cli.modelspec.record import Record

if TYPE_CHECKING:
    from kirin_cli.modelspec.model import Model
    from kirin_cli.modelspec.rules import Condition


class Note(Record, kw_only=True):
    """A sentence that a user of the model needs; `source` has the words of the reference page that say it.

    `path` is the parameter that it is about, "" for the whole model. `when` tells the requests that it matters for
    (None: all). Who does not know what `costs` pays for it.
    """

    text: str
    source: str
    path: str = ""
    when: "Condition | None" = None
    costs: bool = False


def notes_of_request(model: "Model", values: Mapping[str, object]) -> tuple[Note, ...]:
    """The notes that matter for a checked request, in the order of its model."""
    if not model.notes:
        return ()
    from kirin_cli.modelspec.request import RequestView  # noqa: PLC0415  (help shows no request)

    request = RequestView(model.fields, dict(values))
    return tuple(note for note in model.notes if note.when is None or note.when.holds(request))


def numbered_items(model: "Model", values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """(token, item) of everything that the prompt of a request can refer to: `<<<image_1>>>` and what that is."""
    for word, name in model.references.items():
        items = values.get(name)
        for number, item in enumerate(items if isinstance(items, list) else (), start=1):
            yield f"<<<{word}_{number}>>>", item


def describe_item(item: object) -> str:
    """An item of a list in a few words: its first value, the others with their names: `b.png (type first_frame)`."""
    members = list(item.items()) if isinstance(item, Mapping) else [("", item)]
    (_, first), *others = ((name, getattr(value, "label", value)) for name, value in members)
    return str(first) + (f" ({', '.join(f'{name} {value}' for name, value in others)})" if others else "")


def numbering_lines(model: "Model", values: Mapping[str, object]) -> Iterator[str]:
    """A line for everything that the prompt can refer to: `<<<image_1>>> is a.png`."""
    for token, item in numbered_items(model, values):
        yield f"{token} is {describe_item(item)}"


def cost_lines(requests: Iterable[tuple["Model", Mapping[str, object]]]) -> list[str]:
    """What who pays for these requests should know, each sentence once."""
    lines: dict[str, None] = {}
    for model, values in requests:
        if any(note.costs for note in model.notes):  # of most models none does
            notes = (note for note in notes_of_request(model, values) if note.costs)
            lines.update((f"note: {model.command}: {note.text}", None) for note in notes)
    return list(lines)
