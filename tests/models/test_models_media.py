"""The media rules with real files, Base64 and URLs, through every parameter that takes them."""

from base64 import b64encode
from functools import partial

import pytest
from support.model_requests import GOOD, checked, refused, said, sent
from support.pictures import jpeg, png

from kirin_cli.media.detect import inspect_media
from kirin_cli.media.request_body import expand

MB = 1024 * 1024
LINE = [{"x": 1, "y": 1}, {"x": 2, "y": 2}]
PLACES = {
    "image": ("kirin_v1_5_i2v", lambda value: {"image": value}),
    "image_tail": ("kirin_v1_5_i2v", lambda value: {"image_tail": value, "mode": "pro"}),
    "static_mask": ("kirin_v1_5_i2v", lambda value: {"static_mask": value, "mode": "pro"}),
    "dynamic_masks[0].mask": (
        "kirin_v1_5_i2v",
        lambda value: {"dynamic_masks": [{"mask": value, "trajectories": LINE}], "mode": "pro"},
    ),
    "image_list[0].image": ("kirin_v1_6_multi_i2v", lambda value: {"image_list": [value]}),
    "image_url": ("kirin_motion_control", lambda value: {"image_url": value}),
    "image_list[0].image_url": ("kirin_video_o1", lambda value: {"image_list": [value]}),
}
EVERYWHERE = pytest.mark.parametrize("place", PLACES)
VIDEOS = {
    "video_url": ("kirin_motion_control", lambda value: {"video_url": value}),
    "video_list[0].video_url": ("kirin_video_o1", lambda value: {"video_list": [value]}),
}


@pytest.fixture
def look(tmp_path):
    """A look at files below a folder of this test."""
    return partial(looked, tmp_path)


def looked(base, given, kind):
    return inspect_media(given, kind, base)


def at(place, value):
    model, params = (PLACES | VIDEOS)[place]
    return model, params(value)


def errors(place, value, look):
    model, params = at(place, value)
    return refused(model, look, **params)


def written(folder, name, data):
    (folder / name).write_bytes(data)
    return name


@EVERYWHERE
@pytest.mark.parametrize("data", [png(640, 480), jpeg(), jpeg(app_padding=100_000)], ids=["png", "jpeg", "camera"])
def test_I1_A9_file_base64_and_data_uri_are_sent_as_the_same_bare_text(place, data, look, tmp_path):
    text = b64encode(data).decode()
    kind = "png" if data.startswith(b"\x89") else "jpeg"
    lines = "\n".join(text[start : start + 76] for start in range(0, len(text), 76))
    forms = [written(tmp_path, f"cup.{kind}", data), text, lines, f"data:image/{kind};base64,{text}"]
    model, _ = at(place, forms[0])
    bodies = [expand(sent(model, look, **at(place, form)[1])) for form in forms]
    assert all(body == bodies[0] for body in bodies)
    assert text in str(bodies[0])


@EVERYWHERE
@pytest.mark.parametrize("url", ["https://example.com/cat.png", "HTTP://EXAMPLE.COM/CAT.JPG?x=1", "http://[::1]/cat"])
def test_I1_a_url_is_sent_as_it_is(place, url, look):
    model, params = at(place, url)
    assert url in str(expand(sent(model, look, **params)))


@EVERYWHERE
@pytest.mark.parametrize("value", ["ftp://example.com/cat.png", "file://host/cat.png", "https://", "https://a b/c.png"])
def test_I1_other_addresses_are_refused(place, value, look):
    assert errors(place, value, look) == [(place, "I1")]


@EVERYWHERE
@pytest.mark.parametrize(
    ("name", "data"),
    [("gif.png", b"GIF89a" + bytes(40)), ("text.jpg", b"no picture\n" * 40), ("cup.gif", png(300, 300))],
)
def test_I2_other_formats_are_refused_by_content_and_by_suffix(place, name, data, look, tmp_path):
    assert errors(place, written(tmp_path, name, data), look) == [(place, "I2")]


