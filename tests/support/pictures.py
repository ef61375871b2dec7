"""Complete small pictures made with the standard library: any decoder opens them."""

import random
import struct
import zlib
from collections.abc import Iterable

ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def png(width: int, height: int, pad_to: int | None = None) -> bytes:
    """An RGB PNG of one colour; `pad_to` is the wanted number of bytes, reached with a private chunk."""
    rows = (b"\0" + b"\x60\x90\xc0" * width) * height
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
    if pad_to is None:
        return head + body
    return head + chunk(b"prVt", bytes(pad_to - len(head) - len(body) - 12)) + body


def chunk(tag: bytes, data: bytes) -> bytes:
    """One PNG chunk with its length and checksum."""
    return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))


def jpeg(width: int = 640, height: int = 480, *, app_padding: int = 0) -> bytes:
    """A grey baseline JPEG; `app_padding` bytes of APP1 segments stand before the picture, as a camera writes them."""
    one_code = bytes([1]) + bytes(15) + b"\0"  # a Huffman table with one code: "0" means the value 0
    bits = 2 * (-(-width // 8)) * (-(-height // 8))  # each block: no change in brightness, end of block
    scan = bytes(bits // 8) + (bytes([0xFF >> bits % 8]) if bits % 8 else b"")
    sizes = [min(65_000, app_padding - start) for start in range(0, app_padding, 65_000)]
    return b"".join((
        b"\xff\xd8",
        *(segment(0xE1, b"x" * size) for size in sizes),
        segment(0xDB, b"\0" + b"\1" * 64),
        segment(0xC0, struct.pack(">BHHB3B", 8, height, width, 1, 1, 0x11, 0)),
        segment(0xC4, b"\x00" + one_code),
        segment(0xC4, b"\x10" + one_code),
        segment(0xDA, b"\1\1\0\0\x3f\0"),
        scan,
        b"\xff\xd9",
    ))  # fmt: skip


def segment(marker: int, data: bytes) -> bytes:
    """One JPEG segment with its length."""
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def noise_png(
    width: int, height: int, *, depth: int = 8, colour: int = 2, interlace: int = 0, step: int = 8192, seed: int = 1
) -> bytes:
    """A PNG of noise in any kind that PNG has; its stream stands in IDAT chunks of `step` bytes."""
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    passes = ADAM7 if interlace else ((0, 0, 1, 1),)
    shapes = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, y, dx, dy in passes]
    noise = random.Random(seed)
    rows = [
        b"\0" + noise.randbytes((columns * bits + 7) // 8)
        for columns, lines in shapes
        if columns > 0
        for _ in range(lines)
    ]
    stream = zlib.compress(b"".join(rows))
    palette = chunk(b"PLTE", bytes(3 * (1 << depth))) if colour == 3 else b""
    parts = [chunk(b"IDAT", stream[start : start + step]) for start in range(0, len(stream), step)]
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))
    return b"\x89PNG\r\n\x1a\n" + header + palette + b"".join(parts) + chunk(b"IEND", b"")


def png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Tag and content of each chunk of a whole PNG."""
    chunks, offset = [], 8
    while offset < len(data):
        length = int.from_bytes(data[offset : offset + 4])
        chunks.append((data[offset + 4 : offset + 8], data[offset + 8 : offset + 8 + length]))
        offset += 12 + length
    return chunks


def join_png(chunks: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A PNG of these chunks, each with the checksum that it should have."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(tag, content) for tag, content in chunks)


def half_png(width: int, height: int) -> bytes:
    """A PNG whose checksums are all right, and whose pixels end in the middle."""
    chunks = png_chunks(noise_png(width, height, step=1 << 20))
    return join_png((tag, content[: len(content) // 2] if tag == b"IDAT" else content) for tag, content in chunks)
