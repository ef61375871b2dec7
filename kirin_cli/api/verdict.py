"""What the answer to a POST means for money: the table of SUBMISSION.md ("after a POST") as data. Sends nothing."""

import re
from enum import Enum

from kirin_cli.api.faults import TransportFault
from kirin_cli.wire.answers import Failure


class Verdict(Enum):
    """What became of one submission, and what may be done next."""

    ACCEPTED = "accepted"  # there is a task, and its id is known
    NOT_SENT = "not sent"  # certainly: the same id may be sent again
    RATE_LIMITED = "rate limited"  # certainly not created: the same id later
    REFUSED = "refused"  # certainly not created, and never will be as it is
    DENIED = "denied"  # the key: stop the batch
    NO_BALANCE = "no balance"  # the account: stop the batch
    DUPLICATE = "duplicate"  # the service says that it has this id: query
    AMBIGUOUS = "ambiguous"  # may have been created: query


REFUSALS = frozenset({400, 404, 413, 415, 422})
ID = r"external (?:task )?id"
DUPLICATE = re.compile(
    r"duplicat|already (?:exist|been|used|in use|taken|submitted|created|registered)|alreadyexist|重复|已存在|已被使用"
    rf"|{ID}.{{0,60}}(?:unique|used\b|repeat|taken|occupied|conflict|exists\b)"
    rf"|(?:unique|conflict|repeat|reused).{{0,40}}{ID}"
)
BALANCE = re.compile(
    r"balance|insufficient (?:fund|credit|quota|amount|account)|\bcredits?\b|\bfunds?\b|billing|payment|arrears|overdue"
    r"|top up|recharge|余额|欠费"
)
QUOTA = re.compile(r"quota|allowance|配额|额度")
RATE = re.compile(
    r"\brate\b|ratelimit|too many|concurren|parallel|frequen|per (?:second|minute|hour)|\b(?:qps|rpm|rps|tpm)\b|throttl"
)


def verdict(
    status: int | None, failure: Failure, *, has_task: bool, fault: TransportFault | None, sent_before: bool
) -> Verdict:
    """Classify what followed a POST.

    `status` is None where `fault` says why no answer came; `failure` is what the body says; `has_task` whether a task
    with a usable id was read from it; `sent_before` whether this external id may have reached the service earlier.
    """
    if fault or status is None:
        return Verdict.NOT_SENT if fault and fault.certainly_not_sent else Verdict.AMBIGUOUS
    if 200 <= status < 300 and has_task:
        return Verdict.ACCEPTED
    if status == 409 or (not 300 <= status < 400 and says_duplicate(failure)):
        return Verdict.DUPLICATE
    if status in {401, 402, 403}:
        return denial(status, failure)
    if status == 429:
        return Verdict.NO_BALANCE if is_about_balance(failure) else Verdict.RATE_LIMITED
    return Verdict.REFUSED if status in REFUSALS and not sent_before else Verdict.AMBIGUOUS


def denial(status: int, failure: Failure) -> Verdict:
    """Whether 401, 402 or 403 is about the key or about the balance."""
    broke = status == 402 or (status == 403 and is_about_balance(failure))
    return Verdict.NO_BALANCE if broke else Verdict.DENIED


def says_duplicate(failure: Failure) -> bool:
    """Whether the code or message says, in any spelling, that the external id is taken."""
    return bool(DUPLICATE.search(_words(failure)))


def is_about_balance(failure: Failure) -> bool:
    """Whether the code or message is about money or a used-up quota rather than about rate or permission."""
    words = _words(failure)
    return bool(BALANCE.search(words) or (QUOTA.search(words) and not RATE.search(words)))


def _words(failure: Failure) -> str:
    return re.sub(r"[\s_\-.]+", " ", f"{failure.code} {failure.message}").lower()
