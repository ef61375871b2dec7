"""Where a price comes from, and that nothing is guessed where nothing tells it (fault S20)."""

import base64
import json
import tomllib
from decimal import Decimal

import pytest

from kirin_cli.models import MODELS
from kirin_cli.modelspec.containers import ListField, ObjectField
from kirin_cli.modelspec.fields import AnyValue, Choice, Integer, Text, Url
from kirin_cli.modelspec.media_fields import Image, ImageLimits, Video, VideoLimits
from kirin_cli.modelspec.model import Model
from kirin_cli.modelspec.pricing import Pricing, RequestKind
from kirin_cli.modelspec.types import MediaFile
from kirin_cli.run.identity import request_text
from kirin_cli.run.job import Job, OutputTarget
from kirin_cli.run.prices import PastCost, PriceList, PriceTableRow, ledger_class, price_class_of


def job(model="kirin_v1_t2v", **values):
    return job_of(MODELS[model], **values)


def job_of(model, **values):
    target, request = OutputTarget(None, "x"), request_text(model.id, values)
    return Job(name="j", label="j", model=model, values=values, request=request, external_id="x", target=target)


def edit(seconds):
    video = MediaFile("https://a.example/x.mp4", "url", seconds=seconds)
    return job("kirin_video_o1", video_list=[{"video_url": video}])


def row(text, usd, source="user file", model="kirin_v1_t2v"):
    words = frozenset(text.removesuffix("per second").split())
    return PriceTableRow(
        model=model, words=words, usd=Decimal(usd), source=source, position=f"{source}:1",
        per_second=text.endswith("per second"),
    )  # fmt: skip


def prices(*rows, history=(), assumed=None):
    """The price list; `history` has what a t2v of 5 s cost, or triples of class, cost, seconds."""

    def known(price_class):
        return [PastCost(Decimal(usd), seconds) for name, usd, seconds in history if name == str(price_class)]

    return PriceList(history=known, table=rows, assumed=assumed and Decimal(assumed))


def told(book, of):
    price = book.price(of)
    return price and (str(price.usd), price.source)


def test_S20_nothing_known_is_no_price():
    assert told(prices(), job()) is None
    assert told(prices(row("pro", "0.49"), history=[("std 10", "0.56", None)]), job()) is None


def test_the_flag_goes_before_the_tables_and_these_before_the_history():
    book = prices(row("std 5", "0.30"), history=[("std 5", "0.28", None)], assumed="1")
    assert told(book, job()) == ("1", "assumed")
    assert told(prices(row("std 5", "0.30"), history=[("std 5", "0.28", None)]), job()) == ("0.30", "user file")
    assert told(prices(history=[("std 5", "0.28", None)]), job()) == ("0.28", "history")


def test_the_dearest_of_the_history_counts():
    history = [("std 5", "0.10", None), ("std 5", "0.40", None), ("std 5", "0.20", None), ("pro 5", "9", None)]
    assert told(prices(history=history), job()) == ("0.40", "history")


def test_of_a_table_the_row_with_the_most_words_holds_and_then_the_dearest():
    rows = (row("", "0.10"), row("std", "0.20"), row("5", "0.30"), row("10", "0.40"), row("std 10", "0.50"))
    assert told(prices(*rows), job()) == ("0.30", "user file")
    assert told(prices(*rows), job(duration="10")) == ("0.50", "user file")
    assert told(prices(*rows), job(mode="pro", duration="10")) == ("0.40", "user file")
    assert told(prices(row("", "0.10")), job("kirin_v1_5_i2v")) is None


def test_a_project_may_make_a_price_higher_and_never_lower():
    theirs = row("std 5", "0.01", "project file")
    assert told(prices(theirs, row("std 5", "0.28")), job()) == ("0.28", "user file")
    assert told(prices(theirs, history=[("std 5", "0.28", None)]), job()) == ("0.28", "history")
    assert told(prices(row("std 5", "0.50", "project file"), row("std 5", "0.28")), job()) == ("0.50", "project file")


def test_X3_what_only_a_project_says_does_not_count_for_the_limit():
    theirs = row("std 5", "0.01", "project file")
    for known in (prices(theirs, row("std 5", "0.28")), prices(theirs, history=[("std 5", "0.28", None)])):
        assert str(known.trusted_price(job()).usd) == "0.28"
    alone = prices(theirs)
    assert (told(alone, job()), alone.trusted_price(job())) == (("0.01", "project file"), None)
    assert "came with a checkout" in alone.ways_to_tell(job())[0]
    alone.learn(job(), Decimal("0.28"))
    assert str(alone.trusted_price(job()).usd) == "0.28"


