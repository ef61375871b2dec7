"""What looking at a picture costs: the way of kirin beside Pillow's, and decoding a PNG beside hashing it.

In tests/: python -m benchmarks.bench_pictures. Prints ratios within this run; asserts nothing. Pillow where installed.
"""

import subprocess
import sys
import tempfile
import timeit
from collections.abc import Callable
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from statistics import median
from zlib import crc32

import imagesize
from support.pictures import jpeg, noise_png, png, png_chunks

from kirin_cli.media.detect import inspect_media
from kirin_cli.media.image_header import read_image_header
from kirin_cli.media.png_data import check_png_data

PICTURES = {
    "small.png": png(640, 480),
    "small.jpg": jpeg(),
    "camera.jpg": jpeg(4032, 3024, app_padding=200_000),
    "10mb.png": png(640, 480, pad_to=10 * 1024 * 1024),
}
PIXELS = {"noise.png": noise_png(1500, 1200), "flat.png": png(1500, 1200)}
PROCESSES = {
    "pass": "pass",
    "imagesize": "import imagesize",
    "PIL.Image": "import PIL.Image; PIL.Image.preinit()",
    "media.detect, no picture yet": "import kirin_cli.media.detect",
    "media.detect, a picture": "import kirin_cli.media.detect; import imagesize",
    "requests": "import requests",
    "media.detect, Pillow for it": "import kirin_cli.media.detect; import PIL.Image; PIL.Image.preinit()",
    "requests, imagesize": "import requests, imagesize",
    "requests, PIL.Image": "import requests, PIL.Image; PIL.Image.preinit()",
}


def ways_to_measure(file: Path) -> dict[str, Callable[[], object]]:
    """Functions that find the size of one picture, by name; the first is the reference of the ratios."""

    def header() -> None:
        with file.open("rb") as opened:
            read_image_header(opened, file.stat().st_size, file.name)

    def sides_only() -> None:
        with file.open("rb") as opened:
            imagesize.get(opened, exif_rotation=False)

    def pillow() -> None:
        with import_module("PIL.Image").open(file):
            pass

    ways: dict[str, Callable[[], object]] = {
        "read_image_header": header,
        "inspect": lambda: inspect_media(file.name, "image", file.parent),
        "imagesize alone": sides_only,
    }
    if find_spec("PIL"):
        ways["Pillow"] = pillow
    return ways


def ways_to_read(data: bytes) -> dict[str, Callable[[], object]]:
    """Functions that go through all bytes of a PNG, by name; the first is the reference of the ratios."""

    def checksums() -> None:
        for tag, content in png_chunks(data):
            crc32(content, crc32(tag))

    return {
        "SHA-256": lambda: sha256(data).digest(),
        "checksums of the chunks": checksums,
        "check_png_data": lambda: check_png_data(BytesIO(data)),
    }


def seconds(run: Callable[[], object]) -> float:
    """The best mean of five rounds."""
    return min(timeit.repeat(run, number=500, repeat=5)) / 500


def processes() -> dict[str, float]:
    """Seconds of a whole Python process by name: medians of interleaved rounds, the first of them thrown away."""
    codes = {name: code for name, code in PROCESSES.items() if "PIL" not in code or find_spec("PIL")}

    def seconds_of(code: str) -> float:
        return timeit.timeit(lambda: subprocess.run([sys.executable, "-c", code], check=True), number=1)

    rounds = [{name: seconds_of(code) for name, code in codes.items()} for _ in range(16)][1:]
    return {name: median(times[name] for times in rounds) for name in codes}


def main() -> None:
    """Print a line for each picture, then one for the imports."""
    say = sys.stdout.write
    with tempfile.TemporaryDirectory() as folder:
        for name, data in PICTURES.items():
            file = Path(folder) / name
            file.write_bytes(data)
            times = {way: seconds(run) for way, run in ways_to_measure(file).items()}
            reference = times["read_image_header"]
            ratios = "  ".join(f"{way} {time / reference:.2f}" for way, time in times.items())
            say(f"{name:12} {reference * 1e6:5.1f} µs = 1: {ratios}\n")
    for name, data in PIXELS.items():
        times = {way: min(timeit.repeat(run, number=3, repeat=5)) for way, run in ways_to_read(data).items()}
        ratios = "  ".join(f"{way} {time / times['SHA-256']:.2f}" for way, time in times.items())
        say(f"{name:16} {times['SHA-256'] / 3 * 1e3:5.2f} ms = 1: {ratios}\n")
    times = processes()
    for name, time in times.items():
        say(f"import {name}: {time / times['pass']:.2f} × python -c pass\n")


if __name__ == "__main__":
    main()
