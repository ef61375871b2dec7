"""Output names: templates, names that every system takes, and folders that nothing leads out of."""

import unicodedata
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kirin_cli.errors import UsageError
from kirin_cli.jobs.filenames import (
    DEFAULT_TEMPLATE,
    FIELDS,
    MAX_VIDEO_NAME,
    file_key,
    path_problem,
    prompt_words,
    render_name,
    resolve_inside,
    safe_name,
    suffix_warning,
    template_errors,
    windows_problem,
)

FACTS = {"job": "harbour", "model": "kirin_v1_t2v", "ext": "mp4"}


@pytest.mark.parametrize(
    ("template", "facts", "expected"),
    [
        (DEFAULT_TEMPLATE, {}, "harbour.mp4"),
        (DEFAULT_TEMPLATE, {"take": 2}, "harbour-2.mp4"),
        ("{job}{-take}{-n}.{ext}", {"take": 3, "n": 2}, "harbour-3.2.mp4"),
        ("{model}/{date}/{job}_{take}_{n}_{task_id}.{ext}", {"task_id": "t-1", "date": "2026-01-31"},
         "kirin_v1_t2v/2026-01-31/harbour_1_1_t-1.mp4"),
        ("{job}: {take}.{ext}", {}, "harbour_ 1.mp4"),
        ("fixed", {}, "fixed"),
        ("./{job}", {}, None),
    ],
)  # fmt: skip
def test_templates_are_filled(template, facts, expected):
    if expected is None:
        with pytest.raises(UsageError):
            render_name(template, **FACTS, **facts)
    else:
        assert render_name(template, **FACTS, **facts) == expected


def test_D13_no_fact_adds_a_folder_or_leads_up():
    assert render_name("{job}.{ext}", **{**FACTS, "job": "../../x"}) == "_.._x.mp4"
    assert render_name("{job}/{task_id}.{ext}", **{**FACTS, "job": "a/b"}, task_id="../x?y=") == "a_b/_x_y=.mp4"
    assert render_name("{job}.{ext}", **{**FACTS, "job": "..."}) == "untitled.mp4"
    assert render_name("{job}.{ext}", **{**FACTS, "job": "CON"}) == "_CON.mp4"


def test_names_of_expansions_stay_readable():
    assert safe_name("cup[mode=std,cfg_scale=0.3].mp4") == "cup[mode=std,cfg_scale=0.3].mp4"


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{jib}.mp4", 'unknown field "{jib}"; did you mean "job"?'),
        ("{}", "unknown field"),
        ("{job!r}", "unknown field"),
        ("{job.x}", "unknown field"),
        ("{job", "a brace without its partner"),
        ("job}", "a brace without its partner"),
        ("{{job}}", "a brace without its partner"),
        ("../{job}", "it goes up with .."),
        ("a/../{job}", "it goes up with .."),
        ("..\\{job}", "it goes up with .."),
        ("/{job}", "it is absolute"),
        ("\\{job}", "it is absolute"),
        ("C:{job}", "it is absolute"),
        ("~/{job}", "~ is not expanded"),
        ("a\0b", "it holds a NUL"),
        ("a//{job}", "a part without a name"),
        ("{job}/", "a part without a name"),
        ("", "a part without a name"),
        (".", "a part without a name"),
    ],
)
def test_I8_flaws_of_templates_are_said(template, words):
    flaws = template_errors(template)
    assert any(words in flaw for flaw in flaws)
    with pytest.raises(UsageError):
        render_name(template, **FACTS)


def test_every_field_has_a_value():
    template = "-".join(f"{{{name}}}" for name in FIELDS)
    assert template_errors(template) == ()
    assert "{" not in render_name(template, **FACTS)


