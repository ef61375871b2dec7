"""What an answer, or the lack of one, means for a job apart from its task: words, an end for now, or another try."""

from typing import Final

from kirin_cli.api.client import Found, Posted, Queried
from kirin_cli.api.verdict import Verdict
from kirin_cli.errors import BalanceInsufficient, KirinError, NotPermitted, ServiceUnreachable
from kirin_cli.run import ends
from kirin_cli.run.course import Course, Next, Over

UNREACHABLE_AFTER: Final = 5
KEY_HINT: Final = "check KIRIN_API_KEY; `kirin run` again goes on with the jobs that were not sent"
BALANCE_HINT: Final = "top up the account; `kirin run` again goes on with the jobs that were not sent"
DENIALS: Final = frozenset({Found.DENIED, Found.NO_BALANCE})
FINAL: Final = frozenset({"tls", "forbidden_address"})
"""Faults that another try cannot mend: the other side could not prove who it is (fault S2)."""


def reason(answer: Posted | Queried) -> str:
    """What came back, in a few words."""
    if answer.fault:
        return answer.fault.message
    said = answer.failure.message if answer.failure else ""
    return ": ".join(filter(None, (f"HTTP {answer.status}", said)))


def denied(answer: Posted | Queried) -> KirinError:
    """Why the batch stops: the key, or the balance."""
    about_balance = isinstance(answer, Posted) and answer.verdict is Verdict.NO_BALANCE
    if about_balance or (isinstance(answer, Queried) and answer.kind is Found.NO_BALANCE):
        return BalanceInsufficient(f"the balance is insufficient: {reason(answer)}", hint=BALANCE_HINT)
    return NotPermitted(f"the service refuses the key: {reason(answer)}", hint=KEY_HINT)


def refused(course: Course, answer: Posted | Queried) -> Over:
    """The key or the balance will not do: nothing more is submitted, and this job waits for a better day."""
    halted = denied(answer)
    course.world.gate.halt(halted)
    return ends.pending(course, halted)


def unreached(course: Course, answer: Posted | Queried) -> Next:
    """Nothing has left, for certain: try again a few times, unless that cannot help."""
    final = answer.fault is not None and answer.fault.kind in FINAL
    if final or course.failures + 1 >= UNREACHABLE_AFTER or not course.world.gate.spend_retry():
        return ends.pending(course, ServiceUnreachable(f"the service could not be reached: {reason(answer)}"))
    return course.again("submit", reason(answer))
