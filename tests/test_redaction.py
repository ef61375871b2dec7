"""Values that never appear, in any spelling."""

import html
import json
from urllib.parse import quote

import pytest

from kirin_cli.redaction import digest_values, hide_values, mask_hidden, mask_values, show_all_values

SECRET = 'p/ss "wörd" <1>&'


@pytest.mark.parametrize(
    "spelled",
    [
        SECRET, json.dumps(SECRET), json.dumps(SECRET).replace("/", r"\/"), html.escape(SECRET), quote(SECRET),
        quote(SECRET, safe="").lower(),
    ],
)  # fmt: skip
def test_a_value_is_masked_in_every_spelling(spelled):
    masked = mask_values(f"a {spelled} b", [SECRET])
    assert "***" in masked
    assert "rd" not in masked


def test_a_short_value_is_masked_where_it_stands_alone():
    assert mask_values("key abc, abcd", ["abc"]) == "key ***, abcd"


def test_the_longer_of_two_values_goes_first():
    assert mask_values("0123456789abc", ["0123456789", "0123456789abc"]) == "***"


def test_what_a_message_has_cut_is_masked_up_to_the_cut():
    assert mask_values("quoted 'ghp_0123…' and more…", ["ghp_0123456789"]) == "quoted '***…' and more…"


def test_nothing_is_masked_where_nothing_is_hidden():
    assert mask_values("text", []) == "text"
    assert mask_hidden("text") == "text"


def test_what_is_hidden_stays_so_until_the_next_command_line():
    hide_values(["0123456789", ""])
    try:
        assert mask_hidden("x 0123456789") == "x ***"
    finally:
        show_all_values()
    assert mask_hidden("x 0123456789") == "x 0123456789"


def test_digests_tell_values_apart_and_tell_nothing_of_them():
    first, second = digest_values("x 0123456789", ["0123456789"]), digest_values("x 9876543210", ["9876543210"])
    assert first != second
    assert (first[:5], len(first)) == ("x ***", 13)
    assert digest_values("x 0123456789", ["0123456789"]) == first
    assert digest_values("x", []) == "x"
