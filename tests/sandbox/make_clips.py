"""Draws the clips: a sun that crosses the sky exactly once, over hills that scroll by, with a label.

    python tests/sandbox/make_clips.py kirin_cli/sandbox/clips

Needs ffmpeg with libx264, Pillow and the font DejaVu Sans; neither the product nor its tests do.
Flat colours, a long GOP and no sound keep all 24 files together under 1.5 MB.
"""

import math
import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageColor, ImageDraw, ImageFont

FPS = 30
CRF = "37"
BANDS = 14
SIZES = {"16x9": (1280, 720), "9x16": (720, 1280), "1x1": (960, 960)}
PALETTES = (  # sky from the top down, sun, hills from far to near
    (("#26215c", "#4b2f78", "#87437e", "#c9647a", "#f0976f", "#f9c784"), "#fff1c9", ("#7a4a86", "#4b2f6b", "#221a45")),
    (("#0d3b66", "#1f5f8b", "#3f8fb5", "#7fc0cf", "#bfe3d9", "#f3f0d7"), "#fffbe0", ("#5c9ead", "#326273", "#12343b")),
    (("#10142b", "#1b2350", "#2b3a77", "#44589c", "#6f83bd", "#a6b1d9"), "#f4f1de", ("#3d4f8a", "#26315f", "#0f1533")),
    (("#1d3557", "#35507a", "#6d6a93", "#b07d94", "#e8a598", "#fbd9b5"), "#fff3d6", ("#7a5f80", "#4a4266", "#1f2440")),
)


def ridge(width: int, height: int, waves: tuple[tuple[int, float, float], ...], x: int) -> float:
    """Height of a ridge at `x`, periodic over `width`."""
    return height * sum(size * (1 + math.sin(2 * math.pi * times * x / width + at)) for times, size, at in waves)


def hills(size: tuple[int, int], colours: tuple[str, ...]) -> list[tuple[Image.Image, int]]:
    """Three strips, each as wide as two screens, with their speed in pixels per frame."""
    shapes = (((2, 0.10, 0), (5, 0.03, 1)), ((3, 0.07, 2), (7, 0.02, 0)), ((4, 0.04, 4), (9, 0.012, 2)))
    return [
        (strip(size, colour, waves), speed) for colour, waves, speed in zip(colours, shapes, (1, 2, 4), strict=True)
    ]


def strip(size: tuple[int, int], colour: str, waves: tuple[tuple[int, float, float], ...]) -> Image.Image:
    """One ridge, drawn at twice the size and reduced so that its edge is smooth."""
    width, height = size[0] * 2, size[1]
    picture = Image.new("RGBA", (width * 2, height * 2), (0, 0, 0, 0))
    edge = [
        (x, height * 2 - 2 * (0.06 * height + ridge(width * 2, height, waves, x))) for x in range(0, width * 2 + 1, 4)
    ]
    ImageDraw.Draw(picture).polygon([(0, height * 2), *edge, (width * 2, height * 2)], fill=colour)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def sky(size: tuple[int, int], colours: tuple[str, ...]) -> Image.Image:
    """Flat bands, which cost an encoder nothing."""
    picture = Image.new("RGB", size)
    draw, band = ImageDraw.Draw(picture), size[1] * 0.85 / BANDS
    for number in range(BANDS):
        draw.rectangle((0, round(number * band), size[0], size[1]), fill=between(colours, number / (BANDS - 1)))
    return picture


def between(colours: tuple[str, ...], way: float) -> tuple[int, ...]:
    """The colour at `way` (0-1) along `colours`."""
    place = min(int(way * (len(colours) - 1)), len(colours) - 2)
    part = way * (len(colours) - 1) - place
    first, second = (ImageColor.getrgb(colour) for colour in colours[place : place + 2])
    return tuple(round(a + (b - a) * part) for a, b in zip(first, second, strict=True))


def disc(radius: int, colour: str) -> Image.Image:
    """The sun."""
    picture = Image.new("RGBA", (radius * 8, radius * 8), (0, 0, 0, 0))
    ImageDraw.Draw(picture).ellipse((0, 0, radius * 8 - 1, radius * 8 - 1), fill=colour)
    return picture.resize((radius * 2, radius * 2), Image.Resampling.LANCZOS)


def frames(size: tuple[int, int], seconds: int, label: str):
    """Every frame of one clip, as raw RGB."""
    skies, sun_colour, hill_colours = PALETTES[seconds % len(PALETTES)]
    back, layers, radius = sky(size, skies), hills(size, hill_colours), min(size) // 9
    sun, font, last = disc(radius, sun_colour), ImageFont.truetype("DejaVuSans.ttf", min(size) // 28), seconds * FPS - 1
    for number in range(seconds * FPS):
        frame, way = back.copy(), number / last
        x = round(-radius + way * size[0])
        frame.paste(sun, (x, round(size[1] * (0.5 - 0.36 * math.sin(math.pi * way)) - radius)), sun)
        for layer, speed in layers:
            offset = -(number * speed % layer.width)
            frame.paste(layer, (offset, 0), layer)
            frame.paste(layer, (offset + layer.width, 0), layer)
        draw = ImageDraw.Draw(frame)
        draw.text((size[0] / 2, size[1] - min(size) // 22), label, font=font, anchor="mm", fill="#ffffff")
        draw.rectangle((0, size[1] - 6, round(way * size[0]), size[1]), fill=sun_colour)
        yield frame.tobytes()


def encode(folder: Path, ratio: str, seconds: int) -> None:
    """Write one clip."""
    size = SIZES[ratio]
    command = [
        "ffmpeg", "-v", "error", "-y",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", str(FPS), "-i", "-",
        "-vf", "format=yuv420p", "-c:v", "libx264", "-preset", "slow", "-tune", "animation", "-crf", CRF,
        "-g", "300", "-threads", "2", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact",
        "-movflags", "+faststart", str(folder / f"{ratio}-{seconds}s.mp4"),
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE) as encoder:
        for frame in frames(size, seconds, f"kirin sandbox   {ratio.replace('x', ':')}   {seconds} s"):
            encoder.stdin.write(frame)
        encoder.stdin.close()
    if encoder.returncode:
        raise SystemExit(encoder.returncode)


if __name__ == "__main__":
    for ratio in SIZES:
        for seconds in range(3, 11):
            encode(Path(sys.argv[1]), ratio, seconds)
