"""Paths of other machines in results: where they lead to a file here, as they may on POSIX, it is not looked at."""

import hashlib

import pytest
from support.pictures import png
from support.report_data import job, output, report, run, text, wrote

from kirin_cli.report.load import load_results, merge_results
from kirin_cli.report.result_files import link_attachments

PICTURE = png(8, 8)
BACKSLASHES = r"\\evil.example\s[1]\x.png"


@pytest.fixture(params=["slashes", "backslashes", "none"])
def path(request, tmp_path, monkeypatch):
    """A path by which a picture is really found here; with "none" it is no other machine's, so that it counts."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s[1]").mkdir()
    place = tmp_path / (BACKSLASHES if request.param == "backslashes" else "s[1]/x.png")
    place.write_bytes(PICTURE)
    return {"slashes": f"/{place}", "backslashes": BACKSLASHES, "none": str(place)}[request.param]


def file_facts(path):
    return output(path, bytes=len(PICTURE), sha256=hashlib.sha256(PICTURE).hexdigest())


def is_foreign(path):
    return path.startswith(("//", "\\\\"))


@pytest.mark.parametrize("kind", ["html", "html-embedded", "markdown"])
def test_a_page_has_the_name_alone(path, tmp_path, kind):
    facts = file_facts(path)
    page = text(kind, job("a", outputs=[facts], inputs=[{**facts, "param": "image"}]), folder=tmp_path)
    addresses = [one for one in (f"file:{path}", "evil.example/s", "evil.example%5C") if one in page]
    assert ("x.png" in page, addresses) == (True, [])
    if is_foreign(path):
        assert "./x.png" in page
        assert "data:image/png" not in page
        assert "Not there as it was made" in page or kind == "markdown"
    else:
        assert "data:image/png" in page or kind == "markdown"
        assert "Not there as it was made" not in page


def test_no_attachment_and_no_path_of_it_is_made(path, tmp_path):
    link_attachments(report(job("a", outputs=[file_facts(path)])), tmp_path / "junit.xml")
    assert (tmp_path / "junit-files").exists() is not is_foreign(path)


def test_it_is_not_looked_for_when_a_result_is_read(path, tmp_path):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "x.png").write_bytes(PICTURE)  # what is looked for beside the result where it is at all
    found = merge_results(load_results([wrote(tmp_path / "r" / "r.json", run(job(outputs=[file_facts(path)])))]))
    assert found["jobs"][0]["outputs"][0]["path"] == path
