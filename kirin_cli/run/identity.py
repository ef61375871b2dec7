"""The identity of a job: its external task id, the same for the same request; and which shard takes it."""

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from functools import lru_cache, partial
from typing import Final

from kirin_cli.errors import UsageError
from kirin_cli.jobs.placeholders import JobReference
from kirin_cli.media.local_files import sha256
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.types import MediaFile
from kirin_cli.normal_forms import normalize_line_ends, normalize_name
from kirin_cli.redaction import mask_all
from kirin_cli.tree import map_leaves

CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
EXTERNAL_ID_PREFIX: Final = "krn1-"
EXTERNAL_ID_LENGTH: Final = 26
NO_REFERENCES: Final[Mapping[str, str]] = {}
_SHIFTS: Final = range(5 * (EXTERNAL_ID_LENGTH - 1), -1, -5)
_make_encoder: Final = partial(
    json.JSONEncoder, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
)
_ENCODE: Final = _make_encoder().encode


def request_text(
    model_id: str,
    values: Mapping[str, object],
    needs: Mapping[str, str] = NO_REFERENCES,
    secrets: Collection[str] = (),
) -> str:
    """The request as canonical JSON, files and Base64 by their SHA-256: what the ledger and the sidecar keep.

    `needs` holds the identities of the jobs that the values refer to, by name. All line ends in it are line feeds,
    whatever editor or spreadsheet wrote them. The values `secrets` stand in it by the start of their SHA-256
    (fault X2). Raises LocalError if a file cannot be read any more.
    """
    if not needs and not secrets:  # most requests: encoded without a copy
        text = _ENCODE_WITH_MEDIA({"model": model_id, "params": values})
        if r"\r" not in text:  # as JSON writes a carriage return
            return text
    params = hash_media(values, needs)
    return canonical_json({"model": model_id, "params": map_leaves(params, mask_all(secrets)) if secrets else params})


def derive_external_id(origin: str, request: str, *, scope: str, job: str, take: int, attempt: int = 1) -> str:
    """`krn1-` and 26 characters of Crockford's base32: the same for the same intent on every machine.

    `origin` and `job` are in their normal forms (normal_forms.py), `request` is text of `canonical_json`.
    """
    first = (
        f'"attempt":{attempt},' if attempt > 1 else ""
    )  # the first has the id that it had before there were attempts
    job, origin, scope = map(_ENCODE, (job, origin, scope))
    # Canonical JSON of all this, written by hand: most of its text is the request, which is canonical already.
    identity = f'{{{first}"job":{job},"origin":{origin},"request":{request},"scope":{scope},"take":{take}}}'
    digest = int.from_bytes(hashlib.sha256(identity.encode()).digest(), "big") >> (256 - 5 * EXTERNAL_ID_LENGTH)
    return EXTERNAL_ID_PREFIX + "".join([CROCKFORD[digest >> shift & 31] for shift in _SHIFTS])


IdentityKey = tuple[str, int, str, str]
"""Job, take, scope and request: what all attempts of one take have in common at one service."""


def identity_key(job: str, take: int, scope: str, request: str) -> IdentityKey:
    """The key in normal forms; `request` is text of `request_text`, of this kirin or an earlier one."""
    if "\\r" in request:  # as JSON writes it
        request = canonical_json(map_leaves(json.loads(request), normalize_line_ends))
    return normalize_name(job), take, scope, request


def canonical_json(tree: object) -> str:
    """JSON with sorted keys and without white space; equal trees give equal text."""
    return _ENCODE(tree)


@lru_cache(maxsize=4096)
def media_digest(media_file: MediaFile) -> str:
    """The SHA-256 of a media file, computed once for each state of its file. Raises LocalError."""
    return sha256(media_file)


