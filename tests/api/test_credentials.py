"""The key: found, checked, kept out of everything."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kirin_cli.api.credentials import ApiKey, check_key, find_key, fingerprint, scrub
from kirin_cli.errors import NotPermitted

ODD = 'sk/a+b"c\\d%e&f<g>'


def test_the_environment_is_before_the_file(tmp_path):
    file = tmp_path / "key"
    file.write_bytes(b"\xef\xbb\xbf from-file \r\n")
    assert find_key({"KIRIN_API_KEY": " from-env\n"}, file) == ApiKey("from-env", "KIRIN_API_KEY")
    assert find_key({}, file) == ApiKey("from-file", str(file))
    assert find_key({}) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("a b", "white space"),
        ("a\nb", "white space"),
        ("a\x00b", "control"),
        ("a\x7fb", "control"),
        ("schlüssel", "ASCII"),
        ("a\u200bb", "ASCII"),
        ("x" * 5000, "longer"),
    ],
)
def test_an_unusable_key_is_refused_in_words_that_do_not_quote_it(text, words):
    with pytest.raises(NotPermitted, match=words) as caught:
        check_key(text, "the test")
    assert "KIRIN_API_KEY" in caught.value.hint
    assert "--api-key-file" in caught.value.hint
    assert caught.value.exit_code == 4
    assert not text.strip() or text not in str(caught.value)


def test_an_empty_variable_is_an_error_and_no_way_to_the_file(tmp_path):
    with pytest.raises(NotPermitted):
        find_key({"KIRIN_API_KEY": ""}, tmp_path / "key")


def test_a_file_that_cannot_be_read_is_said(tmp_path):
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(NotPermitted, match="no API key in"):
            find_key({}, path)
    (tmp_path / "binary").write_bytes(b"\xff" * 20_000)
    with pytest.raises(NotPermitted):
        find_key({}, tmp_path / "binary")


def test_H4_the_key_is_in_no_repr():
    assert "secret" not in repr(ApiKey("secret", "x"))


@pytest.mark.parametrize(
    "form",
    [
        ODD,
        json.dumps(ODD)[1:-1],
        quote(ODD, safe=""),
        quote(ODD),
        quote(ODD, safe="").lower(),
        ODD.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;"),
    ],
)
def test_H4_every_spelling_of_the_key_is_scrubbed(form):
    assert scrub(f"[{form}] and {form}{form}", ODD) == "[***] and ******"


def test_H4_a_short_key_is_scrubbed_only_where_it_stands_alone():
    assert scrub("test: /tmp/pytest-1/test.mp4 'test' test-2", "test") == "***: /tmp/pytest-1/***.mp4 '***' test-2"
    assert scrub("unchanged", "") == "unchanged"


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40), st.text(max_size=20))
def test_H4_no_key_survives(key, around):
    assert key not in scrub(around + key + around, key).replace("***", "")


def test_the_fingerprint_tells_keys_apart_and_is_stable():
    assert fingerprint("one") != fingerprint("two")
    assert fingerprint("one") == fingerprint("one")
    assert len(bytes.fromhex(fingerprint("one"))) == 8


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ('"sk-test-123456"', "stands in quotes"),
        ("'sk-test-123456'\n", "stands in quotes"),
        ("Bearer sk-test-123456", "starts with Bearer"),
        ("KIRIN_API_KEY=sk-test-123456", "is written as NAME=VALUE"),
        ("export KIRIN_API_KEY='sk-test-123456'", "is written as NAME=VALUE"),
        ('$env:KIRIN_API_KEY = "sk-test-123456"', "is written as NAME=VALUE"),
    ],
)
def test_a_key_that_was_copied_with_what_stood_around_it_is_told_so(text, how):
    with pytest.raises(NotPermitted, match=how) as caught:
        check_key(text, "KIRIN_API_KEY")
    assert "sk-test" not in str(caught.value)
    assert caught.value.hint == "give the key alone, as it was copied"
