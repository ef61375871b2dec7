"""Names in the order in which they can be done, each after those that it needs. Knows neither variables nor jobs."""

from collections.abc import Callable, Iterable, Iterator, Sequence

_MOST_OF_A_CIRCLE = 8
_Needs = Callable[[str], Iterable[str]]


def in_order(names: Iterable[str], needs: _Needs) -> Iterator[tuple[str, list[str]]]:
    """(name, []) for every name once all that it needs have come, and (name, circle) where it needs itself before that.

    A circle begins with what the name needs and ends with the name. Takes no recursion, however long a chain is (I3).
    """
    done: set[str] = set()
    for first in names:
        path = {} if first in done else {first: iter(needs(first))}  # a stack that knows what is on it
        while path:
            current, others = next(reversed(path.items()))
            other = next(others, None)
            if other is None:
                done.add(current)
                del path[current]
                yield current, []
            elif other in path:
                on_the_way = list(path)
                yield current, on_the_way[on_the_way.index(other) :]
            elif other not in done:
                path[other] = iter(needs(other))


def circle_words(names: Sequence[str]) -> str:
    """The way around a circle; a long one is cut."""
    shown = [*names[:3], "…", *names[-2:]] if len(names) > _MOST_OF_A_CIRCLE else names
    return " → ".join([*shown, names[0]])