@EVERYWHERE
@pytest.mark.parametrize("data", [None, b"", png(640, 480)[:20], png(640, 480)[:-4], jpeg()[:100]])
def test_I6_what_cannot_be_read_names_the_parameter_and_the_file(place, data, look, tmp_path):
    name = "cup.png" if data is None else written(tmp_path, "cup.png", data)
    model, params = at(place, name)
    assert errors(place, name, look) == [(place, "I6")]
    assert said(model, look, **params).startswith(f"{place} cannot be used: ")
    assert "cup.png" in said(model, look, **params)


@EVERYWHERE
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_I3_the_size_is_that_of_the_decoded_file(place, more, look, tmp_path):
    name = written(tmp_path, "cup.png", png(300, 300, pad_to=10 * MB + more))
    model, _ = at(place, name)
    fine = more < 0 if model == "kirin_v1_5_i2v" else more <= 0
    assert errors(place, name, look) == ([] if fine else [(place, "I3")])


def test_I4_I5_sides_are_read_from_files_and_from_base64(look, tmp_path):
    for data, rules in ((png(299, 400), ["I4"]), (png(300, 751), ["I5"]), (png(100, 299), ["I4", "I5"])):
        for value in (written(tmp_path, "cup.png", data), b64encode(data).decode()):
            assert errors("image", value, look) == [("image", rule) for rule in rules]


def test_I4_a_message_names_the_file_but_never_a_page_of_base64(look, tmp_path):
    data = png(299, 400)
    name = written(tmp_path, "small.png", data)
    by_file = said("kirin_v1_5_i2v", look, image=name)
    by_text = said("kirin_v1_5_i2v", look, image=b64encode(data).decode())
    assert by_file == "image (small.png) is 299 × 400 px; both sides must be at least 300 px"
    assert by_text == f"image (Base64 of {len(data)} bytes) is 299 × 400 px; both sides must be at least 300 px"


def test_F9_F10_F11_with_files(look, tmp_path):
    for name, size in {"image": (640, 480), "half": (320, 240), "wide": (640, 360)}.items():
        written(tmp_path, f"{name}.png", png(*size))
    moving = [{"mask": "half.png", "trajectories": [{"x": 640, "y": 480}, {"x": 641, "y": 0}]}]
    request = {"image": "image.png", "static_mask": "wide.png", "dynamic_masks": moving, "mode": "pro"}
    problems = checked("kirin_v1_5_i2v", look, **request).problems
    assert [(found.path, found.rule, found.severity) for found in problems] == [
        ("static_mask", "F9", "error"),
        ("dynamic_masks[0].mask", "F10", "error"),
        ("dynamic_masks[0].trajectories[1]", "F11", "warning"),
    ]


@pytest.mark.parametrize("place", VIDEOS)
@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a.mp4",
        "http://example.com/a.MOV",
        "https://cdn.example.com/v?id=9",
        "HTTPS://A.B/c.mp4#t=1",
    ],
)
def test_V1_a_video_is_taken_by_url(place, url, look):
    model, params = at(place, url)
    assert url in str(expand(sent(model, look, **params)))


@pytest.mark.parametrize("place", VIDEOS)
@pytest.mark.parametrize(
    "value",
    [
        "https://example.com/a.avi",
        "clip.mp4",
        "ftp://example.com/a.mp4",
        "data:video/mp4;base64,AAAA",
        "https:///a.mp4",
    ],
)
def test_V1_files_and_other_formats_are_refused(place, value, look, tmp_path):
    written(tmp_path, "clip.mp4", bytes(100))
    assert errors(place, value, look) == [(place, "V1")]


def test_every_picture_parameter_is_tried_here():
    assert {model for model, _ in (PLACES | VIDEOS).values()} == set(GOOD) - {"kirin_v1_t2v"}