def test_S20_an_edit_of_10_s_is_priced_from_one_of_3_s_by_its_seconds():
    book = prices(history=[("pro edit per second", "0.34", 3)])
    assert told(book, edit(10.2)) == ("1.1334", "history")
    assert told(book, edit(3)) == ("0.34", "history")
    assert told(book, edit(None)) is None
    assert told(book, job("kirin_video_o1", duration="5")) is None


def test_an_edit_whose_seconds_the_ledger_does_not_know_tells_no_price():
    assert told(prices(history=[("pro edit per second", "0.34", None)]), edit(3)) is None


def test_the_seconds_of_the_ledger_stand_in_for_those_that_the_job_does_not_know():
    price = prices(history=[("pro edit per second", "0.30", 3)]).price(edit(None), 5)
    assert str(price.usd) == "0.50"


def test_a_table_tells_a_price_per_second_and_a_plain_row_says_nothing_of_an_edit():
    rows = (row("edit per second", "0.112", model="kirin_video_o1"), row("", "0.30", model="kirin_video_o1"))
    assert told(prices(*rows), edit(10)) == ("1.120", "user file")
    assert told(prices(rows[1]), edit(10)) is None
    assert told(prices(*rows), edit(None)) is None


def test_what_a_task_of_this_run_cost_makes_the_next_one_no_cheaper():
    book = prices(assumed="0.10")
    book.learn(job(), Decimal("0.28"))
    book.learn(job(), Decimal("0.20"))
    assert told(book, job()) == ("0.28", "history")
    assert told(book, job(mode="pro")) == ("0.10", "assumed")
    book.learn(edit(3), Decimal("0.60"))
    assert told(book, edit(10)) == ("2.00", "history")
    book.learn(edit(None), Decimal(5))
    assert told(book, edit(10)) == ("2.00", "history")


@pytest.mark.parametrize(
    ("of", "key", "more"),
    [
        (job(), 'kirin_v1_t2v = {"std 5"', ""),
        (edit(4), 'kirin_video_o1 = {"pro edit per second"', ""),
        (edit(None), 'kirin_video_o1 = {"pro edit per second"', "--check-urls"),
    ],
)
def test_the_three_ways_to_make_a_price_known_are_named(of, key, more):
    why, ways = prices().ways_to_tell(of)
    assert "not known" in why
    assert "--assume-cost USD" in ways
    assert key in ways
    assert "without --max-cost" in ways
    assert more in ways


def test_the_class_of_a_job_is_that_of_what_is_sent():
    assert str(price_class_of(job(mode="pro"))) == "pro 5"
    assert str(price_class_of(job().replace(values={}))) == "std 5"


BIG = {"resolution": "4k", "length": 600}


def test_S20_what_the_model_does_not_know_is_priced_by_the_same_values_alone():
    plain = prices(row("", "0.28"), history=[("std 5", "0.28", None)])
    assert told(plain, job()) == ("0.28", "user file")
    assert told(plain, job(**BIG)) is None
    why, ways = plain.ways_to_tell(job(**BIG))
    assert why == (
        'its price is not known (kirin_v1_t2v, std 5 length=600 resolution="4k"):'
        " the model does not know length and resolution, and only the same values tell what they cost"
    )
    key = 'std 5 length=600 resolution="4k"'
    assert f"kirin_v1_t2v = {{{json.dumps(key)}" in ways
    for known in (prices(history=[(key, "9", None)]), prices(row('length=600 resolution="4k"', "9"))):
        assert told(known, job(**BIG)) is not None
        others = ({}, {"length": 600}, {**BIG, "length": 601}, {**BIG, "length": "600"}, {**BIG, "fps": None})
        assert [told(known, job(**other)) for other in others] == [None] * 5
    assert told(prices(row("length=600", "9")), job(**BIG)) is None
    assert told(prices(assumed="1"), job(**BIG)) == ("1", "assumed")
    plain.learn(job(**BIG), Decimal(7))
    assert (told(plain, job()), told(plain, job(**BIG))) == (("0.28", "user file"), ("7.00", "history"))


