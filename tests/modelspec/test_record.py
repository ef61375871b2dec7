"""Records: named values with defaults, frozen, that say what is missing."""

import tracemalloc
from typing import ClassVar

import pytest

from kirin_cli.modelspec.record import Record


class Point(Record):
    kind: ClassVar[str] = "point"
    x: int
    y: int = 0


class Named(Point):
    name: str = ""


class Ten(Record):
    a: str
    b: str
    c: str
    d: str
    e: str
    f: str
    g: str
    h: str
    i: str
    j: str


class Price(Record, eq=True):
    usd: int
    source: str = "history"


def test_fields_come_in_order_with_their_defaults():
    assert (Point(1).x, Point(1).y, Point(1, 2).y, Named(1, 2, "a").name) == (1, 0, 2, "a")
    assert (Named(x=3, name="b").x, Named(x=3).kind) == (3, "point")


@pytest.mark.parametrize(
    ("values", "named"), [((), {}), ((), {"y": 1}), ((1, 2, 3), {}), ((1,), {"x": 1}), ((1,), {"z": 1})]
)
def test_what_does_not_fit_is_refused_with_the_names(values, named):
    with pytest.raises(TypeError, match="Point takes x, y"):
        Point(*values, **named)


def test_a_record_is_frozen_and_changed_by_copying():
    point = Named(1)
    with pytest.raises(AttributeError, match="x cannot be set"):
        point.x = 2
    assert (point.replace(x=5, name="c").x, point.x) == (5, 1)
    with pytest.raises(TypeError, match=r"Named takes x, .*; given are z"):
        point.replace(z=5)


def test_a_record_shows_what_it_was_given():
    assert repr(Named(1, name="a")) == "Named(x=1, name='a')"


def test_records_are_equal_where_they_are_the_same_and_by_value_where_the_class_says_so():
    assert Point(1) != Point(1)
    assert Price(1) == Price(1, "history")
    assert len({Price(1), Price(1, "history"), Price(2)}) == 2
    assert Price(1) not in {Price(1, "assumed"), 1, (1, "history")}


def test_records_of_a_class_hold_their_values_and_no_dict_of_names():
    """A run holds three records for each job that has ended."""
    tracemalloc.start()
    records = [Ten(*"abcdefghij") for _ in range(100)]
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert taken / len(records) < 250
