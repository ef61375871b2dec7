"""Frozen values with named fields."""

from typing import ClassVar

import pytest

from kirin_cli.spec.record import Record


class Point(Record):
    x: int
    y: int = 0
    kind: ClassVar[str] = "point"


class Named(Point):
    name: str
    y: int = 5


def test_fields_are_given_by_place_or_by_name_and_have_defaults():
    assert (Point(1).x, Point(1).y, Point(1, 2).y, Point(y=3, x=1).y) == (1, 0, 2, 3)
    assert (Named(1, name="a").y, Named(1, 2, "a").name, Named.kind) == (5, "a", "point")


@pytest.mark.parametrize(
    ("values", "named"), [((), {}), ((1, 2, 3), {}), ((1,), {"x": 1}), ((1,), {"z": 1}), ((1,), {"kind": "a"})]
)
def test_a_field_is_given_once_and_every_field_is_known(values, named):
    with pytest.raises(TypeError, match="Point takes x, y"):
        Point(*values, **named)


def test_a_record_is_frozen_and_shows_what_it_was_given():
    point = Point(1)
    with pytest.raises(AttributeError, match="y cannot be set"):
        point.y = 2
    assert repr(point) == "Point(x=1)"
    assert point != Point(1)
