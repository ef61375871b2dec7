"""The job file that flags, or a task, mean: parameters, where the video goes, how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kirin_cli.errors import UsageError
from kirin_cli.redaction import mask_hidden
from kirin_cli.tree import map_leaves, walk

if TYPE_CHECKING:
    from kirin_cli.modelspec.model import Model
    from kirin_cli.run.job import OutputTarget


def job_yaml(
    model: Model, params: Mapping[str, object], extra: Mapping[str, object], *, target: OutputTarget | None = None,
    count: int = 1,
) -> str:  # fmt: skip
    """The job file with these parameters, and those that are not checked; `count` takes, or jobs with seeds.

    `target` is where -o puts the video; None leaves it to `run`. Raises UsageError for a value that is never shown:
    a job with *** in its place would ask for something else.
    """
    import yaml

    from kirin_cli.cli.one_off import name_of, numbered_values
    from kirin_cli.jobs.placeholders import escape

    document: dict[str, object] = {"version": 1, "model": model.id, "params": escape(params)}
    if extra:
        document["extra_params"] = escape(extra)
    takes = list(numbered_values(model, params, count))
    if target is not None:
        document["output"] = _output(target, "{-take}" if count > 1 and takes[0][0] == takes[-1][0] else "")
    if takes[0][0] == takes[-1][0]:
        document |= {"take": count} if count > 1 else {}
    else:
        changing = [name for name in params if takes[0][0][name] != takes[-1][0][name]]
        shared = {name: value for name, value in params.items() if name not in changing}
        document["params"] = escape(shared)
        output = document.pop("output", None)
        jobs = []
        for values, suffix in takes:
            job: dict[str, object] = {"name": name_of(model, params) + suffix}
            job["params"] = {name: values[name] for name in changing}
            if target is not None and output is not None:
                job["output"] = _output(target, suffix)
            jobs.append(job)
        document = {"version": 1, "defaults": {name: document[name] for name in list(document)[1:]}, "jobs": jobs}
    for path, leaf in walk(document):
        if isinstance(leaf, str) and mask_hidden(leaf) != leaf:
            message = f"{path} holds a secret, which --to-yaml writes into no file"
            raise UsageError(message, hint="write ${env.NAME} in a job file, and run it with --allow-env NAME")
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100).rstrip("\n")


def _output(target: OutputTarget, suffix: str) -> dict[str, object]:
    """Folder and name as a job file has them; a name that has no job in it is told apart by the suffix."""
    from kirin_cli.jobs.filenames import DEFAULT_TEMPLATE

    output: dict[str, object] = {"dir": target.folder.as_posix()}
    if target.template != DEFAULT_TEMPLATE:
        plain = target.template.replace("{-n}.{ext}", ".{ext}")
        output["name"] = plain if "{job}" in plain or "take}" in plain else plain.replace(".{ext}", f"{suffix}.{{ext}}")
    return output


def rebase_media(params: Mapping[str, object], values: Mapping[str, object], base: Path) -> dict[str, object]:
    """The parameters with the files that are relative to the folder `base` as paths from the current one on.

    `values` are the parameters as they were checked: they tell what is a file. Such a parameter is written in full.
    """
    from kirin_cli.modelspec.types import MediaFile

    def rebase(leaf: object) -> object:
        if not isinstance(leaf, MediaFile):
            return leaf
        if leaf.form != "file" or leaf.given.startswith("~"):
            return leaf.given
        path = base / leaf.given
        path = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        text = path.as_posix()
        is_odd = not path.is_absolute() and (text.startswith("~") or ":" in text)  # a home folder, or a URL's scheme
        return f"./{text}" if is_odd else text

    def has_file(name: str) -> bool:
        return any(isinstance(leaf, MediaFile) and leaf.form == "file" for _, leaf in walk(values.get(name)))

    return {name: map_leaves(values[name], rebase) if has_file(name) else value for name, value in params.items()}
