"""What `kirin models` does beside showing: add, diff, remove, search. Knows the service's catalog and the folders."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from kirin_cli.api.connections import NetworkSettings
from kirin_cli.api.model_catalog import ModelCatalog
from kirin_cli.api.transport import Transport
from kirin_cli.cli.commands import BY_NAME
from kirin_cli.cli.folders import project_models_folder, user_models_folder
from kirin_cli.cli.settings import load_settings
from kirin_cli.errors import ServiceUnreachable, UsageError
from kirin_cli.formatting import iso_utc
from kirin_cli.json_text import answer_json, parse_json
from kirin_cli.model_files.comparison import SpecChange, compare_fields
from kirin_cli.model_files.folder import add_model_file, files_called, find_model_files, remove_model_file
from kirin_cli.model_files.model_reader import (
    MAX_FILE_BYTES,
    BadModelFile,
    ModelFile,
    parse_model_file,
    read_model_file,
)
from kirin_cli.model_files.names import clean_text, command_for, first_sentence, is_model_id
from kirin_cli.model_files.service_spec import ModelSpec, convert_spec
from kirin_cli.model_files.writer import model_file_text
from kirin_cli.models import MODEL_ENTRIES, MODELS, added_entries, file_entries, find_entry
from kirin_cli.modelspec.text import pluralize, quote
from kirin_cli.regular_file import read_regular_file
from kirin_cli.ui.tables import render_table

if TYPE_CHECKING:
    from kirin_cli.cli.commands.models import ModelsFlags
    from kirin_cli.cli.console import CommandConsole

FILE_SUFFIXES: Final = (".yaml", ".yml", ".json")
MAX_LISTED: Final = 2000
"""Models that a search prints."""


@dataclass(frozen=True, slots=True)
class NewModel:
    """A model to take in: the text of its file, what that means, and what there is to say of it."""

    file: ModelFile
    text: str
    notes: tuple[str, ...] = ()
    media: tuple[str, ...] = ()


@contextmanager
def open_catalog(flags: ModelsFlags) -> Iterator[ModelCatalog]:
    """The catalog of the settings. Raises UsageError for settings that make no sense."""
    settings = load_settings(os.environ, base_url=flags.base_url, profile=flags.profile)
    network = NetworkSettings(settings.environ)
    network.check(settings.models_url)
    with closing(Transport(network)) as transport:
        yield ModelCatalog(settings.models_url, transport)


def search(flags: ModelsFlags, console: CommandConsole, words: str) -> int:
    """Print what the service offers; returns the exit code. Raises ServiceUnreachable."""
    with open_catalog(flags) as catalog:
        models = list(_listed_models(catalog, words))
    if flags.json:
        console.data(answer_json({"models": models}))
        return 0
    rows = [(row["id"], row["type"], row["description"], row["here"]) for row in models]
    if rows:
        console.data(*render_table(("model", "type", "does", "here"), rows, console.streams.out))
        console.info("take one in: kirin models add MODEL")
    else:
        console.info(f"the service offers nothing that fits {quote(words)}" if words else "the service lists no model")
    return 0


def _listed_models(catalog: ModelCatalog, words: str) -> Iterator[dict[str, str]]:
    """The models that fit, in harmless text; `here` says which are there already."""
    for number, model in enumerate(catalog.search(words)):
        model_id = model.get("id") or model.get("model_id")
        if number >= MAX_LISTED:
            return
        if is_model_id(model_id):
            text = model.get("description") or model.get("name") or ""
            here = "built in" if model_id in MODEL_ENTRIES else "added" if model_id in added_entries() else ""
            kind = clean_text(str(model.get("type") or ""), 40)
            yield {"id": str(model_id), "type": kind, "description": clean_text(str(text), 300), "here": here}


def add(flags: ModelsFlags, console: CommandConsole, name: str) -> int:
    """Take a model in, from the service or from a file; returns the exit code. Raises the tree of errors."""
    folder = _folder(flags)
    is_file = name.endswith(FILE_SUFFIXES) or (os.sep in name and Path(name).is_file())
    new = _from_file(Path(name), folder, console) if is_file else _from_service(flags, name, folder)
    model = new.file.model
    earlier = _earlier_file(folder, model.id, replace=flags.force)
    path = add_model_file(folder, model.id, new.text, replace=flags.force, path=earlier)
    if flags.json:
        data = {"model": model.id, "command": model.command, "file": str(path), "notes": list(new.notes)}
        console.data(answer_json({**data, "parameters": list(model.names), "media": list(new.media)}))
        return 0
    console.data(str(path))
    console.info(f"{model.id}: {pluralize(len(model.names), 'parameter')}, {pluralize(len(model.rules), 'rule')}")
    for note in new.notes:
        console.info(f"note: {note}")
    if new.media:
        console.info(f"note: taken for pictures or videos: {', '.join(new.media)}; the file says how to correct that")
    if model.id in MODEL_ENTRIES:
        beyond = [field for field in model.names if field not in MODELS[model.id].names]
        more = f"; --param sends what its page does not have: {', '.join(beyond)}" if beyond else ""
        console.info(f"{model.id} stays as kirin brings it along{more}")
    else:
        console.info(f"next: kirin {model.command} --help, kirin init {model.command} -o jobs.yaml")
    return 0


def _folder(flags: ModelsFlags) -> Path:
    folder = user_models_folder() if flags.user else project_models_folder()
    if folder is None:
        raise UsageError("there is no home folder for --user", hint="set KIRIN_CONFIG_DIR")
    return folder


def _files_of(folder: Path, name: str) -> list[Path]:
    """The files in a folder of the model with this id or command; else those that are called so."""
    entries = find_model_files([folder], (), folder)
    paths = [row.path for model_id, row in entries.items() if name in {model_id, row.command} and row.path]
    return paths[:1] or files_called(folder, name)


def _earlier_file(folder: Path, model_id: str, *, replace: bool) -> Path | None:
    """The file of the model that is there already, None for none. Raises UsageError where it is not to be replaced."""
    earlier = next(iter(_files_of(folder, model_id)), None)
    if earlier and not replace:
        hint = f"kirin models diff {model_id} shows what has changed; --force replaces it, with your changes in it"
        raise UsageError(f"{earlier} is there already", hint=hint)
    return earlier


def _free_command(model_id: str) -> str:
    """The command that a model gets: none that any other has."""
    if model_id in MODEL_ENTRIES:
        return MODEL_ENTRIES[model_id].command
    others = [row.command for other, row in added_entries().items() if other != model_id]
    return command_for(model_id, {*BY_NAME, *others}) or model_id


def _new_model(spec: ModelSpec, url: str) -> NewModel:
    """The model of a spec, as a file of today."""
    source = {"url": url, "date": iso_utc(time.time())[:10], "sha256": spec.sha256}
    text = model_file_text(spec, _free_command(spec.model_id), source)
    file = parse_model_file(text.encode(), Path(f"the spec of {spec.model_id}"))
    return NewModel(file, text, tuple(spec.notes), tuple(spec.media))


def _from_service(flags: ModelsFlags, model_id: str, folder: Path) -> NewModel:
    if not is_model_id(model_id):
        raise UsageError(
            f"{quote(model_id)} is no id of a model", hint="kirin models search WORDS; a file ends in .yaml"
        )
    _earlier_file(folder, model_id, replace=flags.force)  # before the service is asked
    with open_catalog(flags) as catalog:
        spec = _fetch_spec(catalog, model_id)
        return _new_model(spec, catalog.spec_url(model_id))


def _fetch_spec(catalog: ModelCatalog, model_id: str) -> ModelSpec:
    """The spec of a model, with the description of the list where it has none itself."""
    spec = convert_spec(catalog.spec(model_id), model_id)
    if "help" not in spec.content:
        try:
            listed = next((model for model in catalog.search(model_id) if model.get("id") == model_id), {})
        except ServiceUnreachable:  # a text for a list is nothing to fail for
            listed = {}
        text = clean_text(str(listed.get("description") or ""))
        spec.content |= {"help": first_sentence(text)} if text else {}
    return spec


def _from_file(path: Path, folder: Path, console: CommandConsole) -> NewModel:
    """The model of a file that a person has written, as it is; or of the service's answer, stored as JSON."""
    if path.suffix != ".json":
        try:
            file = read_model_file(path, follow_links=True)
        except BadModelFile as error:
            console.findings(error.findings)
            message = f"{path} is no model that can be used: {pluralize(len(error.findings), 'problem')}"
            raise UsageError(message, hint="correct it, and add it again") from error
        if path.absolute().parent == folder.absolute():
            raise UsageError(f"{path} is in its place already", hint=f"kirin models {file.model.id} shows it")
        return NewModel(file, path.read_text(encoding="utf-8-sig"))
    try:
        document = parse_json(read_regular_file(path, MAX_FILE_BYTES * 2))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {error}") from error
    return _new_model(convert_spec(document), path.name)


