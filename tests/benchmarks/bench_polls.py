"""How late completions are noticed and after how many polls, on a simulated clock; beside a fixed poll every 5 s.

python tests/benchmarks/bench_polls.py [TASKS]      (default 2000 of each spread)

Floor: the least product of lateness and polls that any order of polls can have where the spread is known exactly,
half of the square of the integral of sqrt(f (1 - F)). Goals for a task of 60 s: 1.2 s and 8 polls, so a spread whose
floor is above 9.6 cannot reach both; for one of 2 s: 0.5 s. Then what a poll costs with a history of 100, 1,000 and
10,000 tasks, and the exponent of its growth.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from math import log10, sqrt

from kirin_cli.api.retry import PollSchedule

TASK_CLASS = ("kirin_v1_t2v", "std", "5")
Spread = Callable[[random.Random, int], float]


def around(seconds: float, spread: float, rng: random.Random, _: int = 0) -> float:
    """Most tasks take about as long; `spread` is the deviation in parts of that."""
    return seconds * rng.lognormvariate(0, spread)


SPREADS: Mapping[str, Spread] = {
    "60 s, 2 %": partial(around, 60, 0.02),
    "60 s, 5 %": partial(around, 60, 0.05),
    "60 s, 10 %": partial(around, 60, 0.1),
    "60 s, 20 %": partial(around, 60, 0.2),
    "60 s, 40 %": partial(around, 60, 0.4),
    "45 to 75 s": lambda rng, _: rng.uniform(45, 75),
    "30 to 90 s": lambda rng, _: rng.uniform(30, 90),
    "40 or 80 s": lambda rng, _: around(rng.choice((40, 80)), 0.05, rng),
    "55 s, one in ten 150 s": lambda rng, _: around(150 if rng.random() < 0.1 else 55, 0.05, rng),
    "60 s, 5 % more every 100": lambda rng, number: around(60 * 1.05 ** (number / 100 % 20), 0.05, rng),
    "60 s, then 90, then 40": lambda rng, number: around((60, 90, 40)[number // 400 % 3], 0.05, rng),
    "2 s, 10 %": partial(around, 2, 0.1),
    "2 s, 30 %": partial(around, 2, 0.3),
    "1 to 3 s": lambda rng, _: rng.uniform(1, 3),
    "10 s, 10 %": partial(around, 10, 0.1),
    "300 s, 10 %": partial(around, 300, 0.1),
    "300 s, 30 %": partial(around, 300, 0.3),
}
CHANGING = {"60 s, 5 % more every 100", "60 s, then 90, then 40"}
"""Spreads that are another one after a while: what is known then is out of date."""


def noticed(schedule: PollSchedule, seconds: float) -> tuple[float, int]:
    """Lateness in seconds and polls of a task that takes so long; the schedule learns from it as a run does."""
    seen, age, polls = 0.0, schedule.first_poll(TASK_CLASS), 1
    while age < seconds:
        seen, age, polls = age, age + schedule.next_poll(TASK_CLASS, age), polls + 1
    schedule.observe(TASK_CLASS, age - schedule.seconds_since_end(TASK_CLASS, age, age - seen))
    return age - seconds, polls


def measure(spread: Spread, known: int, tasks: int, seed: int = 7) -> tuple[float, float, float]:
    """Mean lateness, that of the latest twentieth, and mean polls of tasks where so many were known before."""
    rng = random.Random(seed)
    before = [spread(rng, number) for number in range(known)]
    schedule = PollSchedule(rng=rng, durations=lambda *_: before)
    results = [noticed(schedule, spread(rng, known + number)) for number in range(tasks)]
    lateness = sorted(late for late, _ in results)
    polls = statistics.mean(polls for _, polls in results)
    return statistics.mean(lateness), lateness[int(0.95 * tasks)], polls


def floor(spread: Spread, samples: int = 50_000, bins: int = 200) -> float:
    """The least product of mean lateness and mean polls."""
    rng = random.Random(1)
    taken = sorted(spread(rng, 0) for _ in range(samples))
    width = (taken[-1] - taken[0]) / bins
    counts = [0] * bins
    for seconds in taken:
        counts[min(bins - 1, int((seconds - taken[0]) / width))] += 1
    left, integral = samples, 0.0
    for count in counts:
        integral += sqrt(count * (left - count / 2) * width) / samples
        left -= count
    return integral**2 / 2


def cost(known: int, polls: int = 20_000) -> float:
    """Microseconds of CPU that the decision after a poll takes with so long a history."""
    rng = random.Random(3)
    schedule = PollSchedule(rng=rng, durations=lambda *_: [around(60, 0.2, rng) for _ in range(known)])
    schedule.typical(TASK_CLASS)
    ages = [rng.uniform(0, 90) for _ in range(polls)]
    began = time.process_time()
    for age in ages:
        schedule.next_poll(TASK_CLASS, age)
    return (time.process_time() - began) / polls * 1e6


def main() -> None:
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    rng = random.Random(7)
    fixed = [60 * rng.lognormvariate(0, 0.1) for _ in range(tasks)]
    print(f"fixed 5 s, 60 s tasks: late {statistics.mean(-t % 5 for t in fixed):.2f} s, "
          f"polls {statistics.mean(t // 5 + 1 for t in fixed):.1f}")  # fmt: skip
    for known in (0, 1, 300):
        print(f"\nhistory of {known}" + ("" if known > 1 else ": the first 50 tasks, mean of 40 runs"))
        for name, spread in SPREADS.items():
            runs = [
                measure(spread, known, *run) for run in ([(tasks, 7)] if known > 1 else [(50, n) for n in range(40)])
            ]
            late, latest, polls = map(statistics.mean, zip(*runs, strict=True))
            least = f"  floor {floor(spread):5.1f}" if known > 1 and name not in CHANGING else ""
            print(f"  {name:25} late {late:5.2f} s (1 in 20: {latest:5.2f})  polls {polls:5.1f}"
                  f"  product {late * polls:5.1f}{least}")  # fmt: skip
    sizes = (100, 1_000, 10_000)
    costs = [statistics.median(cost(size) for _ in range(5)) for size in sizes]
    exponents = ", ".join(f"{log10(after / before):.2f}" for before, after in pairwise(costs))
    print(
        "\nCPU of a decision with a history of "
        + ", ".join(f"{n:,}: {c:.1f} us" for n, c in zip(sizes, costs, strict=True))
    )
    print(f"exponents {exponents}")


if __name__ == "__main__":
    main()
