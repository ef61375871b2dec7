"""Values that never appear, in any spelling."""

import html
import json
from urllib.parse import quote

import pytest

from kirin_cli.redaction import (
    digest_values,
    hide_values,
    mask_hidden,
    mask_values,
    redact_tree,
    redact_urls,
    show_all_values,
    strip_url,
)

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


SIGNED = "https://cdn.example/a/b.mp4?X-Amz-Signature=0123456789abcdef0123&Expires=17&v=2"


@pytest.mark.parametrize(
    ("url", "stripped"),
    [
        (SIGNED, "https://cdn.example/a/b.mp4"),
        ("https://u:p@cdn.example:8443/x?y#z", "https://cdn.example:8443/x"),
        ("https://cdn.example", "https://cdn.example"),
        ("https://cdn.example?x=1", "https://cdn.example"),
        ("https://cdn.example/a@b/c", "https://cdn.example/a@b/c"),
        ("http://[::1]:9/x", "http://[::1]:9/x"),
        ("", ""),
    ],
)
def test_the_url_of_a_result_is_written_down_without_what_opens_it(url, stripped):
    assert strip_url(url) == stripped


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("see https://user:pw@h.example/x now", "see https://h.example/x now"),
        ("https://token@h.example", "https://h.example"),
        ("http://u:p%40w@proxy:3128 refused", "http://proxy:3128 refused"),
        ("https://h/x?token=abc&page=2", "https://h/x?token=***&page=2"),
        ("https://h/x?sig=a%2Bb&se=2026", "https://h/x?sig=***&se=2026"),
        ("https://h/x?opaque=01234567890123456789", "https://h/x?opaque=***"),
        ("https://h/x?page=2&size=10#part", "https://h/x?page=2&size=10#part"),
        ('{"url": "https:\\/\\/u:p@h\\/x"}', '{"url": "https:\\/\\/h\\/x"}'),
        ("mail me@example.org: 16:9@50", "mail me@example.org: 16:9@50"),
        ("https://h/@user/x", "https://h/@user/x"),
        ("https:/u:pw@h/x", "https:/h/x"),
        ("https:///u:pw@h/x", "https:///h/x"),
        ("https://h/x#access_token=abc", "https://h/x#access_token=***"),
        ("no url", "no url"),
    ],
)
def test_urls_in_text_lose_passwords_and_signatures_alone(text, redacted):
    assert redact_urls(text) == redacted


def test_data_is_redacted_in_every_text_of_it():
    data = {"a": [{"b": "https://u:p@h/"}, 1, None], "c": ("https://h/?key=1",)}
    assert redact_tree(data) == {"a": [{"b": "https://h/"}, 1, None], "c": ["https://h/?key=***"]}