def diff(flags: ModelsFlags, console: CommandConsole, name: str) -> int:
    """Print what the service has changed since a model was taken in; returns the exit code. Raises as `add`."""
    row = find_entry(name)
    if row is None:
        hint = f"kirin models add {name} takes it in" if is_model_id(name) else "kirin models lists what there is"
        raise UsageError(f"there is no model {name!r} here", hint=hint)
    model_id, entry = row
    with open_catalog(flags) as catalog:
        spec = _fetch_spec(catalog, model_id)
        there = _new_model(spec, catalog.spec_url(model_id)).file.model
    stored = read_model_file(entry.path) if entry.path else None
    is_same = stored is not None and stored.sha256 == spec.sha256
    changes = [] if is_same else compare_fields(MODELS[model_id].fields, there.fields)
    if flags.json:
        data = [change._asdict() for change in changes]
        console.data(answer_json({"model": model_id, "unchanged": is_same, "notes": spec.notes, "changes": data}))
        return 0
    console.data(*(change.text for change in changes))
    for note in spec.notes:
        console.info(f"note: {note}")
    console.info(_verdict(stored, changes, is_same=is_same, model_id=model_id))
    return 0


def _verdict(stored: ModelFile | None, changes: list[SpecChange], *, is_same: bool, model_id: str) -> str:
    if is_same and stored:
        return f"the service has changed nothing since {stored.date}"
    if not changes:
        return (
            "the spec has other texts, but no parameter differs" if stored else "the spec has nothing beyond the page"
        )
    if stored:
        return f"to take it in: kirin models add {model_id} --force; what you changed in {stored.path} is then lost"
    is_new = any(change.fact == "parameter" and change.there for change in changes)
    more = f"; kirin models add {model_id} lets warnings name the spec" if model_id not in file_entries() else ""
    return f"{model_id} stays as kirin brings it along" + (f"; --param sends what is new{more}" if is_new else "")


def remove(flags: ModelsFlags, console: CommandConsole, name: str) -> int:
    """Take the file of a model away; returns the exit code. Raises UsageError where there is none, LocalError."""
    folders = [_folder(flags)] if flags.user else [project_models_folder(), *filter(None, [user_models_folder()])]
    path = next((path for folder in folders for path in _files_of(folder, name)), None)
    if path is None:
        row = find_entry(name)
        is_ours = row is not None and row[0] in MODEL_ENTRIES
        why = f"{name} comes with kirin and stays" if is_ours else f"there is no added model {name!r}"
        raise UsageError(why, hint="kirin models lists what there is, each with its file")
    remove_model_file(path)
    if flags.json:
        console.data(answer_json({"removed": str(path)}))
    console.info(f"removed {path}; tasks of the model can still be fetched")
    return 0
