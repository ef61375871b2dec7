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
SLURM_STEP: Final = "SLURM_ARRAY_TASK_STEP"
NUMBER: Final = "[0-9]{1,6}"
MOST: Final = 100_000


def shard_of(text: str, environ: Mapping[str, str]) -> Shard:
    """The part that `--shard` names. Raises UsageError for nonsense, and for `auto` where nobody gives the numbers."""
    word = text.strip().lower()
    if automatic := re.fullmatch(rf"auto(?:/({NUMBER}))?", word):
        return _automatic(automatic[1] or "", environ)
    match = re.fullmatch(rf"({NUMBER})/({NUMBER})", word)
    if match is None:
        raise UsageError(f"--shard is {text!r}; it must be I/N such as 2/5, auto, or auto/N")
    return _checked(int(match[1]), int(match[2]), text)


def _automatic(total: str, environ: Mapping[str, str]) -> Shard:
    for system in SYSTEMS:
        index = environ.get(system.index, "")
        count = total or environ.get(system.total, "")
        if re.fullmatch(NUMBER, index) and re.fullmatch(NUMBER, count):
            return _checked(_place(system, int(index), environ), int(count), f"auto ({system.name})")
    known = ", ".join(system.name for system in SYSTEMS if system.total)
    hint = f"known are {known}; Kubernetes gives the index only: --shard auto/N"
    raise UsageError("--shard auto: no CI system here gives the numbers of a shard", hint=hint)


def _place(system: System, index: int, environ: Mapping[str, str]) -> int:
    """Which part the index means, from 1; 0 for none. For Slurm the array says where it begins and how it goes on."""
    if system.first >= 0:
        return index - system.first + 1
    least, step = (environ.get(name, "") for name in (SLURM_LEAST, SLURM_STEP))
    begin, by = (int(text) if re.fullmatch(NUMBER, text) else 1 for text in (least, step))
    place, odd = divmod(index - begin, by or 1)
    return 0 if odd else place + 1


def _checked(index: int, total: int, text: str) -> Shard:
    if not 1 <= index <= total <= MOST:
        raise UsageError(f"--shard {text}: {index} of {total} is no shard; the index counts from 1")
    return Shard(index, total)
