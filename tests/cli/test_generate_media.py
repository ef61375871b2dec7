"""Pictures and videos as people have them, by the commands: taken, warned of, or refused with the way out."""

import os

import pytest
from support.command_line import Home
from support.pictures import half_png, jpeg, noise_png, png, segment
from support.videos import FTYP, QUICKTIME, extends, fragment, movie, track, video

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"
EXIF_TURN = segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0")
PHOTO = jpeg(480, 360)
PREVIEW = {"side": (320, 180), "coded": (320, 180), "frames": ((1, 512),)}
EMPTY_24 = track(frames=(), ticks=0, scale=24)
UPLOADS = {"KIRIN_UPLOAD_URL": "http://127.0.0.1:9/up"}


def image(home: Home, name: str, data: bytes, *more: str):
    (home.work / name).write_bytes(data)
    return home.kirin("v1-5-i2v", "p", "--image", name, "--dry-run", *more)


def dry_video(home: Home, data: bytes, name: str = "clip.mp4"):
    (home.work / name).write_bytes(data)
    return home.kirin("video-o1", "edit", "--video", name, "--dry-run", env=UPLOADS)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("junk.jpg", PHOTO[:2] + segment(0xE0, b"JFIF\0") + b"junk" + PHOTO[2:]),
        ("zero.jpg", PHOTO[:2] + segment(0xFE, b"hi") + b"\0" + PHOTO[2:]),
        ("stuffed.jpg", PHOTO[:2] + segment(0xFE, b"hi") + b"\xff\0" + PHOTO[2:]),
        ("short.jpg", PHOTO[:2] + b"\xff\xe2\0\x04ICC_PROFILE" + PHOTO[2:]),
        ("really a jpeg.png", PHOTO),
        ("deep.png", noise_png(300, 300, depth=16)),
        ("palette.png", noise_png(320, 300, depth=4, colour=3, interlace=1)),
        ("no suffix", PHOTO),
    ],
)
def test_I2_I6_pictures_that_decoders_take_are_taken(home, name, data):
    result = image(home, name, data)
    assert (result.exit_code, result.stderr.count("error")) == (0, 0)


@pytest.mark.parametrize(
    ("name", "data", "rule", "words"),
    [
        ("half.png", half_png(400, 300), "I6", "is damaged: only 50 % of its pixels are there"),
        ("flipped.png", png(300, 300).replace(b"IDAT\x78", b"IDAT\x79"), "I6", "the checksum of its IDAT chunk"),
        ("empty.png", b"", "I6", "is empty"),
        ("cut.jpg", PHOTO[:-2], "I6", "truncated"),
        ("pointer.png", POINTER, "I2", "is a Git LFS pointer, not the file itself: git lfs pull"),
        ("photo.jfif", PHOTO, "I2", "a JPEG by its content: rename it to photo.jpg"),
        ("photo.JPE", PHOTO, "I2", "rename it to photo.jpg"),
        ("cup.png~", png(300, 300), "I2", "a PNG by its content: rename it to cup.png"),
        ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "I2", "give a .jpg, .jpeg or .png picture"),
        ("photo.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "I2", "in HEIC format"),
        ("anim.png", b"GIF89a" + bytes(60), "I2", "in GIF format"),
        ("anim2.png", b"RIFF\x24\0\0\0WEBPVP8X", "I2", "in WEBP format"),
        ("photo.avif", b"\0\0\0\x18ftypavif\0\0\0\0", "I2", "ends in .avif"),
    ],
)
def test_I2_I6_other_pictures_are_refused_with_the_way_out(home, name, data, rule, words):
    result = image(home, name, data)
    assert (result.exit_code, words in result.stderr, f"[{rule}]" in result.stderr) == (2, True, True), result.stderr


def test_I6_a_name_that_is_nearly_there_is_told(home):
    (home.work / "shots").mkdir()
    (home.work / "shots/harbour.jpeg").write_bytes(PHOTO)
    near = home.kirin("v1-5-i2v", "p", "--image", "shots/harbour.jpg", "--dry-run")
    assert (near.exit_code, 'did you mean "harbour.jpeg"?' in near.stderr) == (2, True)
    far = home.kirin("v1-5-i2v", "p", "--image", "shots/x.png", "--dry-run")
    assert (far.exit_code, "no such file: shots/x.png" in far.stderr, "did you mean" in far.stderr) == (2, True, False)


@pytest.mark.parametrize("form", ["file://{}", "FILE://{}", "file://localhost{}", "file:{}"])
def test_I1_V1_a_file_url_is_the_file(home, form):
    (home.work / "a cup.jpg").write_bytes(PHOTO)
    (home.work / "clip.mp4").write_bytes(video())
    picture = form.format(f"{home.work}/a%20cup.jpg")
    assert home.kirin("v1-5-i2v", "p", "--image", picture, "--dry-run").exit_code == 0
    clip = form.format(f"{home.work}/clip.mp4")
    assert home.kirin("video-o1", "p", "--video", clip, "--dry-run", env=UPLOADS).exit_code == 0


