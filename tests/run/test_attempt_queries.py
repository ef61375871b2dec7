"""What the service says about attempts before a run begins; where it does not say, nothing is sent."""

import pytest

from kirin_cli.errors import NotPermitted, ServiceUnreachable
from kirin_cli.run.attempt_queries import MAX_QUERIES, query_whether_known


class Answers:
    """A client whose queries are answered in turn, the last answer over and over."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), 0

    def query(self, _, **__):
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_a_service_that_does_not_say_is_asked_again_and_then_nothing_is_sent(api_result):
    slept = []
    unclear, found = api_result("unclear"), api_result("found")
    assert query_whether_known(Answers(unclear, found), "x", float, slept.append).id == "t1"
    assert query_whether_known(Answers(unclear, api_result("absent")), "x", float, slept.append) is None
    assert slept == [1.0, 1.0]
    client = Answers(unclear)
    with pytest.raises(ServiceUnreachable, match="nothing was sent"):
        query_whether_known(client, "x", float, slept.append)
    assert client.asked == MAX_QUERIES
    with pytest.raises(NotPermitted):
        query_whether_known(Answers(api_result("denied")), "x", float, slept.append)
