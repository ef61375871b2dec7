"""A checked request as rules see it: what is there, what is broken, what holds by default."""

import pytest

from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.custom_rules import same_size
from kirin_cli.modelspec.fields import INVALID, Choice, Number, Text
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.request import PresenceView, RequestView, Undecidable, field_at
from kirin_cli.modelspec.rules import Rule, at_least_one, at_most_one, requires
from kirin_cli.modelspec.types import MediaFile, assume_url

CONFIG = ObjectField(name="config", fields=(Number(name="pan"),))
FIELDS = (
    Choice(name="mode", options=("std", "pro"), default="std"),
    ObjectField(name="camera", fields=(Text(name="type"), CONFIG)),
    ListField(name="images", item=ObjectField(name="item", fields=(Choice(name="type", options=("first", "end")),))),
    ListField(name="videos", item=ObjectField(name="item", fields=(Text(name="url"),))),
)


def test_a_view_reaches_what_is_there_and_what_is_broken():
    view = RequestView(FIELDS, {"images": [{"type": "first"}, INVALID, {}], "camera": INVALID, "videos": []})
    assert view.find_all("images[].type") == [("images[0].type", "first"), ("images[1]", INVALID)]
    assert view.find_all("camera.config.pan") == [("camera", INVALID)]
    assert (view.has("camera.type"), view.has("videos"), view.has("mode")) == (True, False, False)
    assert view.has_invalid(("images[].type",))
    assert not view.has_invalid(("videos", "mode"))
    assert (view.items("camera"), view.items("mode")) == ([], [])
    assert (view.value("mode"), view.value("camera")) == ("std", INVALID)


def test_sizes_are_those_that_are_known():
    known, unknown = MediaFile("a", "file", width=3, height=4), MediaFile("b", "url")
    values: dict[str, object] = {"mode": known, "images": [{"type": unknown}, {"type": known}]}
    paths = ("mode", "images[].type", "videos[].url")
    assert RequestView(FIELDS, values).media_sizes(*paths) == [("mode", 3, 4), ("images[1].type", 3, 4)]
    assert RequestView(FIELDS, values, sized=False).media_sizes(*paths) == []


def test_an_outline_knows_what_is_given_and_what_holds_without():
    outline = PresenceView(FIELDS, dict.fromkeys(["camera", "images"]), whole=True, sized=False)
    assert [outline.has(path) for path in ("camera", "images", "mode", "videos[].url")] == [True, True, False, False]
    assert (outline.value("mode"), outline.items("videos"), outline.find_all("videos[].url")) == ("std", [], [])
    assert outline.media_sizes("images[].type") == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda outline: outline.value("mode"),
        lambda outline: outline.has("images[].type"),
        lambda outline: outline.items("images"),
        lambda outline: outline.find_all("images[].type"),
        lambda outline: outline.media_sizes("images[].type"),
    ],
)
def test_an_outline_cannot_tell_what_the_values_decide(ask):
    with pytest.raises(Undecidable):
        ask(PresenceView(FIELDS, dict.fromkeys(["mode", "images"]), whole=True))


@pytest.mark.parametrize("mode", ["std", "pro"])
def test_rules_that_were_decided_by_what_is_given_are_asked_again_when_something_was_dropped(mode):
    pro = requires("R2", "camera", "needs mode pro", mode="pro")
    drops = Rule(
        "R1",
        "mode",
        "has no effect",
        requirement=pro.when,
        when=at_least_one("", ("videos",), "").requirement,
        drop_field=True,
    )
    laws = (*at_most_one("R0", (("images",), ("videos",))), drops, at_least_one("R3", ("mode",), "is required"))
    model = Model(id="m", command="m", help="", fields=FIELDS, rules=(*laws, pro, same_size("R4", ("videos[].url",))))

    def rules(**params):
        checked = model.check({"mode": mode, **params}, assume_url)
        return [problem.rule for problem in checked.problems], checked.values

    assert rules() == ([], {"mode": mode})
    assert rules(videos=[]) == ([], {"mode": mode})
    assert rules(videos=[{"url": "a"}]) == (["R1", "R3"], {"videos": [{"url": "a"}]})
    assert rules(camera={})[0] == ([] if mode == "pro" else ["R2"])


def test_a_path_leads_to_its_field():
    assert field_at(FIELDS, "images[].type").options == ("first", "end")
    assert field_at(FIELDS, "camera.config") is CONFIG
    with pytest.raises(KeyError):
        field_at(FIELDS, "camera.zoom")
