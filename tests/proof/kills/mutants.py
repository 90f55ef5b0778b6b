"""Planted faults in the order of the writer's stores, which the kills must notice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.proof.region.mutants import Mutant, kill_all

if TYPE_CHECKING:
    from tests.proof.figures import Figure, Form

_MARK: Final = "    mark_slot(&record->sequence);\n"
_COMMIT: Final = "    commit_slot(&record->sequence, n);\n"
_ANNOUNCE: Final = "    announce(&w->control->published, n);\n"
_MARK_SNAPSHOT: Final = "    mark_snapshot(snapshot_timestamp);\n"
_COMMIT_SNAPSHOT: Final = "    commit_snapshot(snapshot_timestamp, (uint64_t)wall_ns);\n"

SHORT: Final = (
    Mutant(
        "announced before it is committed", "publishing.c",
        _COMMIT + _ANNOUNCE, _ANNOUNCE + _COMMIT,
    ),
    Mutant(
        "committed before its words are written", "publishing.c",
        _MARK, _MARK + _COMMIT,
    ),
)  # fmt: skip
LONG: Final = (
    *SHORT,
    Mutant("announced before its words are written", "publishing.c", _MARK, _MARK + _ANNOUNCE),
    Mutant("the slot is not marked", "publishing.c", _MARK, ""),
    Mutant("the slot is not committed", "publishing.c", _COMMIT, ""),
    Mutant("the snapshot is not marked", "publishing.c", _MARK_SNAPSHOT, ""),
    Mutant(
        "the snapshot is committed before its values are written", "publishing.c",
        _MARK_SNAPSHOT, _MARK_SNAPSHOT + _COMMIT_SNAPSHOT,
    ),
    Mutant(
        "the next writer repeats a sequence", "publishing.c",
        "w->published = load_published(&w->control->published);",
        "w->published = load_published(&w->control->published) - 1;",
    ),
    Mutant(
        "a slot beside the right one", "publishing.c",
        "slot_of(w->ring, n, w->capacity", "slot_of(w->ring, n + 1, w->capacity",
    ),
)  # fmt: skip


def prove(form: Form) -> Figure:
    """Return how many of them the kills in a write notice."""
    planted = LONG if form.is_long else SHORT
    return kill_all(form, "R4", "tests.proof.kills.write_campaign", planted)
