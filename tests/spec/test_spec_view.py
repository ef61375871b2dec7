"""A checked request as laws see it: what is there, what is broken, what holds by default."""

import pytest

from kirin_cli.spec.compounds import Group, Many
from kirin_cli.spec.fields import BROKEN, Choice, Number, Text
from kirin_cli.spec.laws import Law, at_least_one, at_most_one, needs, same_size
from kirin_cli.spec.medium import Medium, look_nowhere
from kirin_cli.spec.model import Model
from kirin_cli.spec.view import Outline, Undecided, View, field_at

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


def test_sizes_are_those_that_are_known():
    known, unknown = Medium("a", "file", width=3, height=4), Medium("b", "url")
    values: dict[str, object] = {"mode": known, "images": [{"type": unknown}, {"type": known}]}
    paths = ("mode", "images[].type", "videos[].url")
    assert View(FIELDS, values).sizes(*paths) == [("mode", 3, 4), ("images[1].type", 3, 4)]
    assert View(FIELDS, values, sized=False).sizes(*paths) == []


def test_an_outline_knows_what_is_given_and_what_holds_without():
    outline = Outline(FIELDS, ["camera", "images"], sized=False)
    assert [outline.has(path) for path in ("camera", "images", "mode", "videos[].url")] == [True, True, False, False]
    assert (outline.value("mode"), outline.items("videos"), outline.reach("videos[].url")) == ("std", [], [])
    assert outline.sizes("images[].type") == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda outline: outline.value("mode"),
        lambda outline: outline.has("images[].type"),
        lambda outline: outline.items("images"),
        lambda outline: outline.reach("images[].type"),
        lambda outline: outline.sizes("images[].type"),
    ],
)
def test_an_outline_cannot_tell_what_the_values_decide(ask):
    with pytest.raises(Undecided):
        ask(Outline(FIELDS, ["mode", "images"], sized=True))


@pytest.mark.parametrize("mode", ["std", "pro"])
def test_laws_that_were_decided_by_what_is_given_are_asked_again_when_something_was_dropped(mode):
    pro = needs("R2", "camera", "needs mode pro", mode="pro")
    drops = Law("R1", "mode", "has no effect", need=pro.when, when=at_least_one("", ("videos",), "").need, drops=True)
    laws = (*at_most_one("R0", (("images",), ("videos",))), drops, at_least_one("R3", ("mode",), "is required"))
    model = Model(id="m", command="m", help="", fields=FIELDS, laws=(*laws, pro, same_size("R4", ("videos[].url",))))

    def rules(**params):
        checked = model.check({"mode": mode, **params}, look_nowhere)
        return [problem.rule for problem in checked.problems], checked.values

    assert rules() == ([], {"mode": mode})
    assert rules(videos=[]) == ([], {"mode": mode})
    assert rules(videos=[{"url": "a"}]) == (["R1", "R3"], {"videos": [{"url": "a"}]})
    assert rules(camera={})[0] == ([] if mode == "pro" else ["R2"])


def test_a_path_leads_to_its_field():
    assert field_at(FIELDS, "images[].type").of == ("first", "end")
    assert field_at(FIELDS, "camera.config") is CONFIG
    with pytest.raises(KeyError):
        field_at(FIELDS, "camera.zoom")
