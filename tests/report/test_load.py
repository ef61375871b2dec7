"""Results found on the disk, and what they are together."""

import json
from pathlib import Path

import pytest
from support.report_data import job, noted, output, run, wrote

from kirin_cli.errors import UsageError
from kirin_cli.report.load import load_results, merge_results, missing_shards
from kirin_cli.run import outputs


def test_a_folder_of_videos_is_a_result(tmp_path):
    noted(tmp_path)
    (tmp_path / "package.json").write_text("{}")
    data = merge_results(load_results([tmp_path]))
    (one,) = data["jobs"]
    assert (one["name"], one["state"], one["prompt"], one["cost_usd"]) == ("harbour", "done", "Neon rain", "0.28")
    assert one["times"] == {"submitted": "2026-11-20T09:00:10.000+00:00"}
    assert one["outputs"][0]["path"] == str(tmp_path / "harbour.mp4")
    assert data["totals"] == {
        "jobs": 1, "done": 1, "failed": 0, "skipped": 0, "pending": 0, "unknown": 0, "cost_usd": "0.28",
    }  # fmt: skip


def test_a_sidecar_whose_video_is_gone_is_pending(tmp_path):
    noted(tmp_path)
    (tmp_path / "harbour.mp4").unlink()
    data = merge_results(load_results([tmp_path]))
    assert (data["jobs"][0]["state"], data["exit_code"]) == ("pending", 8)


def test_the_result_of_a_run_gives_the_same_run_again(tmp_path):
    data = run(job("a"), job("b", state="failed", cost_usd=None), exit_code=1)
    again = merge_results(load_results([wrote(tmp_path / "r.json", data)]))
    assert {name: again[name] for name in ("run_id", "jobs", "exit_code", "started_at", "ended_at")} == {
        name: data[name] for name in ("run_id", "jobs", "exit_code", "started_at", "ended_at")
    }
    assert again["totals"]["failed"] == 1


def test_a_sidecar_does_not_take_the_place_of_the_run_that_made_it(tmp_path):
    noted(tmp_path)
    path = str(tmp_path / "harbour.mp4")
    wrote(tmp_path / "run.json", run(job(outputs=[output(path)], line=17)))
    (one,) = merge_results(load_results([tmp_path]))["jobs"]
    assert one["line"] == 17


def test_a_job_counts_once_as_it_stands_best(tmp_path):
    first = run(job("a", state="pending"), job("b"), exit_code=8, ended_at="2026-11-20T09:00:00Z")
    second = run(job("a"), job("b", state="skipped"), run_id="def", ended_at="2026-11-20T10:00:00Z")
    data = merge_results(load_results([wrote(tmp_path / "1.json", first), wrote(tmp_path / "2.json", second)]))
    assert [one["state"] for one in data["jobs"]] == ["done", "done"]
    assert data["totals"]["cost_usd"] == "0.56"
    assert data["run_id"] == "abc123, def"


def test_videos_are_found_where_the_results_were_moved_to(tmp_path):
    wrote(tmp_path / "shard-1" / "r.json", run(job("a"), job("b", outputs=[output("/gone/b.mp4")])))
    (tmp_path / "shard-1" / "renders").mkdir()
    for path in ("renders/a.mp4", "b.mp4"):
        (tmp_path / "shard-1" / path).write_bytes(b"abcd")
    paths = [one["outputs"][0]["path"] for one in merge_results(load_results([tmp_path]))["jobs"]]
    assert paths == [str(tmp_path / "shard-1" / "renders" / "a.mp4"), str(tmp_path / "shard-1" / "b.mp4")]


def test_jobs_of_shards_come_in_the_order_of_their_file(tmp_path):
    for shard, lines in ((1, (9, 4)), (2, (30, 6))):
        found = [job(f"line{line}", line=line) for line in lines]
        wrote(tmp_path / f"{shard}.json", run(*found, shard={"index": shard, "total": 2}))
    data = merge_results(load_results([tmp_path]))
    assert [one["line"] for one in data["jobs"]] == [4, 6, 9, 30]


def test_jobs_of_one_matrix_come_in_its_order_whichever_shard_made_them(tmp_path):
    for shard, positions in ((1, (3, 5)), (2, (6, 2)), (3, (4, 1))):
        found = [job(f"city[{position}]", position=position) for position in positions]
        wrote(tmp_path / f"{shard}.json", run(*found, shard={"index": shard, "total": 3}))
    data = merge_results(load_results([tmp_path]))
    assert [one["position"] for one in data["jobs"]] == [1, 2, 3, 4, 5, 6]


def test_pictures_are_found_where_the_results_were_moved_to(tmp_path):
    given = {"param": "image", "path": "../media/fox.png", "bytes": 4, "sha256": "00"}
    gone = {**given, "path": "/gone/cat.png"}
    wrote(tmp_path / "all" / "r.json", run(job("a", inputs=[given, gone])))
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "fox.png").write_bytes(b"abcd")
    (one,) = merge_results(load_results([tmp_path / "all"]))["jobs"]
    assert [file["path"] for file in one["inputs"]] == [str(tmp_path / "media" / "fox.png"), "/gone/cat.png"]


def test_pictures_are_found_in_the_checkout_that_a_result_was_brought_to(tmp_path, monkeypatch):
    given = {"param": "image", "path": "../media/fox.png", "bytes": 4, "sha256": "00"}
    result = wrote(tmp_path / "all" / "results" / "r.json", run(job("a", inputs=[given, {**given, "bytes": 5}])))
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "fox.png").write_bytes(b"abcd")
    monkeypatch.chdir(tmp_path)
    (one,) = merge_results(load_results([result]))["jobs"]
    assert [file["path"] for file in one["inputs"]] == [str(Path("media", "fox.png")), "../media/fox.png"]


