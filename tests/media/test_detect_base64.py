"""Base64 and `data:` URIs (rules I1, I6, A9), and how they are told from paths."""

import base64
from pathlib import Path

import pytest
from support.pictures import jpeg, png

from kirin_cli.media.detect import inspect_media
from kirin_cli.modelspec.types import MediaError

PNG = base64.b64encode(png(640, 480)).decode()
JPEG = base64.b64encode(jpeg()).decode()


def refusal(given: str, base: Path, *, local: bool = True) -> MediaError:
    with pytest.raises(MediaError) as caught:
        inspect_media(given, "image", base, local=local)
    return caught.value


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize(("text", "found", "size"), [(PNG, "png", len(png(640, 480))), (JPEG, "jpeg", len(jpeg()))])
def test_I1_bare_base64_shows_its_facts(text: str, found: str, size: int, local: bool, tmp_path: Path):
    medium = inspect_media(text, "image", tmp_path, local=local)
    assert (medium.form, medium.given, medium.format, medium.size) == ("base64", text, found, size)
    assert (medium.width, medium.height, medium.suffix, medium.path, medium.stamp) == (640, 480, "", None, None)
    assert medium.label == f"Base64 of {size} bytes"


@pytest.mark.parametrize("local", [True, False])
@pytest.mark.parametrize("prefix", ["data:image/png;base64,", "DATA:image/png;name=x;BASE64,", "data:;base64,"])
def test_A9_the_prefix_of_a_data_uri_is_taken_off(prefix: str, local: bool, tmp_path: Path):
    assert inspect_media(prefix + PNG, "image", tmp_path, local=local) == inspect_media(PNG, "image", tmp_path)


def test_A9_white_space_is_taken_off(tmp_path: Path):
    lines = "\n  ".join(PNG[start : start + 76] for start in range(0, len(PNG), 76)) + "\r\n"
    assert inspect_media(lines, "image", tmp_path).given == PNG
    assert inspect_media(f"data:image/png;base64,\n{lines}", "image", tmp_path).given == PNG


@pytest.mark.parametrize("given", ["data:image/png,%89PNG", "data:", "data:,", f"data:image/png,{PNG}"])
def test_I1_a_data_uri_must_be_base64(given: str, tmp_path: Path):
    fault = refusal(given, tmp_path)
    assert (fault.rule, len(fault.message) < 300) == ("I1", True)


@pytest.mark.parametrize(
    "text", [PNG[:-1], PNG.rstrip("=") + "=====", "iVBORw0KGgo", f"{PNG}AAAA=", JPEG[:41], "=" * 400, f"={PNG}"]
)
def test_I6_base64_that_does_not_decode_is_refused(text: str, tmp_path: Path):
    fault = refusal(text, tmp_path)
    assert fault.rule == "I6"
    assert "not valid Base64" in fault.message


@pytest.mark.parametrize("text", ["é", "*", PNG.replace("+", "-") + "-", PNG + "é"])
def test_I6_a_data_uri_with_foreign_characters_is_refused(text: str, tmp_path: Path):
    assert refusal(f"data:image/png;base64,{text}", tmp_path).rule == "I6"


@pytest.mark.parametrize("given", ["data:image/png;base64,", "data:image/png;base64, \n", "data:image/png;base64"])
def test_I6_an_empty_data_uri_is_refused(given: str, tmp_path: Path):
    fault = refusal(given, tmp_path)
    assert (fault.rule, fault.message) == ("I6", "the data: URI is empty")


def test_I6_truncated_base64_is_refused_without_showing_it(tmp_path: Path):
    cut = base64.b64encode(png(640, 480)[:-30]).decode()
    fault = refusal(cut, tmp_path)
    assert fault.rule == "I6"
    assert fault.message == "the Base64 text is truncated: its PNG data end too early"


def test_I2_base64_of_another_format_is_refused(tmp_path: Path):
    fault = refusal(base64.b64encode(b"GIF89a" + bytes(12)).decode(), tmp_path)
    assert (fault.rule, "GIF" in fault.message) == ("I2", True)


def test_I1_an_existing_file_wins_over_base64(tmp_path: Path):
    name = "iVBORw0KGgo"
    (tmp_path / name).write_bytes(jpeg())
    assert inspect_media(name, "image", tmp_path).form == "file"
    assert refusal(name, tmp_path, local=False).rule == "I6"


def test_I1_jpeg_base64_is_no_absolute_path(tmp_path: Path):
    assert JPEG.startswith("/9j/")
    assert inspect_media(JPEG, "image", tmp_path).format == "jpeg"
    assert refusal("/9j/cat.jpg", tmp_path).message == "no such file: /9j/cat.jpg"


def test_I6_a_short_word_of_base64_letters_is_a_missing_file(tmp_path: Path):
    fault = refusal("cat", tmp_path)
    assert (fault.rule, fault.message) == ("I6", f"no such file: cat (in {tmp_path})")


def test_I6_a_long_text_that_is_nothing_is_named_by_its_beginning(tmp_path: Path):
    fault = refusal("x!" * 5000, tmp_path)
    assert fault.rule == "I6"
    assert "neither a file nor valid Base64" in fault.message
    assert len(fault.message) < 200


@pytest.mark.parametrize("given", ["", "  ", "\n"])
@pytest.mark.parametrize("local", [True, False])
def test_I1_an_empty_value_is_refused(given: str, local: bool, tmp_path: Path):
    fault = refusal(given, tmp_path, local=local)
    assert (fault.rule, "empty" in fault.message) == ("I1", True)


@pytest.mark.parametrize("given", ["cat.png", "/etc/passwd", "../cat.png", "~/cat.png"])
def test_I1_a_service_never_takes_a_path(given: str, tmp_path: Path):
    (tmp_path / "cat.png").write_bytes(png(300, 300))
    assert refusal(given, tmp_path, local=False).rule in ("I1", "I6")


def test_I1_a_service_reads_any_word_of_base64_letters_as_base64(tmp_path: Path):
    fault = refusal(base64.b64encode(b"hello").decode(), tmp_path, local=False)
    assert (fault.rule, fault.message) == ("I2", "the Base64 text is text by its content; give a JPEG or PNG picture")
