"""What a request body with four 10 MB images costs, beside Base64 of the same bytes in memory.

In tests/: python -m benchmarks.bench_upload. Prints ratios within this run (goals: <= 1.0, <= 2 MiB); asserts nothing.
"""

import base64
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from statistics import median

from support.pictures import png

from kirin_cli.media.detect import inspect_media
from kirin_cli.media.request_body import JsonBody

MB = 1024 * 1024
IMAGES = 4


def cpu(run: Callable[[], object]) -> float:
    """Seconds of CPU."""
    start = time.process_time()
    run()
    return time.process_time() - start


def main() -> None:
    """Print the ratio of CPU, interleaved, and the memory added."""
    data = png(640, 480, pad_to=10 * MB)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "cup.png").write_bytes(data)
        medium = inspect_media("cup.png", "image", Path(folder))
        tree = {"prompt": "a", "image_list": [{"image": medium}] * IMAGES}

        def send() -> int:
            return sum(map(len, JsonBody(tree)))

        def plain() -> list[int]:
            return [len(base64.b64encode(data)) for _ in range(IMAGES)]

        ratio = median(cpu(send) / cpu(plain) for _ in range(15))
        tracemalloc.start()
        send()
        peak = tracemalloc.get_traced_memory()[1]
    sys.stdout.write(f"CPU {ratio:.2f} × base64.b64encode of the bytes; {peak / MB:.2f} MiB added\n")


if __name__ == "__main__":
    main()