def hash_media(tree: object, needs: Mapping[str, str] = NO_REFERENCES) -> object:
    """The tree with media replaced: URLs by their text, results of other jobs by `{"job": …}`, else `{"sha256": …}`.

    All line ends in texts are line feeds.
    """

    def replacement(leaf: object) -> object:
        if type(leaf) is str:
            return normalize_line_ends(leaf) if "\r" in leaf else leaf
        value = leaf.given if isinstance(leaf, MediaFile) and leaf.form == "url" else leaf
        if isinstance(value, MediaFile):
            return {"sha256": media_digest(value)}
        return {"job": needs[value.job]} if isinstance(value, JobReference) else normalize_line_ends(value)

    return map_leaves(tree, replacement)


def _hash_media_file(leaf: object) -> object:
    """As `hash_media`, of what JSON has no words for."""
    if isinstance(leaf, MediaFile) and leaf.form == "url" and type(leaf.given) is str:  # most pictures
        return leaf.given
    return hash_media(leaf)


_ENCODE_WITH_MEDIA: Final = _make_encoder(default=_hash_media_file).encode


class Shard(Record, eq=True):
    """Part `index` (from 1) of `total`."""

    index: int
    total: int

    def takes(self, identity: str) -> bool:
        """Whether the job with this identity belongs to the part."""
        digest = hashlib.sha256(identity.encode()).digest()
        return int.from_bytes(digest[:8], "big") % self.total == self.index - 1

    def __str__(self) -> str:
        return f"{self.index}/{self.total}"


class CiSystem(Record, eq=True):
    """A CI system: the variables of its index (counted from `first`) and of its total ("" where it gives none)."""

    name: str
    index: str
    total: str
    first: int


CI_SYSTEMS: Final = (
    CiSystem("GitLab", "CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
    CiSystem("CircleCI", "CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
    CiSystem("Buildkite", "BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0),
    CiSystem("AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", 0),
    CiSystem("Cloud Run", "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT", 0),
    CiSystem("Slurm", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", -1),
    CiSystem("Kubernetes", "JOB_COMPLETION_INDEX", "", 0),
)
SLURM_MIN_VARIABLE: Final = "SLURM_ARRAY_TASK_MIN"
SLURM_STEP: Final = "SLURM_ARRAY_TASK_STEP"
NUMBER: Final = "[0-9]{1,6}"
MAX_SHARDS: Final = 100_000


def parse_shard(text: str, environ: Mapping[str, str]) -> Shard:
    """The part that `--shard` names. Raises UsageError for nonsense, and for `auto` where nobody gives the numbers."""
    word = text.strip().lower()
    if match := re.fullmatch(rf"({NUMBER})/({NUMBER})", word):
        return _checked(int(match[1]), int(match[2]), text)
    automatic = re.fullmatch(rf"auto(?:/({NUMBER}))?", word)
    if automatic is None:
        raise UsageError(f"--shard is {text!r}; it must be I/N such as 2/5, auto, or auto/N")
    for system in CI_SYSTEMS:
        index = environ.get(system.index, "")
        count = automatic[1] or environ.get(system.total, "")
        if re.fullmatch(NUMBER, index) and re.fullmatch(NUMBER, count):
            return _checked(_position(system, int(index), environ), int(count), f"auto ({system.name})")
    names = ", ".join(system.name for system in CI_SYSTEMS if system.total)
    hint = f"known are {names}; Kubernetes gives the index only: --shard auto/N"
    raise UsageError("--shard auto: no CI system here gives the numbers of a shard", hint=hint)


def _position(system: CiSystem, index: int, environ: Mapping[str, str]) -> int:
    """Which part the index means, from 1; 0 for none. For Slurm the array says where it begins and how it goes on."""
    if system.first >= 0:
        return index - system.first + 1
    texts = [environ.get(name, "") for name in (SLURM_MIN_VARIABLE, SLURM_STEP)]
    first, step = (int(text) if re.fullmatch(NUMBER, text) else 1 for text in texts)
    position, odd = divmod(index - first, step or 1)
    return 0 if odd else position + 1


def _checked(index: int, total: int, text: str) -> Shard:
    if not 1 <= index <= total <= MAX_SHARDS:
        raise UsageError(f"--shard {text}: {index} of {total} is no shard; the index counts from 1")
    return Shard(index, total)