SAFE = {
    'a/b\\c:d*e?f"g<h>i|j.mp4': "a_b_c_d_e_f_g_h_i_j.mp4",
    "a\0b\x1b[31m\x7f\x9b\r\n.mp4": "ab[31m.mp4",
    "in\u202evoice\u200b\u2066.mp4\ufeff": "invoice.mp4",
    "-rf.mp4": "rf.mp4",
    "..hidden": "hidden",
    "~root": "root",
    "- . ~x": "x",
    "name. . .": "name",
    "CON": "_CON",
    "con.mp4": "_con.mp4",
    "nul .txt": "_nul .txt",
    "COM1.tar.gz": "_COM1.tar.gz",
    "lpt¹": "_lpt¹",
    "CONIN$": "_CONIN$",
    "CONSOLE.mp4": "CONSOLE.mp4",
    "COM10": "COM10",
    "e\u0301.mp4": "é.mp4",
    "a\u00a0 \t b": "a b",
    "\ud800x": "x",
    "": "untitled",
    "...": "untitled",
    "\u200b": "untitled",
    "🎬 take.mp4": "🎬 take.mp4",
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SAFE.items())
def test_D13_names_are_portable(text, expected):
    assert safe_name(text) == expected


def test_D13_long_names_are_cut_at_a_character_before_the_extension_and_still_differ():
    for letter in ("x", "é", "界", "🎬"):
        one, two = (safe_name(letter * 300 + end + ".mp4") for end in ("-1", "-2"))
        assert one != two
        assert one.endswith(".mp4")
        assert 190 <= len(one.encode()) <= 200
        assert one.startswith(letter * 40)
    assert len(safe_name("x" * 300)) == 200
    assert safe_name("x" * 200) == "x" * 200
    assert len(safe_name("x." + "y" * 300)) == 200


ANY = st.text(max_size=20) | st.text("abC.-~ \0/\\:é\u0301界\u202eCON", max_size=400)


@settings(deadline=None)
@given(ANY)
def test_D13_any_text_becomes_a_name_that_stays_as_it_is(text):
    name = safe_name(text)
    assert name == safe_name(name)
    assert 0 < len(name.encode()) <= 200
    assert not set(name) & set('/\\:*?"<>|\0')
    assert name[0] not in "-.~ "
    assert name[-1] not in ". "
    assert unicodedata.is_normalized("NFC", name)
    assert not {unicodedata.category(character) for character in name} & {"Cc", "Cf", "Cs"}


@settings(deadline=None)
@given(ANY, ANY, ANY)
def test_I8_no_facts_lead_out_of_the_folder(job, task_id, ext):
    name = render_name("{model}/{job}-{task_id}.{ext}", job=job, model="m", ext=ext, task_id=task_id)
    assert name.count("/") == 1
    assert resolve_inside(Path("/nowhere"), name) == Path("/nowhere") / name


def test_names_that_one_file_system_takes_for_one_are_found():
    assert file_key("Harbour.MP4") == file_key("harbour.mp4")
    assert file_key("e\u0301") == file_key("É")
    assert file_key("a") != file_key("b")


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/x", "~/x", "C:x", "c:/x", "\\\\host\\x", "a\\..\\x", "a\0b", ""]
)
def test_I8_confined_refuses_what_leads_out(tmp_path, name):
    with pytest.raises(UsageError):
        resolve_inside(tmp_path, name)


def test_I8_links_that_lead_out_are_refused_and_others_followed(tmp_path):
    folder, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    (folder / "real").mkdir(parents=True)
    elsewhere.mkdir()
    (folder / "away").symlink_to(elsewhere)
    (folder / "near").symlink_to(folder / "real")
    (folder / "circle").symlink_to(folder / "circle")
    for name in ("away/x.mp4", "away/deep/x.mp4", "circle/x.mp4"):
        with pytest.raises(UsageError, match="through a link"):
            resolve_inside(folder, name)
    assert resolve_inside(folder, "near/x.mp4") == folder / "near/x.mp4"
    assert resolve_inside(folder, "new/deep/x.mp4") == folder / "new/deep/x.mp4"


def test_the_output_folder_itself_may_be_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "renders").symlink_to(tmp_path / "disk")
    assert resolve_inside(tmp_path / "renders", "x.mp4") == tmp_path / "renders/x.mp4"


