"""Planted faults of the wake-ups, which the writer's cost must show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.proof.region.mutants import Mutant, kill_all

if TYPE_CHECKING:
    from tests.proof.figures import Figure, Form

SHORT: Final = (
    Mutant(
        "a request for a wake-up is not taken back", "waiters.c",
        "if (clear_sleeping(flags, bit) & bit)", "if (load_sleeping(flags) & bit)",
    ),
)  # fmt: skip
LONG: Final = (
    *SHORT,
    Mutant(
        "a reader that leaves does not take its request back", "reading.c",
        "    clear_sleeping(&call->waiters->sleeping, 1ull << call->slot);\n    return 0;",
        "    return 0;",
    ),
    Mutant(
        "a reader that finds a record does not take its request back", "reading.c",
        "    if (result != REGION_NOTHING)\n        clear_sleeping",
        "    if (0)\n        clear_sleeping",
    ),
    Mutant(
        "only the first sleeper is woken", "waiters.c",
        "        sleeping &= ~bit;\n", "        sleeping = 0;\n",
    ),
    Mutant(
        "the last place is never woken", "waiters.c",
        "int slot = __builtin_ctzll(sleeping);",
        "int slot = __builtin_ctzll(sleeping);\n        if (slot == 63)\n            break;",
    ),
)  # fmt: skip


def prove(form: Form) -> Figure:
    """Return how many of them show."""
    planted = LONG if form.is_long else SHORT
    return kill_all(form, "R7", "tests.proof.bounds.writer_cost", planted)
