"""Media formats by their first bytes and by file suffix. Knows the names only: measures nothing, opens nothing."""

import re

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_SIGNATURE = b"\xff\xd8\xff"
PICTURE_SUFFIXES = frozenset((".jpg", ".jpeg", ".png"))
VIDEO_SUFFIXES = frozenset((".mp4", ".mov"))

_OTHER_PICTURES = ("avif", "bmp", "gif", "heic", "heif", "jp2", "jxl", "pdf", "psd", "svg", "tif", "tiff", "webp")
_VIDEOS = (
    "3g2", "3gp", "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "mts", "ogv", "ts", "webm", "wmv",
)  # fmt: skip
# Any suffix not listed promises nothing (".php").
OTHER_SUFFIXES = frozenset(f".{name}" for name in (*_OTHER_PICTURES, *_VIDEOS))  # than of pictures that are taken
NO_VIDEO_SUFFIXES = (OTHER_SUFFIXES | PICTURE_SUFFIXES) - VIDEO_SUFFIXES

# How JPEG, PNG, GIF, WebP, TIFF (both byte orders) and PDF files begin in Base64.
BASE64_STARTS = ("/9j/", "iVBORw0KGgo", "R0lGOD", "UklGR", "SUkqA", "TU0AK", "JVBERi0")

HEAD = 64  # bytes that `detect_format` wants to see

# Tried in this order; a picture cut within its first bytes still counts as what it began to be.
_PATTERNS = tuple(
    (name, re.compile(pattern, re.DOTALL))
    for name, pattern in (
        ("gif", rb"GIF8[79]a"),
        ("webp", rb"RIFF....WEBP"),
        ("bmp", rb"BM....\0\0\0\0"),
        ("tiff", rb"II[*+]\0|MM\0[*+]"),
        ("avif", rb"....ftypavi[fs]"),
        ("heic", rb"....ftyp(?:hei|hev|mif|msf)"),
        ("mov", rb"....ftypqt  |....(?:moov|wide)"),
        ("mp4", rb"....ftyp"),
        ("jxl", rb"\xff\x0a|\0\0\0\x0cJXL "),
        ("pdf", rb"%PDF-"),
        ("svg", rb"\s*<(?:svg|\?xml)"),
        ("text", rb"[\t\n\r\x20-\x7e\x80-\xff]*\Z"),
    )
)


_POINTERS = (
    (b"version https://git-lfs.github.com/spec/", "a Git LFS pointer, not the file itself: git lfs pull"),
    (b"/annex/objects/", "a git-annex pointer, not the file itself: git annex get"),
)


def pointer_hint(head: bytes) -> str:
    """What a file of a checkout only points to, and the command that brings the file itself; "" for any other."""
    return next((hint for start, hint in _POINTERS if head.startswith(start)), "")


def detect_format(head: bytes) -> str:
    """The format that a file's first bytes announce (rule I2): "jpeg", "png", "gif", …, or "" for an unknown one."""
    if PNG_SIGNATURE.startswith(head[: len(PNG_SIGNATURE)]):
        return "png"
    if JPEG_SIGNATURE.startswith(head[: len(JPEG_SIGNATURE)]):
        return "jpeg"
    return next((name for name, pattern in _PATTERNS if pattern.match(head)), "")
