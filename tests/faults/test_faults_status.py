"""What the words of an answer mean, and which of its items are files (faults P10, S8 and D16)."""

import json
import zlib
from typing import Any

import pytest
from faults.bench import CLIP, Bench
from loopback import faults
from loopback.files import clip

from kirin_cli.ledger.states import LedgerState
from kirin_cli.run.events import Notice, Retrying


def answers(machine: Bench, **fields: Any) -> None:
    """Every query is answered with these fields laid over the usual answer; one that is ... is left out."""
    machine.api.api.statuses = ("in_progress",)
    removed = tuple(name for name, value in fields.items() if value is ...)
    kept = {name: value for name, value in fields.items() if value is not ...}

    def change(payload: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in (payload | kept).items() if name not in ("progress", *removed)}

    machine.api.script(
        "GET",
        then=faults.altered(
            lambda _request, honest: honest_with(honest, change),
        ),
    )


def honest_with(honest: Any, change: Any) -> Any:
    if honest.status != 200:
        return honest
    return faults.given_answer(200, change(json.loads(bytes(honest.body))))


def output(machine: Bench, *items: Any) -> list[dict[str, Any]]:
    return [{"content": list(items or ({"type": "video", "url": machine.cdn.url("/result.mp4")},))}]


ERROR = {"code": "7", "message": "watermark could not be removed"}


@pytest.mark.parametrize("word", ["success", "SUCCEEDED", " done ", "completed", ..., None, ""])
def test_P10_a_word_for_success_with_a_url_or_a_url_without_a_word_is_generated(machine: Bench, word: Any) -> None:
    answers(machine, status=word, output=output(machine), usage={"cost": "0.28"})
    result = machine.run(timeout=60.0)
    assert (result.exit_code, result.outcome.state, str(result.outcome.cost)) == (0, "done", "0.28")
    assert result.outcome.outputs[0].path.read_bytes() == CLIP


@pytest.mark.parametrize("word", ["completed", "success"])
def test_P10_an_error_beside_a_url_is_shown_and_the_file_fetched(machine: Bench, word: str) -> None:
    answers(machine, status=word, output=output(machine), error=ERROR)
    result = machine.run(timeout=60.0)
    assert (result.exit_code, result.outcome.state) == (0, "done")
    assert [ERROR["message"] in notice.text for notice in result.of(Notice)] == [True]


@pytest.mark.parametrize("word", ["completed", "Success", "succeeded", "done", ...])
def test_P10_an_error_without_a_url_is_a_failure_with_that_error(machine: Bench, word: Any) -> None:
    answers(machine, status=word, output=[], error=ERROR)
    result = machine.run(timeout=60.0)
    assert (result.exit_code, result.outcome.state) == (1, "failed")
    assert ERROR["message"] in result.outcome.error.message


@pytest.mark.parametrize("word", ["error", "cancelled", "CANCELED", "expired", "rejected"])
@pytest.mark.parametrize(
    ("more", "shown"),
    [({"error": ERROR}, ERROR["message"]), ({"message": "the queue is full"}, "the queue is full"), ({}, "")],
    ids=["error", "message", "nothing"],
)
def test_P10_a_word_for_failure_ends_the_task_with_what_the_answer_says(
    machine: Bench, word: str, more: dict[str, Any], shown: str
) -> None:
    answers(machine, status=word, **more)
    result = machine.run(timeout=60.0)
    assert (result.exit_code, result.outcome.state) == (1, "failed")
    assert (shown or word) in result.outcome.error.message
    again = machine.run()
    assert (again.exit_code, again.outcome.error.message, machine.posts) == (1, result.outcome.error.message, 1)


@pytest.mark.parametrize(("cost", "charged"), [("0.28", "yes"), ("0", "no"), (None, "no")])
def test_P10_a_failure_that_cost_something_says_so(machine: Bench, cost: str | None, charged: str) -> None:
    answers(machine, status="failed", error=ERROR, usage={"cost": cost})
    result = machine.run(timeout=60.0)
    assert (result.exit_code, result.outcome.error.charged) == (1, charged)
    assert str(result.outcome.cost) == ("0.28" if charged == "yes" else "None")


