"""`[prices]` in settings files: what a key means, and where a mistake stands."""

import pytest

from kirin_cli.cli.settings import load_sources
from kirin_cli.errors import UsageError


def rows(home, text, name="config.toml", profile=None, project=""):
    (home.config / name).write_text(text, encoding="utf-8")
    if project:
        (home.work / "kirin.toml").write_text(project, encoding="utf-8")
    sources = load_sources({"KIRIN_CONFIG_DIR": str(home.config)}, profile, start=home.work)
    return {
        (row.source, row.model, " ".join(sorted(row.words)), row.per_second): str(row.usd) for row in sources.prices
    }


def refusal(home, text, name="config.toml"):
    with pytest.raises(UsageError) as refused:
        rows(home, text, name)
    return f"{refused.value.message} | {refused.value.hint}".replace(str(home.root), "")


def test_a_table_has_models_and_below_them_words_in_any_order(home):
    text = (
        '[prices]\nkirin_v1_t2v = {"5 std" = "0.28", pro = 0.49, "*" = 1}\nkirin_video_o1 = {"edit per second" = "0.1"}'
    )
    assert rows(home, text) == {
        ("user file", "kirin_v1_t2v", "5 std", False): "0.28",
        ("user file", "kirin_v1_t2v", "pro", False): "0.49",
        ("user file", "kirin_v1_t2v", "", False): "1",
        ("user file", "kirin_video_o1", "edit", True): "0.1",
    }


def test_a_project_has_prices_too_and_each_row_knows_whose_it_is(home):
    found = rows(home, "", project='[prices.kirin_v1_t2v]\n"std 5" = "0.28"\n')
    assert list(found) == [("project file", "kirin_v1_t2v", "5 std", False)]


def test_a_profile_with_prices_has_all_of_its_own(home):
    text = "[prices]\nkirin_v1_t2v = {std = 1, pro = 2}\n[profile.work]\n[profile.work.prices.kirin_v1_t2v]\nstd = 3\n"
    assert list(rows(home, text, profile="work").values()) == ["3"]
    assert list(rows(home, text).values()) == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[prices]\n\nkirin_v1_t2 = {std = 1}",
            ':3 [prices]: unknown model "kirin_v1_t2"; did you mean "kirin_v1_t2v"?',
        ),
        ("[prices]\nkirin_v1_t2v = {stb = 1}", ':2 [prices]: "stb" is no word of a price; did you mean "std"?'),
        ('[prices.kirin_v1_t2v]\nstd = 1\n"std 5s" = 1', ':3 [prices.kirin_v1_t2v]: "5s" is no word of a price'),
        ('[prices]\nkirin_v1_t2v = {"std 7" = 1}', '"7" is no word of a price'),
        ('[prices]\nkirin_v1_t2v = {"std pro" = 1}', '"std pro" is the price of no request; there are std 5, std 10'),
        ('[prices]\nkirin_v1_t2v = {"std per second" = 1}', 'not by the second: write "std"'),
        ("[prices]\nkirin_video_o1 = {edit = 1}", 'by the second of the input: write "edit per second"'),
        ('[prices]\nkirin_motion_control = {"*" = 1}', 'by the second of the input: write "per second"'),
        ('[prices]\nkirin_video_o1 = {"edit 5" = 1}', '"edit 5" is the price of no request'),
        ("[prices]\nkirin_v1_t2v = {std = 0}", ":2 [prices]: the price is '0'; it must be an amount of US dollars"),
        ('[prices]\nkirin_v1_t2v = {std = "cheap"}', "the price is 'cheap'; it must be an amount"),
        ("[prices]\nkirin_v1_t2v = {std = true}", "a price is an amount of US dollars"),
        ("[prices]\nkirin_v1_t2v = {std = inf}", "the price is 'inf'"),
        ("[prices]\nkirin_v1_t2v = 3", 'prices.kirin_v1_t2v must be a table such as {"std 5" = "0.28"}'),
        ("prices = 3", "prices must be a table, [prices]"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_was_meant(home, text, message):
    assert message in refusal(home, text)


def test_a_price_of_a_whole_model_by_the_second(home):
    assert list(rows(home, '[prices]\nkirin_motion_control = {"per second" = "0.07"}')) == [
        ("user file", "kirin_motion_control", "", True)
    ]


def test_a_key_has_the_words_of_parameters_that_the_model_does_not_know(home):
    text = """[prices]\nkirin_v1_t2v = {"std 5 resolution=\\"4k\\"" = 2}"""
    assert list(rows(home, text)) == [("user file", "kirin_v1_t2v", '5 resolution="4k" std', False)]
    assert '"mode=std" is no word of a price' in refusal(home, text.replace("std 5", "mode=std"))