def test_S20_no_two_values_that_the_model_does_not_know_have_one_class():
    values = (1, "1", 1.5, True, None, "a b", "a  b", "a b=1", "x" * 100, "x" * 101, {"a": 1}, {"a": [1]}, [1], "é")
    jobs = [job(x=value) for value in values] + [job(**{"x=1 y": 1}), job(x=1, y=1), job(**{"x y": 1})]
    assert len({ledger_class(price_class_of(one)) for one in jobs}) == len(jobs)
    assert all(len(word) < 120 and " " not in word for one in jobs for word in price_class_of(one).all_words)
    assert ledger_class(price_class_of(job())) == ("kirin_v1_t2v", "std", "5")


ADDED = Model(
    id="vendor/v2.1-t2v",
    command="v2",
    help="",
    fields=(
        Text(name="prompt"),
        Text(name="size"),
        Url(name="callback_url"),
        Integer(name="seed", counts_up=True),
        Choice(name="mode", options=("std", "pro")),
        ObjectField(name="options", fields=(Text(name="resolution"),)),
        ListField(
            name="clips",
            item=ObjectField(name="clip", fields=(Video(name="url", limits=VideoLimits(rule="V2")), Text(name="cut"))),
        ),
        AnyValue(name="further"),
        Image(name="image", limits=ImageLimits()),
        Video(name="video", limits=VideoLimits(rule="V2")),
    ),
)


def clip(content, seconds=3):
    return MediaFile(base64.b64encode(content).decode(), "base64", seconds=seconds)


def test_S20_of_an_added_model_all_that_is_given_decides_but_prompts_seeds_and_callbacks():
    small = {"mode": "std", "size": "640x360", "options": {"resolution": "sd"}, "video": clip(b"a")}
    book = prices()
    book.learn(job_of(ADDED, **small, prompt="a", seed=1), Decimal(1))
    alike = job_of(ADDED, **small, prompt="b", seed=2, callback_url="https://a.example/x")
    assert told(book, alike) == ("1.00", "history")
    big = (
        {"mode": "pro"},
        {"size": "3840x2160"},
        {"options": {"resolution": "4k"}},
        {"clips": [{"cut": "x"}]},
        {"further": {"length": 600}},
        {"image": clip(b"a")},
        {"video": clip(b"ab", 600)},
        {"length": 600},
    )
    others = [job_of(ADDED, **{**small, **more}) for more in big]
    others.append(job_of(ADDED, **{name: value for name, value in small.items() if name != "size"}))
    assert [told(book, other) for other in others] == [None] * 9
    assert len({ledger_class(price_class_of(other)) for other in (alike, *others)}) == 10


def test_a_task_that_was_taken_up_by_its_id_alone_has_a_class_without_words():
    for model in (ADDED, Model(id="unknown", command="unknown", help="", fields=())):
        assert ledger_class(price_class_of(job_of(model).replace(request=""))) == (model.id, "", "")


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("video", lambda content, seconds: {"video": clip(content, seconds)}),
        ("clips[].url", lambda content, seconds: {"clips": [{"url": clip(content, seconds), "cut": "x"}]}),
    ],
)
def test_S20_a_video_that_is_billed_by_its_length_may_be_another(path, values):
    model, book = ADDED.replace(pricing=Pricing(None, (RequestKind(seconds_of=path),))), prices()
    book.learn(job_of(model, **values(b"a", 3)), Decimal("0.30"))
    assert told(book, job_of(model, **values(b"b", 10))) == ("1.00", "history")
    assert told(book, job_of(model, **values(b"b", 10), size="4k")) is None
    assert told(book, job_of(model, **values(b"b", None))) is None
    assert told(book, job_of(model, clips=[{"url": clip(b"a"), "cut": "y"}])) is None


def test_the_row_that_is_proposed_is_toml_whatever_the_id_and_the_words():
    for proposed in (job_of(ADDED), job_of(ADDED, mode="pro", size="4k"), job(**BIG), job()):
        row_text = prices().ways_to_tell(proposed)[1].partition("[prices] ")[2].partition(" in your")[0]
        table = tomllib.loads(f"[prices]\n{row_text}")["prices"]
        assert table == {proposed.model.id: {str(price_class_of(proposed)): "…"}}


def test_X2_the_class_holds_no_secret_that_the_environment_gave():
    with_secret = job(token="s3cret")
    masked = with_secret.replace(request=request_text("kirin_v1_t2v", with_secret.values, secrets=["s3cret"]))
    assert "s3cret" not in str(price_class_of(masked))
    assert told(prices(history=[("std 5", "1", None)]), masked) is None
