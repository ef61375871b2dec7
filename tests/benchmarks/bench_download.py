"""Downloads beside curl: 200 MB, the same with its SHA-256, and eight at once; prints ratios of wall time.

cd tests && python -m benchmarks.bench_download      (needs curl and sha256sum)
"""

import subprocess
import tempfile
import threading
import time
from pathlib import Path

from loopback.files import clip
from loopback.service import Service

from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.download import Downloader

ROUNDS = 5


def median_of(work):
    times = []
    for number in range(ROUNDS):
        began = time.perf_counter()
        work(number)
        times.append(time.perf_counter() - began)
    return sorted(times)[ROUNDS // 2]


def at_once(works):
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def curls(url, folder, tag, count, *, hashed):
    def one(number):
        path = f"{folder}/{tag}-{number}"
        hashing = f" && sha256sum {path} >/dev/null" if hashed else ""
        subprocess.run(["sh", "-c", f"curl -s -o {path} {url}{hashing}"], check=True)

    at_once([lambda number=number: one(number) for number in range(count)])


def kirins(url, folder, tag, count):
    downloader = Downloader(NetworkSettings({}))
    at_once([
        lambda number=number: downloader.fetch(url, folder / f"{tag}-{number}.mp4", origin="127.0.0.1")
        for number in range(count)
    ])  # fmt: skip
    downloader.close()


def main():
    with Service() as cdn, tempfile.TemporaryDirectory() as top:
        folder = Path(top)
        large, small = cdn.serve_file("/large.mp4", clip(200_000_000)), cdn.serve_file("/small.mp4", clip(25_000_000))
        for name, url, count in (("200 MB", large, 1), ("eight times 25 MB at once", small, 8)):
            plain = median_of(lambda n, u=url, c=count: curls(u, folder, f"c{c}-{n}", c, hashed=False))
            hashed = median_of(lambda n, u=url, c=count: curls(u, folder, f"h{c}-{n}", c, hashed=True))
            ours = median_of(lambda n, u=url, c=count: kirins(u, folder, f"k{c}-{n}", c))
            said = f"kirin, with hash and fsync {ours:.2f} s; ratio to curl {ours / plain:.2f}"
            print(f"{name}: {said}, to curl and sha256sum {ours / hashed:.2f}")


if __name__ == "__main__":
    main()
