"""Runs of a state machine: counted, seeded, and bounded by a number of examples."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

if TYPE_CHECKING:
    from collections.abc import Callable


PHASES = (Phase.generate, Phase.shrink)


class Run(NamedTuple):
    """How much a run of a machine has tried, and whether it held."""

    examples: int
    steps: int
    failure: str
    """How to replay what failed; empty if nothing did."""


class CountedMachine(RuleBasedStateMachine):
    """A machine that counts its examples and steps."""

    examples: ClassVar[int] = 0
    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).examples += 1

    def check_invariants(self, *arguments: Any) -> None:
        """Count, and check what must hold after each operation."""
        type(self).steps += 1
        self.holds()
        super().check_invariants(*arguments)

    def holds(self) -> None:
        """Fail unless everything is as the model says."""
        raise NotImplementedError


def run(machine: type[CountedMachine], examples: int, steps: int, number: int) -> Run:
    """Run a machine on random sequences of operations.

    Parameters
    ----------
    machine : type
        The machine.
    examples, steps : int
        How many sequences, and the most operations of each.
    number : int
        The seed: the same number gives the same sequences.

    """
    machine.examples = machine.steps = 0
    seeded: Callable[[Any], Any] = seed(number)
    try:
        run_state_machine_as_test(
            seeded(machine),
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                print_blob=True,
                report_multiple_bugs=False,
                phases=PHASES,
                suppress_health_check=list(HealthCheck),
            ),
        )
    except Exception as error:  # noqa: BLE001 - whatever fails is the finding
        notes = "\n".join(getattr(error, "__notes__", []))
        where = "".join(traceback.format_tb(error.__traceback__)[-2:]) + repr(error)
        return Run(machine.examples, machine.steps, f"{where}\n{notes}")
    return Run(machine.examples, machine.steps, "")
