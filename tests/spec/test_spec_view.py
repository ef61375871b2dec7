"""A checked request as laws see it: what is there, what is broken, what holds by default."""

import pytest

from kirin_cli.spec.compounds import Group, Many
from kirin_cli.spec.fields import BROKEN, Choice, Number, Text
from kirin_cli.spec.view import View, field_at

CONFIG = Group(name="config", fields=(Number(name="pan"),))
FIELDS = (
    Choice(name="mode", of=("std", "pro"), default="std"),
    Group(name="camera", fields=(Text(name="type"), CONFIG)),
    Many(name="images", of=Group(name="item", fields=(Choice(name="type", of=("first", "end")),))),
    Many(name="videos", of=Group(name="item", fields=(Text(name="url"),))),
)


def test_a_view_reaches_what_is_there_and_what_is_broken():
    view = View(FIELDS, {"images": [{"type": "first"}, BROKEN, {}], "camera": BROKEN, "videos": []})
    assert view.reach("images[].type") == [("images[0].type", "first"), ("images[1]", BROKEN)]
    assert view.reach("camera.config.pan") == [("camera", BROKEN)]
    assert (view.has("camera.type"), view.has("videos"), view.has("mode")) == (True, False, False)
    assert view.spoiled(("images[].type",))
    assert not view.spoiled(("videos", "mode"))
    assert (view.items("camera"), view.items("mode")) == ([], [])
    assert (view.value("mode"), view.value("camera")) == ("std", BROKEN)


def test_a_path_leads_to_its_field():
    assert field_at(FIELDS, "images[].type").of == ("first", "end")
    assert field_at(FIELDS, "camera.config") is CONFIG
    with pytest.raises(KeyError):
        field_at(FIELDS, "camera.zoom")
