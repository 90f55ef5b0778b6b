"""The scenarios: how far each is searched, and the outcomes that are forbidden in all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FULL: Final = "full"
RANDOM: Final = "random"

# Outcome -> what it would mean. world.h has the same list for the C; the machine adds its own.
FORBIDDEN: Final = {
    "torn record": "words of two records, or of two files, delivered as one",
    "record out of order": "not after the one before, or one that was never published",
    "record lost without a count": "delivered + conflated + lost is not the way of the position",
    "readable record counted as lost": "capacity - 1 records must be readable at any time",
    "record in another slot than documented": "record n lies in slot n & (capacity - 1)",
    "sound region reported as contradictory": "-EILSEQ though nobody damaged the region",
    "record that a watching reader is not told of": "region_spin, after the record is there",
    "moved before the last record was read": "REGION_MOVED too early, or without a move",
    "moved region not reported": "a reader at the end of a superseded file waits for ever",
    "lost wake-up": "a reader sleeps, a record is there, and no byte is in its FIFO",
    "request for a wake-up left behind": "a reader is awake, and its bit stays set",
    "wake-up that nobody asked for": "more bytes than requests, or one for a killed reader",
    "torn snapshot": "a time and values that do not belong together",
    "snapshot is not of the newest record": "after the writer's call",
    "committed record lost by a kill": "announced, and not readable afterwards",
    "restarted writer does not continue": "its next sequence is not the one after the newest",
    "time of a record goes back": "ts_event decreases, or published_wall_ns does not grow",
    "state shown with the numbers of an earlier writer": "live, with the pid of the one before",
    "more records than the batch has room for": "memory behind the caller's arrays",
    "heartbeat that was never written": "or an older one after a newer",
    "a shared word written without an atomic store": "seen by the explorer's canary",
    "an access outside the record or control block": "a word that the layout does not have",
    "a plain copy of shared memory that is no word": "eight bytes are one value",
    "a word stored more often than a scenario allows": "for ever; relacy keeps eight values",
    "crash": "of a call, for whatever reason",
    "livelock": "a call that does not end",
}


@dataclass(frozen=True)
class Search:
    """A search of a scenario.

    Attributes
    ----------
    how : str
        ``full``: every interleaving and every value that a load may return. A number: the same
        with at most so many switches between threads that have not ended. ``random``.
    executions : int
        Of a random search.

    """

    how: str
    executions: int = 0


def _exhaustive(short: str, long: str) -> tuple[Search, Search]:
    return Search(short), Search(long)


def _random(short: int, long: int) -> tuple[Search, Search]:
    return Search(RANDOM, short), Search(RANDOM, long)


# Scenario -> its searches of the short and of the long form. The first ones notice most mutants.
SCENARIOS: Final[dict[str, tuple[Search, Search]]] = {
    "sleep_once": _exhaustive(FULL, FULL),
    "asks_again": _exhaustive(FULL, FULL),
    "sleep_again": _exhaustive("4", "7"),
    "sleep_moved": _exhaustive("4", "8"),
    "place_taken": _exhaustive(FULL, FULL),
    "sleeper_killed": _exhaustive(FULL, FULL),
    "waker_killed": _exhaustive("3", "6"),
    "two_sleepers": _exhaustive("3", "4"),
    "moved_next": _exhaustive("3", "4"),
    "moved_latest": _exhaustive("3", "4"),
    "status": _exhaustive("3", "5"),
    "alive": _exhaustive("3", FULL),
    "snapshot": _exhaustive("2", "4"),
    "next_event": _exhaustive("4", FULL),
    "next_wall": _exhaustive("4", FULL),
    "next_mono": _exhaustive("4", FULL),
    "next_writer": _exhaustive("4", FULL),
    "next_first": _exhaustive("4", FULL),
    "next_last": _exhaustive("4", FULL),
    "latest_first": _exhaustive("4", FULL),
    "batch": _exhaustive("3", "5"),
    "spin": _exhaustive("1", "2"),
    "slots": _exhaustive("3", "5"),
    "slots_more": _exhaustive("3", "4"),
    "next_twice": _exhaustive("2", "3"),
    "latest_twice": _exhaustive("2", "3"),
    "batch_all": _exhaustive("1", "2"),
    "restart": _exhaustive("2", "3"),
    "snapshot_twice": _exhaustive("1", "2"),
    "next_behind": _random(50_000, 500_000),
    "next_all": _random(100_000, 1_000_000),
    "latest_all": _random(100_000, 1_000_000),
    "two_readers": _random(100_000, 1_000_000),
}
