"""Random histories of commands against a faulty service, with what the commands that were typed allow to be paid.

`History` types commands, edits the job file, loses the ledger, kills processes and changes what is wrong with the
service; after every command and at the end it holds the tasks of the service against what was asked for.
"""

import json
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from faults import oracle
from faults.bench import Bench
from faults.in_process import kirin
from faults.processes import start_process
from loopback import faults
from loopback.exchange import Fault
from loopback.files import clip
from loopback.scripts import one_in
from loopback.truth import Task
from support.command_line import CommandResult

PRICE_CENTS = 28
JOBS = ("a", "b", "c")
PROMPTS = ("rain", "snow")
WISHES = ("a boat", "a kite")
SETTINGS = ("--assume-cost", "0.28")
ENVIRON = {"KIRIN_RESULT_WAIT": "0.5", "KIRIN_POLL_SECONDS": "0.02"}
WAITING = {"run", "v1-t2v", "again", "resume", "wait", "download"}
EXIT_CODES = {0, 1, 2, 3, 4, 5, 6, 7, 8, 130}

LOST_POSTS = (
    faults.close_after_reading(create=True),
    faults.close_after_reading(create=False),
    faults.answer(502, create=True),
    faults.cut(9),
)
BAD_POLLS = (faults.answer(503), faults.html(), faults.reset_before_reading(), faults.answer(429))
LATE_FILES = (faults.answer(404), faults.answer(403), faults.answer(410))
TROUBLES: dict[str, tuple[str, int, tuple[Fault, ...]]] = {
    "posts are lost": ("POST", 2, LOST_POSTS),
    "posts are refused for now": ("POST", 2, (faults.answer(429), faults.answer(503))),
    "queries fail": ("GET /model/*", 3, BAD_POLLS),
    "files are late": ("GET /task-*", 2, LATE_FILES),
    "files break": ("GET /task-*", 3, (faults.cut(700), faults.html())),
    "the key is refused": ("* /model/*", 1, (faults.answer(401),)),
    "nothing is there": ("* /*", 1, (faults.reset_before_reading(),)),
}
"""What can be wrong with the service: which requests meet one of the faults, one in how many."""


