"""`kirin models`: the models, one model's parameters, rules and notes; models taken in, compared, removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from kirin_cli.cli import options as o
from kirin_cli.cli.commands import MODEL_ACTIONS
from kirin_cli.cli.flags import command_from
from kirin_cli.cli.parameters import ArgumentSpec, OptionSpec
from kirin_cli.errors import UsageError
from kirin_cli.models import MODEL_ENTRIES, MODELS, added_entries, file_entries, find_entry
from kirin_cli.modelspec.record import Record
from kirin_cli.modelspec.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.docgen.model_reference import ParameterInfo
    from kirin_cli.modelspec.model import Model
    from kirin_cli.ui.console import TerminalInfo

HELP: Final = "kirin models --help"


class ModelsFlags(Record):
    """Show the models, or one model's parameters, rules and notes; take in more of them.

    The rules are those that every request is held against before it is sent; the notes say what no check can tell.

    add ID takes a model in from the service's own spec, add FILE from a file: it is written to kirin-models/ beside
    kirin.toml, to be committed, or with --user to your own folder. From then on it is a model like any other. diff ID
    shows what the service has changed since, or has beyond a model that kirin brings along; remove ID takes it away;
    search WORDS lists what the service offers. None of these needs a key.
    """

    model: Annotated[
        str | None,
        ArgumentSpec(metavar="[MODEL|ACTION]", help=f"A model's id or command; or {', '.join(MODEL_ACTIONS)}."),
    ] = None
    words: Annotated[
        list[str] | None, ArgumentSpec(metavar="[WORD]…", help="Of an action: ID, FILE, or words to look for.")
    ] = None
    user: Annotated[bool, OptionSpec("--user", help="Of add and remove: in your own folder, not the project's.")] = (
        False
    )
    force: o.Force = False
    profile: o.Profile = None
    base_url: o.BaseUrl = None
    json: o.Json = False
    color: o.Color = "auto"


def run_models(flags: ModelsFlags) -> int:
    """Print the models or the one, or do the action; returns the exit code. Raises the tree of errors."""
    from kirin_cli.cli.console import make_console

    console = make_console(color=flags.color)
    words = flags.words or []
    if flags.model in MODEL_ACTIONS:
        from kirin_cli.cli import model_actions

        if flags.model == "search":
            return model_actions.search(flags, console, " ".join(words))
        if len(words) != 1:
            what = "ID or FILE" if flags.model == "add" else "ID"
            raise UsageError(f"models {flags.model} takes one {what}", hint=HELP)
        return {"add": model_actions.add, "diff": model_actions.diff, "remove": model_actions.remove}[flags.model](
            flags, console, words[0]
        )
    if words:
        raise UsageError(
            f"there is no `models {flags.model}`{did_you_mean(str(flags.model), MODEL_ACTIONS)}", hint=HELP
        )
    return _print_model(find_model(flags.model), flags, console) if flags.model else _print_models(flags, console)


def _print_models(flags: ModelsFlags, console: CommandConsole) -> int:
    """All models; of an added one whose file makes no sense, what is wrong with it."""
    from kirin_cli.cli.folders import model_folders, user_models_folder
    from kirin_cli.docgen.model_reference import model_data
    from kirin_cli.json_text import answer_json
    from kirin_cli.model_files.folder import unusable_files
    from kirin_cli.ui.tables import render_table

    unusable = dict(unusable_files(model_folders(), file_entries().values(), user_models_folder()))
    rows = [*MODEL_ENTRIES.items(), *(row for row in added_entries().items() if row[1].path not in unusable)]
    if flags.json:
        data = [{**model_data(MODELS[model_id]), "file": str(row.path) if row.path else None} for model_id, row in rows]
        files = [{"file": str(path), "message": message} for path, message in unusable.items()]
        console.data(answer_json({"models": data, "unusable": files}))
        return 0
    heads: tuple[str, ...] = ("command", "model", "does")
    cells: list[tuple[str, ...]] = [(row.command, model_id, row.help) for model_id, row in rows]
    if any(row.path for _, row in rows):
        heads = (*heads, "file")
        cells = [(*line, str(row.path or "")) for line, (_, row) in zip(cells, rows, strict=True)]
    console.data(*render_table(heads, cells, console.streams.out))
    for message in unusable.values():
        console.info(f"not usable: {message}")
    return 0


def find_model(name: str) -> Model:
    """The model with this id or command. Raises UsageError with the nearest one."""
    row = find_entry(name)
    if row:
        return MODELS[row[0]]
    entries = {**MODEL_ENTRIES, **added_entries()}
    known = [*(entry.command for entry in entries.values() if entry.command), *entries]
    hint = "kirin models search WORDS lists what the service offers, kirin models add ID takes one in"
    raise UsageError(f"there is no model {name!r}{did_you_mean(name, known)}", hint=hint)


def _print_model(model: Model, flags: ModelsFlags, console: CommandConsole) -> int:
    from kirin_cli.docgen.model_reference import (
        NOTE_HEADINGS,
        model_data,
        model_notes,
        model_parameters,
        model_rules,
    )
    from kirin_cli.json_text import answer_json
    from kirin_cli.ui.tables import render_table
    from kirin_cli.ui.terminal_text import wrap

    if flags.json:
        console.data(answer_json(model_data(model)))
        return 0
    out = console.streams.out
    about = f"{model.help}  (kirin {model.command})"
    title = f"{model.id}  {about}"
    name = out.paint(model.id, "strong")
    console.data(
        *((f"{name}  {about}",) if len(title) <= out.width or not out.is_tty else (name, *wrap(about, out.width)))
    )
    console.data("", *_parameter_lines(model_parameters(model), out))
    rules = [(rule.rule, rule.says, "" if rule.severity == "error" else rule.severity) for rule in model_rules(model)]
    if rules:
        console.data("", *render_table(("rule", "says", ""), rules, out))
    if model.notes:
        console.data("", *render_table(NOTE_HEADINGS, model_notes(model), out))
    if model.error_codes:
        console.data("", *render_table(("error code", "means"), list(model.error_codes.items()), out))
    return 0


def _parameter_lines(parameters: Sequence[ParameterInfo], out: TerminalInfo) -> list[str]:
    """A table where it fits or is piped; else a few lines for each parameter, so that no flag is cut."""
    from kirin_cli.docgen.model_reference import HEADINGS
    from kirin_cli.ui.tables import render_table
    from kirin_cli.ui.terminal_text import wrap

    rows = [parameter.row for parameter in parameters]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    if not out.is_tty or sum(widths) + 2 * (len(widths) - 1) <= out.width:
        return render_table(HEADINGS, rows, out)
    lines = []
    for path, flags, takes, default, rule, text in rows:
        facts = "; ".join(
            filter(None, (takes, default and f"default: {default}".replace("default: required", "required")))
        )
        lines.append(f"{out.paint(path, 'strong')}  {rule}")
        for fact in (flags, text, facts):
            lines += [f"  {line}" for line in wrap(out.escape(fact), out.width - 2) if line]
    return lines


models = command_from(
    ModelsFlags, run_models, examples=("kirin models", "kirin models v1-t2v", "kirin models search image")
)
