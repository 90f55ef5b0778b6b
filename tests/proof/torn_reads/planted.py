"""Planted faults of the ring, which the interleavings must notice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.proof.region.mutants import Mutant, kill_all

if TYPE_CHECKING:
    from tests.proof.figures import Figure, Form

SHORT: Final = (
    Mutant(
        "the reader does not look again", "reading.c",
        "    if (load_slot(&record->sequence) == n)\n        return 1;\n", "    return 1;\n",
    ),
)  # fmt: skip
LONG: Final = (
    *SHORT,
    Mutant(
        "the slot is not marked", "publishing.c",
        "    mark_slot(&record->sequence);\n", "",
    ),
    Mutant(
        "the slot is marked after its first words", "publishing.c",
        "    mark_slot(&record->sequence);\n"
        "    store_word((uint64_t *)&record->ts_event, (uint64_t)ts_event);\n",
        "    store_word((uint64_t *)&record->ts_event, (uint64_t)ts_event);\n"
        "    mark_slot(&record->sequence);\n",
    ),
    Mutant(
        "the reader takes any whole record for the one it wants", "reading.c",
        "    if (load_slot(&record->sequence) != n) {\n        see_overtaking();\n"
        "        return 0;\n    }\n",
        "    n = load_slot(&record->sequence);\n",
    ),
)  # fmt: skip


def prove(form: Form) -> Figure:
    """Return how many of them the interleavings notice."""
    planted = LONG if form.is_long else SHORT
    return kill_all(form, "R2", "tests.proof.torn_reads.interleavings", planted)
