"""Complete small pictures made with the standard library: any decoder opens them."""

import struct
import zlib


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