def test_missing_shards_are_named(tmp_path):
    for index in (1, 3):
        wrote(tmp_path / f"{index}.json", run(job(str(index)), shard={"index": index, "total": 4}, exit_code=1))
    data = merge_results(load_results([tmp_path]))
    assert missing_shards(data) == [2, 4]
    assert data["shards"] == {"total": 4, "present": [1, 3], "missing": [2, 4]}
    assert data["exit_code"] == 1


def test_joining_again_does_not_count_what_was_joined_before(tmp_path):
    wrote(tmp_path / "1.json", run(job("1"), shard={"index": 1, "total": 2}))
    wrote(tmp_path / "all.json", merge_results(load_results([tmp_path])))
    wrote(tmp_path / "2.json", run(job("2"), shard={"index": 2, "total": 2}, run_id="def"))
    data = merge_results(load_results([tmp_path]))
    assert (data["exit_code"], data["run_id"], missing_shards(data)) == (0, "abc123, def", [])


def test_a_run_without_all_its_shards_has_not_ended_well(tmp_path):
    wrote(tmp_path / "1.json", run(job(), shard={"index": 1, "total": 2}))
    assert merge_results(load_results([tmp_path]))["exit_code"] == 8


@pytest.mark.parametrize("shards", [[(1, 3), (1, 4)], [(5, 4)], [(0, 4)], [(1, 10**9)]])
def test_shards_that_do_not_fit_together_are_refused(tmp_path, shards):
    for number, (index, total) in enumerate(shards):
        wrote(tmp_path / f"{number}.json", run(shard={"index": index, "total": total}))
    with pytest.raises(UsageError, match="shard"):
        merge_results(load_results([tmp_path]))


@pytest.mark.parametrize(
    ("codes", "together"),
    [([0, 1], 1), ([1, 130], 130), ([0, 9, 143], 9), ([2, 0], 2), ([7, 6], 6), ([77], 0), ([70, 9], 70)],
)
def test_the_gravest_exit_code_is_that_of_all(tmp_path, codes, together):
    for number, code in enumerate(codes):
        wrote(tmp_path / f"{number}.json", run(exit_code=code))
    assert merge_results(load_results([tmp_path]))["exit_code"] == together


DEEP = '{"run_id": "a", "jobs": [{"name": "a", "params": {"x": ' + "[" * 700 + "]" * 700 + "}}]}"
NO_RESULTS = {
    "empty": ("", "is no result"),
    "a list": ("[]", "is no result"),
    "no JSON": ("nonsense", "is no result"),
    "jobs that are no list": ('{"jobs": 1}', "is no result"),
    "no number": ('{"run_id": NaN, "jobs": []}', "is no result"),
    "a deep result": (DEEP, "cannot be read: it is nested"),
    "deep brackets": ("[" * 100_000, "cannot be read: it is nested"),
}


@pytest.mark.parametrize(("content", "message"), NO_RESULTS.values(), ids=NO_RESULTS)
def test_what_is_no_result_is_refused_by_name_and_passed_over_in_a_folder(tmp_path, content, message):
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=rf"x\.json {message}"):
        load_results([path])
    with pytest.raises(UsageError, match="holds no results"):
        load_results([tmp_path])


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="is not there"):
        load_results([tmp_path / "nothing.json"])


def test_sidecars_say_when_and_keep_the_whole_sidecar(tmp_path):
    made = noted(tmp_path)
    note = outputs.read_sidecar(tmp_path / "harbour.json")
    assert note is not None
    assert note.raw["job"] == made.name
    assert note.replace(raw={}).times == {}


@pytest.mark.parametrize("external_id", [["krn1-a"], {"id": 1}, 7, True], ids=["list", "object", "number", "boolean"])
def test_an_external_id_of_another_type_names_no_job(tmp_path, external_id):
    results = [wrote(tmp_path / f"{name}.json", run(job(name, external_task_id=external_id))) for name in ("a", "b")]
    assert [one["name"] for one in merge_results(load_results(results))["jobs"]] == ["a", "b"]


def test_of_several_attempts_of_a_take_the_one_that_stands_best_counts(tmp_path):
    tried = [
        job("a", state="failed", external_task_id="krn1-1", attempt=1),
        job("b", external_task_id="krn1-3", attempt=1),
        job("b", state="failed", external_task_id="krn1-4", attempt=2),
        job("c", external_task_id="krn1-5", attempt=1, take=2),
    ]
    wrote(tmp_path / "first.json", run(*tried))
    wrote(tmp_path / "second.json", run(job("a", external_task_id="krn1-2", attempt=2)))
    data = merge_results(load_results([tmp_path]))
    ids = [one["external_task_id"] for one in data["jobs"]]
    assert sorted(ids) == ["krn1-2", "krn1-3", "krn1-5"]


def test_an_earlier_video_beside_the_new_one_is_no_result_of_a_folder(tmp_path):
    noted(tmp_path, "rain")
    note = json.loads((tmp_path / "rain.json").read_text())
    wrote(tmp_path / "rain.old-1.json", note | {"moved_from": "rain.mp4", "external_task_id": "krn1-OLD"})
    (result,) = load_results([tmp_path])
    assert result.source.name == "rain.json"
    assert len(load_results([tmp_path / "rain.old-1.json"])) == 1