class History:
    """One person, a service, and what was typed so far. `repeats`: the service takes a repeated external id."""

    def __init__(self, machine: Bench, seed: int, *, repeats: bool, kills: bool) -> None:
        self.machine, self.rng, self.kills = machine, random.Random(seed), kills
        self.log: list[str] = [f"seed {seed}, repeats {repeats}"]
        self.allowed: Counter[str] = Counter()
        """By prompt: how many tasks the commands typed so far may have made."""
        self.prompts = dict.fromkeys(JOBS, PROMPTS[0])
        self.round: set[str] | None = None
        """While an `--again` has not come to its end: the prompts that it has made anew."""
        self.ledgers = 1
        self.troubled = False
        machine.api.serve_api(
            self._results, polls=2, unique=not repeats, key=machine.defaults.key, cost=f"0.{PRICE_CENTS}"
        )
        self._write()

    def play(self, commands: int) -> None:
        """So many random commands, then all is well again and everything is brought to its end."""
        for _ in range(commands):
            self.rng.choice(self._actions())()
        self._calm()
        self.finish()

    def finish(self) -> None:
        """The service is well and nothing is killed: what was paid for is fetched, from every ledger there was."""
        self.kills = False
        for number in range(1, self.ledgers + 1):
            for command in ("resume", "download"):
                self._free(command, state=f"state{number}")
        self._wish_for_jobs()
        result = self._type("run", "jobs.yaml")
        assert result is None or result.exit_code == 0, self._told("the last run did not end well")
        missing = [task for task in self.machine.api.truth.tasks if self._file(task) not in self._files()]
        assert not missing, self._told(f"paid for and nowhere: {missing}")

    def _actions(self) -> list[Callable[[], None]]:
        return [self._one_off, self._one_off, self._run, self._run, self._run, self._look, self._look, self._edit,
                self._trouble, self._trouble, self._calm, self._new_machine]  # fmt: skip

    def _one_off(self) -> None:
        wish, count = self.rng.choice(WISHES), self.rng.choice((1, 1, 2))
        flags = [*self.rng.choice((["--again"], [], [])), *self.rng.choice((["--no-wait"], [], ["--timeout", "1s"]))]
        limit = self.rng.choice((None, None, 0.10, 0.30))
        unfinished = [task for task in self._tasks(wish) if self._file(task) not in self._files()]
        may_take_up = [] if "--again" in flags or self.ledgers > 1 else unfinished
        self.allowed[wish] += max(0, count - len(may_take_up))
        command = self.rng.choice((("v1-t2v",), ("v1-t2v",), ("again", "last")))
        self._type(*command, wish, "--count", str(count), "-o", f"clips/{len(self.log)}/", *flags, limit=limit)

    def _run(self) -> None:
        flag = self.rng.choice(([], [], [], ["--again"], ["--retry-failed"]))
        limit = self.rng.choice((None, None, None, 0.30))
        wait = self.rng.choice(([], [], ["--no-wait"]))
        wanted = self._wish_for_jobs()
        before = {prompt: len(self._tasks(prompt)) for prompt in wanted}
        if flag == ["--again"]:
            if self.round is None:
                self.round = set()
            for prompt in wanted - self.round:
                self.allowed[prompt] = max(self.allowed[prompt], before[prompt] + 1)
        result = self._type("run", "jobs.yaml", *flag, *wait, limit=limit)
        if self.round is not None and flag == ["--again"]:
            self.round |= {prompt for prompt in wanted if len(self._tasks(prompt)) > before[prompt]}
            if result is not None and (result.exit_code == 0 or self.round >= wanted):
                self.round = None

    def _wish_for_jobs(self) -> set[str]:
        """The prompts of the job file; each may be made once."""
        wanted = {self._prompt(job) for job in JOBS}
        for prompt in wanted:
            self.allowed[prompt] = max(self.allowed[prompt], 1)
        return wanted

    def _look(self) -> None:
        command = self.rng.choice(("resume", "wait", "download", "list", "list --refresh", "usage", "plan jobs.yaml"))
        self._free(*command.split())

    def _free(self, *command: str, state: str = "") -> None:
        before = len(self.machine.api.truth.tasks)
        self._type(*command, state=state)
        assert len(self.machine.api.truth.tasks) == before, self._told(f"{command[0]} paid")

    def _edit(self) -> None:
        job = self.rng.choice(JOBS)
        self.prompts[job] = PROMPTS[(PROMPTS.index(self.prompts[job]) + 1) % len(PROMPTS)]
        self.log.append(f"edit: {job} is {self.prompts[job]}")
        self.round = None
        self._write()

    def _trouble(self) -> None:
        name = self.rng.choice(sorted(TROUBLES))
        pattern, often, kinds = TROUBLES[name]
        self.log.append(f"trouble: {name}")
        self.troubled = True
        for service in (self.machine.api, self.machine.cdn):
            service.decide(pattern, one_in(often, *kinds, seed=self.rng.randrange(1 << 20)))

    def _calm(self) -> None:
        self.log.append("all is well")
        self.troubled = False
        for service in (self.machine.api, self.machine.cdn):
            service.forget_scripts()

    def _new_machine(self) -> None:
        self.ledgers += 1
        self.round = None
        self.log.append("another ledger")

    def _type(self, *command: str, limit: float | None = None, state: str = "") -> CommandResult | None:
        """One command; None where it was killed. Held against the limit and the allowance when it has ended."""
        money = [] if limit is None else ["--max-cost", str(limit), *SETTINGS]
        if command[0] in WAITING and "--timeout" not in command and self.troubled:
            command = (*command, "--timeout", "0.5s")
        environ = {**ENVIRON, "KIRIN_STATE_DIR": str(self.machine.folder / (state or f"state{self.ledgers}"))}
        before = len(self.machine.api.truth.tasks)
        self.log.append(" ".join(("$ kirin", *command, *money)))
        kill = (
            self.kills and not state and command[0] in {"run", "v1-t2v", "again", "resume"} and self.rng.random() < 0.3
        )
        result = self._killed(*command, *money, environ=environ) if kill else self._ended(*command, *money, **environ)
        paid = len(self.machine.api.truth.tasks) - before
        assert limit is None or paid * PRICE_CENTS <= limit * 100, self._told(f"{paid} tasks for {limit} USD")
        for prompt in {task.params["prompt"] for task in self.machine.api.truth.tasks}:
            tasks = self._tasks(prompt)
            assert len(tasks) <= self.allowed[prompt], self._told(f"{len(tasks)} tasks of {prompt!r}")
        return result

    def _ended(self, *command: str, **environ: str) -> CommandResult:
        result = kirin(self.machine, *command, **environ)
        self.log.append(f"  exit {result.exit_code}: {result.stdout[-600:]} {result.stderr[-1500:]}")
        assert result.exit_code in EXIT_CODES, self._told("crashed")
        return result

    def _killed(self, *command: str, environ: dict[str, str]) -> None:
        """The command as a process that dies by `kill -9` once it has made so many requests."""
        truth = self.machine.api.truth
        enough = len(truth.requests) + self.rng.randrange(8)
        with start_process(self.machine, *command, **environ) as process:
            with suppress(TimeoutError):
                truth.until(lambda now: len(now.requests) >= enough or process.process.poll() is not None, timeout=2.0)
            process.kill()
        self.log.append("  killed")

    def _results(self, task: Task) -> str:
        return self.machine.cdn.serve_file(f"/task-{task.number}.mp4", self._film(task), etag=f'"{task.number}"')

    def _film(self, task: Task) -> bytes:
        return clip(1500, seed=task.number)

    def _file(self, task: Task) -> str:
        return oracle.digest(self._film(task))

    def _files(self) -> set[str]:
        return {oracle.digest(film.read_bytes()) for film in self.machine.folder.rglob("*.mp4")}

    def _tasks(self, prompt: str) -> list[Task]:
        return [task for task in self.machine.api.truth.tasks if task.params["prompt"] == prompt]

    def _prompt(self, job: str) -> str:
        return f"{self.prompts[job]} over {job}"

    def _write(self) -> None:
        jobs = [{"name": job, "params": {"prompt": self._prompt(job)}} for job in JOBS]
        content = {"version": 1, "defaults": {"model": "kirin_v1_t2v"}, "jobs": jobs}
        self.machine.file.write_text(json.dumps(content))

    def _told(self, fault: str) -> str:
        return "\n".join((fault, *self.log))
