"""Manual pages: roff that says what the commands say, and lets nothing of it act as roff."""

from support.sample_commands import COMMANDS

from kirin_cli.docgen.commands import ArgumentInfo, CommandInfo, EnvVarInfo, OptionInfo
from kirin_cli.docgen.generated_files import MAN_FOLDER, man_pages

ODD = CommandInfo(
    name="odd", help="Does .odd things.", about="'Quoted' at the start.\n\n.TH is no macro here; a\\b is a path.",
    examples=("kirin odd --x 'a\\b'",), arguments=(ArgumentInfo(name="FILE", help=".dot"),),
    options=(OptionInfo(long="--x", help="'x", is_switch=True, negative="--no-x", default="--x"),),
)  # fmt: skip


def test_there_is_a_page_for_the_program_and_one_for_each_command():
    names = {path.removeprefix(f"{MAN_FOLDER}/") for path in man_pages(COMMANDS, ())}
    assert names == {"kirin.1", *(f"kirin-{command.name}.1" for command in COMMANDS if command.name)}


def test_the_programs_page_has_commands_exit_codes_and_variables():
    page = man_pages(COMMANDS, [EnvVarInfo(name="KIRIN_X", help="What x is.")])[f"{MAN_FOLDER}/kirin.1"]
    assert "\\fBkirin\\-run(1)\\fR\nMake the videos." in page
    assert "\\fB143\\fR\nSIGTERM or SIGHUP." in page
    assert "\\fBKIRIN_X\\fR\nWhat x is." in page


def test_text_cannot_act_as_roff():
    page = man_pages([ODD], ())[f"{MAN_FOLDER}/kirin-odd.1"]
    assert "\n\\&.TH is no macro here; a\\eb is a path.\n" in page
    assert "\n\\&'Quoted' at the start.\n" in page
    assert "\n\\&'x [default: \\-\\-x]\n" in page
    assert "\nkirin odd \\-\\-x 'a\\eb'\n" in page
    macros = {line.split(" ")[0] for line in page.splitlines() if line.startswith((".", "'"))}
    assert macros == {".TH", ".SH", ".PP", ".TP", ".EX", ".EE", '.\\"'}


def test_both_spellings_of_a_switch_are_named():
    assert "\\fB\\-\\-[no\\-]x\\fR" in man_pages([ODD], ())[f"{MAN_FOLDER}/kirin-odd.1"]