ENCODINGS = {"utf-8": ("ü", 2), "iso8859-1": ("ü", 1), "euc_jp": ("日", 2), "koi8-r": ("ж", 1), "utf-8 🎬": ("🎬", 4)}


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_name_is_as_long_as_its_bytes_in_the_encoding_of_the_file_system(monkeypatch, name):
    letter, width = ENCODINGS[name]
    monkeypatch.setattr("sys.getfilesystemencoding", lambda: name.partition(" ")[0])
    monkeypatch.setattr("os.fsencode", lambda text: text.encode(name.partition(" ")[0]))
    longest = letter * (255 // width) + "x" * (255 % width)
    assert path_problem(Path("films") / longest) == ""
    assert "has 256 bytes, at most 255 are possible" in path_problem(Path(longest + "x") / "films")


def test_a_name_that_kirin_makes_of_it_is_as_long_in_every_encoding(monkeypatch):
    monkeypatch.setattr("sys.getfilesystemencoding", lambda: "iso8859-1")
    monkeypatch.setattr("os.fsencode", lambda text: text.encode("iso8859-1"))
    assert path_problem(Path("ü" * 98 + ".mp4"), max_name=MAX_VIDEO_NAME) == ""
    assert "has 202 bytes, at most 200" in path_problem(Path("ü" * 99 + ".mp4"), max_name=MAX_VIDEO_NAME)
    assert "has 202 bytes" in path_problem(Path("f" * 220) / ("ü" * 99 + ".mp4"), max_name=MAX_VIDEO_NAME)


def test_the_length_of_the_whole_path_counts():
    assert "the path is too long" in path_problem(Path("d/" * 20_000))
    assert path_problem(Path()) == ""


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("", "untitled"),
        ("…!?", "untitled"),
        ("A {job} of /etc/../x", "a-job-of-etc-x"),
        ("snake_case and CamelCase", "snake-case-and-camelcase"),
        ("x" * 100, "x" * 40),
        ("a" * 20 + " " + "b" * 30, "a" * 20),
        ("a" * 20 + " " + "b" * 19, "a" * 20 + "-" + "b" * 19),
    ],
)
def test_the_words_of_a_prompt_make_a_part_of_a_name(prompt, words):
    assert prompt_words(prompt) == words


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("a:b.mp4", "current folder of a:"),
        (r"\\.\pipe\x.mp4", "devices"),
        (r"\\?\C:\x.mp4", "devices"),
        ("con/x.mp4", "a device"),
        (r"C:\clips\NUL.tar.mp4", "a device"),
        ("clips/com1", "a device"),
        ("a?.mp4", "holds ?"),
        (r"C:\a|b\x.mp4", "holds |"),
        (r"C:\a:b\x.mp4", "holds :"),
        ("clips./x.mp4", "takes off"),
        ("clips /x.mp4", "takes off"),
    ],
)
def test_what_windows_would_take_for_something_else_is_said(path, says):
    assert says in windows_problem(PureWindowsPath(path))


@pytest.mark.parametrize(
    "path",
    ["x.mp4", "../x.mp4", "./a b/x.mp4", r"C:\clips\x.mp4", r"\\host\share\x.mp4", r"\x.mp4", "console/x.mp4", "."],
)
def test_other_paths_are_fine_there(path):
    assert windows_problem(PureWindowsPath(path)) == ""


@pytest.mark.parametrize(
    ("template", "suffix"),
    [
        ("{job}", "no suffix"), ("{job}{-take}{ext}", "no suffix"), ("sub.dir/{job}", "no suffix"),
        ("{job}.txt", "the suffix .txt"), ("{job}.{ext}.bak", "the suffix .bak"), ("{job}.part", "the suffix .part"),
        ("{job}.{ext}", ""), ("a/{job}.MP4", ""), ("{job}.mov", ""), ("{job}.png", ""), ("{job}.json", ""),
    ],
)  # fmt: skip
def test_a_template_without_a_suffix_that_programs_know_is_warned_of(template, suffix):
    said = suffix_warning(template)
    assert said == (
        f'"{template}" gives videos {suffix}, by which no player knows them; end it in .{{ext}}' if suffix else ""
    )