@pytest.mark.parametrize("word", ["success", "succeeded", "done"])
def test_P10_a_word_for_success_without_a_url_is_waited_for_as_a_late_file(machine: Bench, word: str) -> None:
    machine.api.api.statuses = ({"status": word},) * 6 + ({"status": word, "output": output(machine)},)
    result = machine.run()
    assert (result.exit_code, result.outcome.state, machine.posts) == (0, "done", 1)
    assert result.seconds > 15


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "finalizing"},
        {"status": ..., "progress": 0.4},
        {"status": "in_queue"},
        {"status": ...},
        {"status": "completed", "error": {"code": 0, "message": "success"}, "output": []},
    ],
    ids=["unknown word", "progress alone", "in_queue", "nothing", "an error that is none"],
)
def test_P10_whatever_else_is_said_fails_no_task(machine: Bench, fields: dict[str, Any]) -> None:
    answers(machine, **fields)
    assert machine.run(timeout=60.0).exit_code == 8
    assert machine.entries()[0].state in {LedgerState.RUNNING, LedgerState.FETCHING}


@pytest.mark.parametrize(
    "answer",
    [{"status": "error", "message": "overloaded"}, {"error": "try later"}, {"status": "expired"}],
    ids=str,
)
def test_P10_an_error_that_names_no_task_fails_none(machine: Bench, answer: dict[str, str]) -> None:
    machine.api.script("GET", faults.answer(200, answer))
    result = machine.run()
    assert (result.exit_code, machine.posts) == (0, 1)
    assert len(result.of(Retrying)) == 1


def test_P10_a_failure_after_completion_takes_nothing_back(machine: Bench) -> None:
    machine.cdn.script("GET", faults.answer(404))
    machine.api.api.statuses = ("completed", {"status": "expired", "error": "the file was removed"}, "completed")
    result = machine.run()
    assert (result.exit_code, machine.posts) == (0, 1)
    assert any("the file was removed" in retry.reason for retry in result.of(Retrying))


@pytest.mark.parametrize("create", [True, False])
def test_S8_the_words_of_a_200_with_an_error_stand_in_every_message(machine: Bench, create: bool) -> None:
    refusal = faults.answer(200, {"error": {"code": 9, "message": "insufficient magic"}}, create=create)
    machine.api.script("POST", then=refusal)
    machine.api.script("GET", None, then=faults.answer(500))
    result = machine.run(timeout=30.0)
    assert (result.exit_code, result.outcome.state, result.outcome.error.charged) == (6, "unknown", "maybe")
    assert "insufficient magic" in result.outcome.error.message
    assert "insufficient magic" in result.of(Retrying)[0].reason
    assert "insufficient magic" in machine.run(timeout=30.0).outcome.error.message
    machine.api.forget_scripts()
    assert machine.run().exit_code == 0
    assert machine.entries()[0].error == ""


LABELS = ["video_url", "Video_Watermark", "", None, "result", 7, "audio"]


@pytest.mark.parametrize("label", LABELS)
def test_D16_an_item_with_a_url_is_a_result_whatever_its_type(machine: Bench, label: Any) -> None:
    answers(machine, status="completed", output=output(machine, {"type": label, "url": machine.cdn.url("/result.mp4")}))
    result = machine.run()
    assert (result.exit_code, len(result.outcome.outputs)) == (0, 1)
    expected = {"": "video", None: "video", 7: "7"}.get(label, str(label).lower())
    assert result.outcome.outputs[0].type == expected


