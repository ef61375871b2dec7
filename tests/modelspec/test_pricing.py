"""Price classes: which requests cost alike, and which are billed by the seconds of their input."""

import pytest

from kirin_cli.models import MODELS
from kirin_cli.modelspec.fields import Boolean, Choice, Integer
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.pricing import MAX_CLASSES, PriceClass, classify_price, input_seconds, price_classes
from kirin_cli.modelspec.types import MediaFile


def classify(model, **values):
    return str(classify_price(MODELS[model], values))


def video(seconds=None):
    return MediaFile("https://a.example/x.mp4", "url", seconds=seconds)


@pytest.mark.parametrize("model", ["kirin_v1_t2v", "kirin_v1_5_i2v", "kirin_v1_6_multi_i2v"])
def test_mode_and_duration_make_the_class_with_the_defaults_of_the_page(model):
    assert classify(model) == "std 5"
    assert classify(model, mode="pro", duration="10", watermark_info={"enabled": True}) == "pro 10"


def test_an_edit_is_a_class_of_its_own_whose_duration_says_nothing():
    assert classify("kirin_video_o1", duration="5") == "pro 5"
    edit = {"video_list": [{"video_url": video(3)}]}
    assert classify("kirin_video_o1", **edit) == "pro edit per second"
    assert classify("kirin_video_o1", **edit, duration="10", mode="std") == "std edit per second"
    feature = {"video_list": [{"video_url": video(3), "refer_type": "feature"}]}
    assert classify("kirin_video_o1", **feature, duration="7") == "pro 7 feature"
    assert input_seconds(MODELS["kirin_video_o1"], feature) is None


def test_motion_is_billed_by_the_second_always():
    assert classify("kirin_motion_control", mode="std", video_url=video()) == "std per second"


@pytest.mark.parametrize(("seconds", "billed"), [(3.0, 3), (3.4999, 3), (3.5, 4), (10.04, 10), (0.2, 1), (None, None)])
def test_seconds_of_input_are_rounded_to_the_nearest(seconds, billed):
    assert input_seconds(MODELS["kirin_motion_control"], {"video_url": video(seconds)}) == billed
    assert input_seconds(MODELS["kirin_video_o1"], {"video_list": [{"video_url": video(seconds)}]}) == billed


def test_what_is_billed_by_the_video_has_no_seconds_of_input():
    assert input_seconds(MODELS["kirin_v1_t2v"], {"duration": "5"}) is None


@pytest.mark.parametrize("model", MODELS)
def test_every_request_is_of_a_class_that_is_listed_and_no_two_have_one_key(model):
    classes = list(price_classes(MODELS[model]))
    assert len({str(one) for one in classes}) == len(classes)
    assert len({frozenset(one.words) for one in classes}) == len(classes)
    assert classify_price(MODELS[model], {"mode": "std"}) in classes


def test_a_model_that_says_nothing_of_prices_is_priced_by_everything_that_may_decide():
    model = MODELS["kirin_v1_t2v"].replace(pricing=type(MODELS["kirin_v1_t2v"].pricing)())
    asked = {"duration": "5", "mode": "std", "cfg_scale": 0.5}
    assert classify_price(model, asked) == PriceClass("kirin_v1_t2v", ("5", "std", "cfg_scale=0.5"))
    assert classify_price(model, {}) == PriceClass("kirin_v1_t2v", ())
    assert classify_price(model, {"cfg_scale": 1}) != classify_price(model, {"cfg_scale": 0})
    assert len(list(price_classes(model))) == 2 * 3 * 2
    assert str(next(price_classes(model))) == "5 16:9 std"


def test_a_price_of_which_nobody_says_what_decides_is_of_no_other_request():
    fields = (
        Choice(name="a", options=("x", "y")),
        Choice(name="b", options=("x", "z")),
        Integer(name="steps"),
        Integer(name="seed", counts_up=True),
        Integer(name="length", counts_up=True),
        Boolean(name="sound"),
    )
    model = Model(id="m", command="m", help="", fields=fields)

    def words(**values):
        return classify_price(model, values).words

    assert words(a="x", b="z", steps=5, seed=3, sound=True) == ("a=x", "b=z", "steps=5", "sound=True")
    assert words(a="x") != words(b="x")
    assert words(seed=1) == words(seed=2)
    assert words(length=1) != words(length=2)
    many = model.replace(fields=tuple(Choice(name=f"c{n}", options=tuple("abcdefgh")) for n in range(40)))
    assert len(list(price_classes(many))) <= MAX_CLASSES