def test_I1_a_file_url_of_another_machine_is_refused_in_words(home):
    result = home.kirin("v1-5-i2v", "p", "--image", "file://nas/cup.jpg", "--dry-run")
    assert (result.exit_code, "a file of another machine" in result.stderr) == (2, True)


@pytest.mark.parametrize(("mask", "like"), [((360, 480), "shown"), ((480, 360), "stored")])
def test_F9_the_rotation_of_a_photo_is_said_where_there_is_a_mask(home, mask, like):
    (home.work / "mask.png").write_bytes(png(*mask))
    result = image(home, "phone.jpg", PHOTO[:2] + EXIF_TURN + PHOTO[2:], "--static-mask", "mask.png", "--mode", "pro")
    assert result.exit_code == 0
    assert f"--static-mask: warning: static_mask lies like the image as it is {like}" in result.stderr
    assert "carries a rotation (EXIF): stored 480 × 360 px, shown 360 × 480 px" in result.stderr


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (video(track(**PREVIEW, enabled=False), track(number=2)), ""),
        (video(track(**PREVIEW), track(number=2)), ""),
        (video(track(number=1), track(**PREVIEW, number=2, enabled=False), head=QUICKTIME), ""),
        (video(track(side=(640, 360), number=1), track(number=2, enabled=False)), "V3"),
        (FTYP + movie(EMPTY_24, ticks=0, more=extends(1)) + fragment(119) + fragment(1, own=4), ""),
        (video(track(frames=((120, 1001),), scale=24000)), "V4"),
        (video(track(frames=((300, 1001),), scale=30000)), "V4"),
        (video(track(frames=((241, 1000),), scale=24000)), "V4"),
        (video(track(frames=((299, 1001),), scale=60000)), ""),
        (video(track(frames=((243, 1000),), scale=24000)), "V3"),
        (video(track(frames=((100, 1000),), scale=20000)), "V3"),
    ],
)  # fmt: skip
def test_V3_V4_videos_are_measured_as_players_show_them(home, data, rule):
    result = dry_video(home, data)
    assert result.exit_code == (2 if rule == "V3" else 0), result.stderr
    assert f"[{rule}]" in result.stderr if rule else "[V" not in result.stderr


def test_V1_a_pointer_of_git_lfs_is_named_for_videos_too(home):
    result = dry_video(home, POINTER)
    assert (result.exit_code, "git lfs pull" in result.stderr) == (2, True)


@pytest.mark.parametrize(("path", "code"), [("get.php?id=9", 0), ("a.ashx", 0), ("a", 0), ("a.avi", 2), ("a.gif", 2)])
def test_V1_a_url_that_says_nothing_of_its_content_is_no_error(home, path, code):
    result = home.kirin("video-o1", "p", "--video", f"https://example.com/{path}", "--dry-run")
    assert result.exit_code == code


def test_I6_a_run_decodes_the_pictures_that_it_would_send_however_many_there_are(home):
    jobs = ["defaults: {model: kirin_v1_5_i2v}", "jobs:"]
    for number in range(66):
        data = half_png(300, 300) if number == 65 else jpeg() if number % 2 else png(300, 300 + number)
        suffix = "png" if data.startswith(b"\x89") else "jpg"
        (home.work / f"{number}.{suffix}").write_bytes(data)
        jobs.append(f"  - {{name: j{number}, params: {{image: {number}.{suffix}}}}}")
    for number in range(66, 136):
        (home.work / f"{number}.png").write_bytes(png(300, 300 + number))
        jobs.insert(2, f"  - {{name: j{number}, params: {{image: {number}.png}}}}")
    (home.work / "jobs.yaml").write_text("\n".join(jobs) + "\n")
    assert home.kirin("validate", "jobs.yaml").exit_code == 0
    result = home.kirin("run", "jobs.yaml", "--sandbox")
    assert (result.exit_code, "65.png is damaged" in result.stderr, "[I6]" in result.stderr) == (2, True, True)
    assert f"jobs.yaml:{len(jobs)}:" in result.stderr
    assert not (home.work / "renders").exists()
    few = home.work / "few.yaml"
    few.write_text("\n".join([*jobs[:2], jobs[-1]]) + "\n")
    assert home.kirin("validate", "few.yaml").exit_code == 2


@pytest.mark.skipif(os.name != "posix", reason="needs pipes of POSIX")
def test_I6_a_picture_from_a_pipe_is_told_what_it_is(home):
    reading, writing = os.pipe()
    try:
        result = home.kirin("v1-5-i2v", "--image", f"/dev/fd/{reading}", "--dry-run")
    finally:
        os.close(reading)
        os.close(writing)
    assert f"/dev/fd/{reading} is a named pipe, not a picture [I6]" in result.stderr
