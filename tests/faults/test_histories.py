"""Whatever is typed in any order: nothing is paid that no command allows, nothing paid is lost (promises 5 to 11)."""

import pytest
from faults.bench import Bench
from faults.histories import History


@pytest.mark.parametrize("seed", range(9, 15))
def test_random_histories_pay_what_was_typed_and_keep_what_was_paid(machine: Bench, seed: int) -> None:
    History(machine, seed, repeats=seed % 2 == 1, kills=False).play(10)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 112))
def test_long_histories_with_kills(machine: Bench, seed: int) -> None:
    History(machine, seed, repeats=seed % 2 == 1, kills=True).play(20)
