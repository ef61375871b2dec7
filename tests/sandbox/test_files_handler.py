"""The second origin: clips and uploads, whole and in part (RFC 9110, 14), and never with a key."""

import base64
from urllib.parse import urlsplit

import pytest
from sandbox.client import url_of
from support.pictures import jpeg, png

from kirin_cli.sandbox.samples import CLIPS, MAX_CLIP_SECONDS, MIN_CLIP_SECONDS, RATIOS, clip


@pytest.fixture
def video(client, clock):
    made = client.create().json["id"]
    clock.now += 300
    return url_of(client.query(made))


def test_results_are_on_another_origin_with_type_length_and_a_strong_etag(client, video):
    assert urlsplit(video).netloc != urlsplit(client.running.base_url).netloc
    whole = client.ask("GET", video)
    assert whole.headers["Content-Type"] == "video/mp4"
    assert int(whole.headers["Content-Length"]) == len(whole.body)
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["ETag"].startswith('"')
    assert client.ask("GET", video).headers["ETag"] == whole.headers["ETag"]
    head = client.ask("HEAD", video)
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", whole.headers["Content-Length"])


@pytest.mark.parametrize(
    ("wanted", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=100-", 100, None),
        ("bytes=-50", -50, None),
        ("bytes=5-99999999", 5, None),
    ],
)
def test_a_range_gives_just_that_part(client, video, wanted, first, end):
    whole = client.ask("GET", video).body
    part = client.ask("GET", video, headers={"Range": wanted})
    assert part.status == 206
    assert part.body == whole[first:end]
    start = first % len(whole)
    assert part.headers["Content-Range"] == f"bytes {start}-{start + len(part.body) - 1}/{len(whole)}"


def test_a_range_behind_the_end_is_416_with_the_length(client, video):
    size = len(client.ask("GET", video).body)
    answer = client.ask("GET", video, headers={"Range": f"bytes={size}-"})
    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{size}")


@pytest.mark.parametrize("wanted", ["bytes=9-3", "bytes=0-1,5-6", "bytes=-", "lines=1-2", "bytes=a-b"])
def test_a_range_that_makes_no_sense_is_ignored(client, video, wanted):
    assert client.ask("GET", video, headers={"Range": wanted}).status == 200


def test_if_range_gives_the_part_only_of_the_same_file(client, video):
    etag = client.ask("GET", video).headers["ETag"]
    part = {"Range": "bytes=10-"}
    assert client.ask("GET", video, headers={**part, "If-Range": etag}).status == 206
    assert client.ask("GET", video, headers={**part, "If-Range": '"another"'}).status == 200


def test_D11_the_key_is_refused_on_the_file_origin(client, video):
    assert client.ask("GET", video, headers=client.authorized).status == 400


def test_a_video_is_not_there_before_its_task_is_completed(client, clock):
    made = client.create().json["id"]
    place = f"{client.running.files_url}/files/{made}/video.mp4"
    assert client.ask("GET", place).status == 404
    clock.now += 300
    assert client.ask("GET", place).status == 200
    assert client.ask("GET", place.replace("video.mp4", "..%2f..%2fetc")).status == 404


@pytest.mark.parametrize(
    ("name", "kind"), [("a.PNG", "image/png"), ("b.mov", "video/quicktime"), ("../../c", "application/octet-stream")]
)
def test_an_uploaded_file_comes_back_as_it_was(client, name, kind):
    content = bytes(range(256)) * 5000 + b"\r\n--edge-of-a-par"
    answer = client.upload(content, name)
    assert answer.status == 200
    back = client.ask("GET", answer.json["url"])
    assert (back.body, back.headers["Content-Type"]) == (content, kind)
    assert client.ask("GET", answer.json["url"], headers={"Range": "bytes=-7"}).body == content[-7:]


def test_an_empty_upload_is_an_empty_file(client):
    assert client.ask("GET", client.upload(b"").json["url"]).body == b""


def test_an_upload_without_the_field_file_is_400(client):
    assert client.upload(b"x", field="picture").status == 400
    headers = {"Content-Type": "application/json", **client.authorized}
    assert client.ask("POST", "/api/v1/storage/files", b"{}", headers).status == 400


def test_I4_an_uploaded_picture_is_measured_when_a_request_names_it(client):
    good, small = (client.upload(png(side, 400)).json["url"] for side in (500, 200))
    assert client.create("kirin_v1_5_i2v", image=good).status == 200
    answer = client.create("kirin_v1_5_i2v", image=small)
    assert "I4" in {detail["rule"] for detail in answer.json["error"]["details"]}
    wrong = client.create("kirin_v1_5_i2v", image=client.upload(b"no picture", "x.jpg").json["url"])
    assert wrong.status == 422


def test_V3_an_uploaded_video_is_measured_and_an_edit_takes_its_length(client, clock):
    url = client.upload(clip("9:16", 8, ""), "dance.mp4").json["url"]
    made = client.create("kirin_video_o1", prompt="make it night", video_list=[{"video_url": url}])
    clock.now += 300
    assert client.query(made.json["id"]).json["output"][0]["content"][0]["duration"] == "8.0"
    text = client.upload(b"no video at all", "x.mp4").json["url"]
    refused = client.create("kirin_video_o1", prompt="make it night", video_list=[{"video_url": text}])
    assert refused.json["error"]["details"][0]["rule"] == "V1"


def test_the_shape_follows_the_first_picture_where_none_is_asked(client):
    wide = base64.b64encode(jpeg(900, 600)).decode()
    client.create("kirin_v1_5_i2v", image=wide, external_task_id="wide")
    assert client.running.tasks.find(client.key, "wide").render.ratio == "16:9"


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("seconds", range(MIN_CLIP_SECONDS, MAX_CLIP_SECONDS + 1))
def test_every_clip_is_H264_for_browsers_and_begins_with_its_index(ratio, seconds):
    content = clip(ratio, seconds, "mark")
    assert content.endswith(b"freemark")
    assert content.index(b"moov") < content.index(b"mdat")
    assert b"avc1" in content
    assert b"soun" not in content


def test_all_clips_together_are_small():
    assert sum(path.stat().st_size for path in CLIPS.glob("*.mp4")) < 1_500_000
