"""What makes a job the same job: its external task id, derived from what it asks for (SUBMISSION "The external id")."""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from kirin_cli import media
from kirin_cli.jobs.reference import Reference
from kirin_cli.spec.medium import Medium

CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 26
NOTHING: Final[Mapping[str, str]] = {}


def request_text(model_id: str, values: Mapping[str, object], needs: Mapping[str, str] = NOTHING) -> str:
    """The request as canonical JSON, files and Base64 by their SHA-256: what the ledger and the sidecar keep.

    `needs` holds the identities of the jobs that the values refer to, by name. Raises LocalFault if a file cannot be
    read any more.
    """
    return canonical({"model": model_id, "params": hashed(values, needs)})


def external_id(origin: str, request: str, *, scope: str, job: str, take: int) -> str:
    """`krn1-` and 26 characters of Crockford's base32: the same for the same intent on every machine."""
    identity = {"origin": origin, "request": json.loads(request), "scope": scope, "job": job, "take": take}
    digest = int.from_bytes(hashlib.sha256(canonical(identity).encode()).digest(), "big") >> (256 - 5 * LENGTH)
    return "krn1-" + "".join(CROCKFORD[digest >> (5 * place) & 31] for place in reversed(range(LENGTH)))


def canonical(tree: object) -> str:
    """JSON with sorted keys and without white space; equal trees give equal text."""
    return json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


@lru_cache(maxsize=4096)
def digest(medium: Medium) -> str:
    """The SHA-256 of a medium, computed once for each state of its file. Raises LocalFault."""
    return media.sha256(medium)


def hashed(tree: object, needs: Mapping[str, str] = NOTHING) -> object:
    """The tree with media replaced: URLs by their text, results of other jobs by `{"job": …}`, else `{"sha256": …}`."""
    if isinstance(tree, Medium):
        return hashed(tree.given, needs) if tree.form == "url" else {"sha256": digest(tree)}
    if isinstance(tree, Reference):
        return {"job": needs[tree.job]}
    if isinstance(tree, Mapping):
        return {name: hashed(value, needs) for name, value in tree.items()}
    return [hashed(value, needs) for value in tree] if isinstance(tree, list) else tree
