"""Which part of the jobs a machine takes: `--shard I/N`, by a stable hash, so that shards agree without talking.

`auto` takes both numbers from the CI system, `auto/N` only the index; nothing is taken unless it is asked for.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kirin_cli.errors import UsageError


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `index` (from 1) of `total`."""

    index: int
    total: int

    def takes(self, identity: str) -> bool:
        """Whether the job with this identity belongs to the part."""
        digest = hashlib.sha256(identity.encode()).digest()
        return int.from_bytes(digest[:8], "big") % self.total == self.index - 1

    def __str__(self) -> str:
        return f"{self.index}/{self.total}"


@dataclass(frozen=True, slots=True)
class System:
    """A CI system: the variables of its index (counted from `first`) and of its total ("" where it gives none)."""

    name: str
    index: str
    total: str
    first: int


SYSTEMS: Final = (
    System("GitLab", "CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
    System("CircleCI", "CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
    System("Buildkite", "BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0),
    System("AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", 0),
    System("Cloud Run", "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT", 0),
    System("Slurm", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", -1),
    System("Kubernetes", "JOB_COMPLETION_INDEX", "", 0),
)
SLURM_LEAST: Final = "SLURM_ARRAY_TASK_MIN"
MOST: Final = 100_000


def shard_of(text: str, environ: Mapping[str, str]) -> Shard:
    """The part that `--shard` names. Raises UsageError for nonsense, and for `auto` where nobody gives the numbers."""
    word = text.strip().lower()
    if word == "auto" or word.startswith("auto/"):
        return _automatic(word.removeprefix("auto").removeprefix("/"), environ)
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", word)
    if match is None:
        raise UsageError(f"--shard is {text!r}; it must be I/N such as 2/5, auto, or auto/N")
    return _checked(int(match[1]), int(match[2]), text)


def _automatic(total: str, environ: Mapping[str, str]) -> Shard:
    for system in SYSTEMS:
        index = environ.get(system.index, "")
        count = total or environ.get(system.total, "")
        if index.isdigit() and count.isdigit():
            return _checked(int(index) - _first(system, environ) + 1, int(count), f"auto ({system.name})")
    known = ", ".join(system.name for system in SYSTEMS if system.total)
    hint = f"known are {known}; Kubernetes gives the index only: --shard auto/N"
    raise UsageError("--shard auto: no CI system here gives the numbers of a shard", hint=hint)


def _first(system: System, environ: Mapping[str, str]) -> int:
    """What the system calls its first index: for Slurm, the least of the array."""
    least = environ.get(SLURM_LEAST, "1")
    return system.first if system.first >= 0 else int(least) if least.isdigit() else 1


def _checked(index: int, total: int, text: str) -> Shard:
    if not 1 <= index <= total <= MOST:
        raise UsageError(f"--shard {text}: {index} of {total} is no shard; the index counts from 1")
    return Shard(index, total)