SHAPES = {
    "one object": lambda url: {"content": {"type": "video", "url": url}},
    "bare items": lambda url: [{"url": url}],
    "nested lists": lambda url: [[[{"content": [[{"url": url}]]}]]],
    "the item itself": lambda url: {"url": url},
    "a bare URL": lambda url: url,
    "bare URLs": lambda url: [url, url],
    "an object in the item": lambda url: [{"content": [{"type": "video_url", "video_url": {"url": url}}]}],
    "the same URL twice": lambda url: [{"content": [{"url": url}]}, {"content": [{"type": "video", "url": url}]}],
}


@pytest.mark.parametrize("name", SHAPES)
def test_D16_the_result_is_found_in_every_shape_and_fetched_once(machine: Bench, name: str) -> None:
    answers(machine, status="completed", output=SHAPES[name](machine.cdn.url("/result.mp4")))
    result = machine.run(timeout=60.0)
    assert (result.exit_code, len(result.outcome.outputs), len(machine.cdn.truth.of("GET"))) == (0, 1, 1)


def several(machine: Bench) -> list[bytes]:
    files = [CLIP, clip(21_000, seed=1), clip(22_000, seed=2)]
    paths = ["/result.mp4", "/b.mp4", "/c.mov"]
    labels = ["video", "video_watermark", None]
    for path, data in zip(paths[1:], files[1:], strict=True):
        machine.cdn.serve_file(path, data)
    items = [{"type": label, "url": machine.cdn.url(path)} for label, path in zip(labels, paths, strict=True)]
    answers(machine, status="success", output=output(machine, *items))
    return files


def test_D16_every_one_of_several_is_fetched_under_its_own_name(machine: Bench) -> None:
    files = several(machine)
    result = machine.run()
    assert (result.exit_code, [o.path.read_bytes() for o in result.outcome.outputs]) == (0, files)
    assert [o.type for o in result.outcome.outputs] == ["video", "video_watermark", "video"]
    note = json.loads((machine.renders / "rain.json").read_text())
    assert (note["files"], len(note["outputs"])) == (3, 3)
    assert (machine.run().outcome.state, len(machine.cdn.truth.of("GET"))) == ("skipped", 3)


@pytest.mark.parametrize("missing", ["/result.mp4", "/b.mp4", "/c.mov"])
def test_D16_what_can_be_fetched_is_fetched_though_another_is_missing(machine: Bench, missing: str) -> None:
    files = several(machine)
    machine.cdn.script(f"GET {missing}", then=faults.answer(404))
    result = machine.run()
    assert (result.exit_code, result.outcome.state, len(result.outcome.outputs)) == (7, "expired", 2)
    assert len(list(machine.renders.glob("*.m*"))) == 2
    assert [path.name for path in machine.renders.glob("*.json")] == ["rain.json"]
    fetched = len(machine.cdn.truth.of("GET")) - len(machine.cdn.truth.of(f"GET {missing}"))
    assert fetched == 2
    machine.cdn.forget_scripts()
    again = machine.run()
    assert (again.exit_code, [o.path.read_bytes() for o in again.outcome.outputs]) == (0, files)


PACKED = {
    "gzip": faults.gzipped(),
    "deflate": faults.altered(
        lambda _, honest: faults.given_answer(
            honest.status, zlib.compress(bytes(honest.body)), {"Content-Encoding": "deflate"}
        )
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PACKED)
def test_S8_an_answer_in_gzip_is_read_though_nobody_asked_for_it(machine: Bench, name: str) -> None:
    machine.api.script("*", then=PACKED[name])
    result = machine.run()
    assert (result.exit_code, machine.posts, result.of(Retrying)) == (0, 1, [])


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_S8_a_creation_whose_answer_cannot_be_unpacked_is_queried(machine: Bench, coding: str) -> None:
    hidden = faults.altered(lambda _, __: faults.given_answer(200, b"\x0b\x02\x80", {"Content-Encoding": coding}))
    machine.api.script("POST", hidden)
    result = machine.run()
    assert (result.exit_code, machine.posts, machine.api.truth.created()) == (0, 1, 1)
    assert any("packed" in retry.reason for retry in result.of(Retrying))
