"""The result of a run as people and programs get it: outputs, hints, how to go on, videos opened, a notice."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Final

from kirin_cli.cli.command_line import current_command_line
from kirin_cli.cli.flags import ViewFlags
from kirin_cli.modelspec.text import pluralize
from kirin_cli.report.json_format import job_rows, render_json, run_data
from kirin_cli.shell_words import join_words, split_words
from kirin_cli.ui.terminal_text import escape_untrusted

if TYPE_CHECKING:
    from kirin_cli.cli.console import CommandConsole
    from kirin_cli.cli.runner import ExecuteOptions
    from kirin_cli.run.job import Summary

TASK_VERBS: Final = ("wait", "download")
MAX_NAMED: Final = 5
UNSENT_HINT: Final = "nothing was sent: the same command again sends it"
MAX_OUTPUT_PATH: Final = 1 << 16  # characters; a path that is cut is of no use to a script
NO_VIEW: Final = ViewFlags()
MAX_OPENED: Final = 5


def print_result(summary: Summary, options: ExecuteOptions, console: CommandConsole, exit_code: int) -> None:
    """Print the result; then what did not end well and how to go on."""
    _print_outputs(summary, options, console, exit_code)
    if console.quiet:
        # The view keeps silent about what is not finished; after a full disk the task id is said nowhere else.
        outcomes = (outcome for outcome in summary.outcomes if outcome.error and outcome.state == "pending")
        messages = [f"{outcome.job.label}: {outcome.error.message}" for outcome in outcomes if outcome.error]
        console.streams.info(*map(escape_untrusted, messages))
    if options.sandbox and summary.cost:
        console.talk("a sandbox: nothing was paid, and what it says of costs is pretended")
    hints = dict.fromkeys(outcome.error.hint for outcome in summary.outcomes if outcome.error)
    for hint in hints:
        if hint not in {"", options.resume_hint}:
            console.info(f"hint: {hint}")
    pending = [outcome for outcome in summary.outcomes if outcome.state == "pending"]
    unsent = [outcome for outcome in pending if options.is_one_off and outcome.error and outcome.error.charged == "no"]
    if summary.exit_code and unsent:
        some = f"{len(unsent)} of {len(summary.outcomes)} were not sent"
        none = UNSENT_HINT if any(outcome.error and outcome.error.next for outcome in unsent) else "nothing was sent"
        console.streams.info(none if len(unsent) == len(summary.outcomes) else some)
    if summary.exit_code and not options.sandbox:
        commands = commands_to_go_on(summary, options)
        choice = " with --adopt TASK, --resend or --abandon"  # which only a person can make
        is_open = {command: command.startswith("kirin resolve ") and " --adopt " not in command for command in commands}
        lines = [f"to go on: {command}{choice if is_open[command] else ''}" for command in commands]
        console.streams.info(*map(escape_untrusted, lines))  # with --quiet too


def commands_to_go_on(summary: Summary, options: ExecuteOptions) -> list[str]:
    """The commands that finish what did not come to its end: one for a whole job file, else by the tasks' ids."""
    unfinished = [outcome for outcome in summary.outcomes if outcome.state in {"pending", "unknown", "expired"}]
    commands = dict.fromkeys(outcome.error.next for outcome in unfinished if outcome.error and outcome.error.next)
    if options.resume and commands and (len(commands) > 1 or any(outcome.job.file for outcome in unfinished)):
        return [options.resume]
    tasks: dict[str, list[str]] = {}
    for command in commands:
        _, verb, *ids = split_words(command)
        if verb in TASK_VERBS:
            tasks.setdefault(verb, []).extend(ids)
    if any(len(ids) > MAX_NAMED for ids in tasks.values()):
        return ["kirin resume"]
    others = [command for command in commands if command.split()[1] not in TASK_VERBS]
    return [*(join_words(("kirin", verb, *dict.fromkeys(ids))) for verb, ids in tasks.items()), *others]


def _print_outputs(summary: Summary, options: ExecuteOptions, console: CommandConsole, exit_code: int) -> None:
    """The result as the flags say; the paths of the files where they say nothing."""
    if options.output.json:
        console.data(render_json(summary, exit_code, current_command_line().errors))
    elif options.output.rows:
        console.data(*options.output.lines(job_rows(run_data(summary))))
    elif not options.wait and not options.reports.take_stdout:
        task_ids = [outcome.task_id for outcome in summary.outcomes if outcome.state == "pending" and outcome.task_id]
        console.data(*(escape_untrusted(task_id) for task_id in task_ids))
        if task_ids:
            console.info(f"later: {join_words(['kirin', 'wait', *(task_ids if len(task_ids) == 1 else ())])}")
    elif not options.reports.take_stdout:
        paths = [output.path for outcome in summary.outcomes for output in outcome.outputs]
        console.data(*(escape_untrusted(str(path), limit=MAX_OUTPUT_PATH) for path in paths))
        if options.view.preview:
            console.pictures(paths)


def show_at_end(summary: Summary, flags: ViewFlags, console: CommandConsole) -> None:
    """Open the videos and notify, where that is asked for and the command was not interrupted."""
    if not (flags.open or flags.notify) or summary.signal:
        return
    from kirin_cli.ui.desktop import notify, open_file

    if flags.open:
        paths = [outcome.outputs[0].path for outcome in summary.outcomes if outcome.outputs]
        reasons = dict.fromkeys(filter(None, (open_file(path, os.environ) for path in paths[:MAX_OPENED])))
        console.talk(*(f"--open: {reason}" for reason in reasons))
        if len(paths) > MAX_OPENED:
            console.talk(f"--open: the first {MAX_OPENED} of {len(paths)} videos; kirin open NAME opens another")
    if flags.notify and (reason := notify("kirin", end_text(summary), console.streams, os.environ)):
        console.talk(f"--notify: {reason}")


def end_text(summary: Summary) -> str:
    """How a run ended, in a line for a notice: `2 of 3 videos are done; 1 failed`."""
    states = Counter[str](outcome.state for outcome in summary.outcomes)
    total, done = len(summary.outcomes), states.pop("done", 0) + states.pop("skipped", 0)
    rest = "".join(f"; {number} {state}" for state, number in sorted(states.items()))
    return f"{done} of {pluralize(total, 'video')} {'is' if total == 1 else 'are'} done{rest}"
