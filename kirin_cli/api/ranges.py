"""What an answer to a request for a file, or for its rest, may be used for (RFC 9110, 14 and 15). Moves no bytes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", re.ASCII | re.IGNORECASE)
UNSATISFIED = re.compile(r"bytes \*/(\d{1,18})", re.ASCII | re.IGNORECASE)
STRONG = re.compile(r'"[^"]+"')


class Step(Enum):
    """What to do with an answer."""

    WHOLE = "its body is the file from its first byte"
    REST = "its body goes on where the bytes so far end"
    FINISH = "there is no rest: the bytes so far are the file"
    ODD = "it fits nothing that was asked: start again, and ask for no rest any more"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a file: how many bytes are here, its length, and the strong ETag they came with.

    `framed` says that the server marks the end of the file, so that a cut is noticed.
    """

    size: int = 0
    total: int | None = None
    etag: str = ""
    framed: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """What to ask: for the rest where a strong ETag proves that it is a rest, else for everything."""
        return {"Range": f"bytes={self.size}-", "If-Range": self.etag} if self.size and self.etag else {}


def judge(status: int, headers: Mapping[str, str], so_far: Known) -> Step:
    """What the answer to a request with `so_far.headers` is good for; never splices two files (D2-D4)."""
    asked = bool(so_far.headers)
    if status == 200:
        return Step.WHOLE
    if status == 206 and asked and _continues(headers, so_far):
        return Step.REST
    if status == 416 and asked:
        whole = UNSATISFIED.fullmatch(headers.get("Content-Range", "").strip())
        return Step.FINISH if whole and int(whole[1]) == so_far.size else Step.ODD
    return Step.ODD


def learn(headers: Mapping[str, str], *, resumable: bool = True) -> Known:
    """What the head of a whole answer says of its file; its ETag only where a rest may be asked for."""
    length, etag = headers.get("Content-Length", ""), headers.get("ETag", "").strip()
    chunked = "Transfer-Encoding" in headers
    total = int(length.partition(",")[0]) if length and not chunked else None
    strong = resumable and STRONG.fullmatch(etag)
    return Known(0, total, etag if strong else "", framed=chunked or total is not None)


def total_of(headers: Mapping[str, str]) -> int:
    """The length of the file of which an answer that was judged REST is a part."""
    return int(headers["Content-Range"].rpartition("/")[2])


def _continues(headers: Mapping[str, str], so_far: Known) -> bool:
    found = CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
    if not found:
        return False
    first, last, total = map(int, found.groups())
    return (
        first == so_far.size <= last < total
        and total == (total if so_far.total is None else so_far.total)
        and headers.get("ETag", so_far.etag).strip() == so_far.etag
        and headers.get("Content-Length", str(last - first + 1)) == str(last - first + 1)
    )
