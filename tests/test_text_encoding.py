"""Text files as editors and shells of every system write them."""

import codecs

import pytest

from kirin_cli.text_encoding import decode_text, split_mark

TEXT = 'prompt = "Käse 日本 🎬"\r\n'
ENCODINGS = {
    "plain": TEXT.encode(),
    "Notepad": codecs.BOM_UTF8 + TEXT.encode(),
    "PowerShell 5": codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
    "big-endian": codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    "UTF-32": codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
    "UTF-32, big-endian": codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"),
}


@pytest.mark.parametrize("program", ENCODINGS)
def test_a_mark_says_how_a_text_is_written(program):
    assert decode_text(ENCODINGS[program]) == TEXT


@pytest.mark.parametrize("raw", [b"\xff\xfea", b"\xe4", TEXT.encode("utf-16-le")])
def test_what_is_none_of_these_is_an_error_or_is_replaced(raw):
    with pytest.raises(UnicodeDecodeError):
        decode_text(raw)
    assert "\ufffd" in decode_text(raw, "replace")


def test_nothing_is_an_empty_text():
    assert split_mark(b"") == ("utf-8", b"")
