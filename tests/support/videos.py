"""MP4 and MOV files in miniature, box by box: whatever a test wants a header to say. Uses nothing of the program."""

import struct
from collections.abc import Iterable

TURNS = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
FTYP = struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"mp41")
QUICKTIME = struct.pack(">I4s4sI4s", 20, b"ftyp", b"qt  ", 512, b"qt  ")


def box(kind: bytes, *parts: bytes, size: int | None = None) -> bytes:
    """One box; `size` is what it claims where that is a lie."""
    content = b"".join(parts)
    return struct.pack(">I4s", len(content) + 8 if size is None else size, kind) + content


def full(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    """A box with version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def clock(kind: bytes, scale: int, ticks: int, version: int = 0) -> bytes:
    """An mvhd or mdhd box."""
    times = struct.pack(">QQIQ" if version else ">IIII", 0, 0, scale, ticks)
    return full(kind, times, bytes(80), version=version)


def track_header(
    side: tuple[int, int], ticks: int, turn: int = 0, number: int = 1, version: int = 0, *, enabled: bool = True
) -> bytes:
    """A tkhd box; the sides are those before the turn."""
    a, b, c, d = (part << 16 for part in TURNS[turn])
    place = struct.pack(">QQIIQ" if version else ">IIIII", 0, 0, number, 0, ticks)
    matrix = struct.pack(">iiIiiIiiI", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    sides = struct.pack(">II", *(part << 16 for part in side))
    return full(b"tkhd", place, bytes(16), matrix, sides, version=version, flags=3 if enabled else 2)


def track(
    *,
    side: tuple[int, int] = (1280, 720),
    frames: Iterable[tuple[int, int]] = ((150, 512),),
    scale: int = 15360,
    turn: int = 0,
    number: int = 1,
    handler: bytes = b"vide",
    coded: tuple[int, int] = (1280, 720),
    version: int = 0,
    ticks: int | None = None,
    enabled: bool = True,
) -> bytes:
    """A trak box of a movie at 1000 ticks a second; `frames` are runs of (count, ticks), `ticks` its length."""
    runs = list(frames)
    own = sum(count * length for count, length in runs)
    length = own * 1000 // scale if ticks is None else ticks
    entry = box(b"avc1", bytes(24), struct.pack(">HH", *coded), bytes(50))
    times = full(b"stts", struct.pack(">I", len(runs)), b"".join(struct.pack(">II", *run) for run in runs))
    tables = box(b"stbl", full(b"stsd", struct.pack(">I", 1), entry), times)
    header = full(b"hdlr", bytes(4), handler, bytes(13))
    media = box(b"mdia", clock(b"mdhd", scale, own, version), header, box(b"minf", tables))
    return box(b"trak", track_header(side, length, turn, number, version, enabled=enabled), media)


def movie(*tracks: bytes, ticks: int = 5000, version: int = 0, more: bytes = b"") -> bytes:
    """A moov box at 1000 ticks a second."""
    return box(b"moov", clock(b"mvhd", 1000, ticks, version), *(tracks or (track(),)), more)


def video(*tracks: bytes, moov_last: bool = False, head: bytes = FTYP, data: int = 5000) -> bytes:
    """A whole file: by default 5 s of 1280 × 720 px at 30 frames a second."""
    parts = [movie(*tracks), box(b"mdat", bytes(data))]
    return head + b"".join(reversed(parts) if moov_last else parts)


def extends(usual: int, number: int = 1, announced: int = 0) -> bytes:
    """An mvex box: `usual` ticks a frame; `announced` ticks of the movie in all."""
    known = full(b"mehd", struct.pack(">I", announced)) if announced else b""
    return box(b"mvex", known, full(b"trex", struct.pack(">IIIII", number, 1, usual, 0, 0)))


def fragment(
    count: int, *, number: int = 1, own: int = 0, each: Iterable[int] = (), data: int = 3000, at: int | None = None
) -> bytes:
    """A moof and its mdat: `count` frames of the usual length, of `own` ticks, or as long as `each` says."""
    header = full(b"tfhd", struct.pack(">I", number), struct.pack(">I", own) if own else b"", flags=8 if own else 0)
    lengths = list(each)
    if lengths:
        entries = b"".join(struct.pack(">II", length, 99) for length in lengths)
        run = full(b"trun", struct.pack(">II", len(lengths), 0), entries, flags=0x301)
    else:
        run = full(b"trun", struct.pack(">I", count))
    start = b"" if at is None else full(b"tfdt", struct.pack(">Q", at), version=1)
    return box(b"moof", full(b"mfhd", bytes(4)), box(b"traf", header, start, run)) + box(b"mdat", bytes(data))


EMPTY = track(frames=(), ticks=0)
