"""How a value reads inside other text: in prompts, in names of jobs, in messages. Knows no job."""

import json
from math import isfinite
from typing import Final
from zlib import crc32

MOST_SHOWN: Final = 40
"""Characters of a value in the name of a job; a longer one is cut and told apart by a checksum."""


def written(value: object) -> str:
    """A scalar as YAML would have it: `std`, `0.3`, `true`, `null`; anything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False, default=str)


def label(value: object) -> str:
    """The value as part of a job's name: on one line and short, different for different values."""
    whole = written(value)
    plain = " ".join(whole.split())
    if len(plain) <= MOST_SHOWN:
        return plain
    return f"{plain[: MOST_SHOWN - 5].rstrip()}…{crc32(whole.encode(errors='surrogatepass')) & 0xFFFF:04x}"
