"""The mutants of the algorithm, by hand: what the writer moves, leaves out, or has off by one."""

from __future__ import annotations

from typing import Final

from tests.proof.memory_model.mutation import Mutant
from tests.proof.memory_model.reader_mutants import READER_MUTANTS

_LOOK_AT_SLEEPERS: Final = "    return load_sleeping(&w->waiters->sleeping) != 0;\n"
_MARK: Final = "    mark_slot(&record->sequence);\n"
_COMMIT: Final = "    commit_slot(&record->sequence, n);\n"
_ANNOUNCE: Final = "    announce(&w->control->published, n);\n"
_EVENT: Final = "    store_word((uint64_t *)&record->ts_event, (uint64_t)ts_event);\n"
_WALL: Final = "    store_word((uint64_t *)&record->published_wall_ns, (uint64_t)wall_ns);\n"
_MONO: Final = "    store_word((uint64_t *)&record->published_mono_ns, (uint64_t)mono_ns);\n"
_WRITER: Final = "    store_word(&record->writer_id, w->writer_id);\n"
_VALUE: Final = "        store_word(record->values + i, bits);\n"
_VALUES: Final = "    for (uint32_t i = 0; i < w->factor_count; i++) {\n"
_BEAT: Final = "    store_alone(&w->control->heartbeat_mono_ns, (uint64_t)mono_ns);\n"
_SNAPSHOT: Final = "    mark_snapshot(snapshot_timestamp);\n"
_SHOWN: Final = "    commit_snapshot(snapshot_timestamp, (uint64_t)wall_ns);\n"
_LIVE: Final = "    store_state(&w->control->state, REGION_LIVE);\n"
_PID: Final = "    store_alone(&w->control->writer_pid, w->writer_pid);\n"
_ID: Final = "    store_alone(&w->control->writer_id, w->writer_id);\n"


def _publish(what: str, *edits: tuple[str, str]) -> Mutant:
    return Mutant(what, "publishing.c", "publish", edits)


def _publishing(function: str, what: str, *edits: tuple[str, str]) -> Mutant:
    return Mutant(what, "publishing.c", function, edits)


def _ordering(function: str, what: str, *edits: tuple[str, str]) -> Mutant:
    return Mutant(what, "orderings.h", function, edits)


def _without(text: str) -> tuple[str, str]:
    return (text, "")


_PUBLISH: Final = (
    _publish("skips a sequence", ("w->published + 1;", "w->published + 2;")),
    _publish("no mark", _without(_MARK)),
    _publish("mark behind the first word", _without(_MARK), (_EVENT, _EVENT + _MARK)),
    _publish("mark behind the words", _without(_MARK), (_COMMIT, _MARK + _COMMIT)),
    *(
        _publish(f"no {name}", _without(text))
        for name, text in (
            ("ts_event", _EVENT),
            ("published_wall_ns", _WALL),
            ("published_mono_ns", _MONO),
            ("writer_id", _WRITER),
            ("values", _VALUE),
            ("commit", _COMMIT),
            ("announcement", _ANNOUNCE),
            ("heartbeat", _BEAT),
            ("mark of the snapshot", _SNAPSHOT),
            ("commit of the snapshot", _SHOWN),
        )
    ),
    *(
        _publish(f"{name} behind the commit", _without(text), (_COMMIT, _COMMIT + text))
        for name, text in (("ts_event", _EVENT), ("writer_id", _WRITER))
    ),
    _publish("commit before the values", _without(_COMMIT), (_VALUES, _COMMIT + _VALUES)),
    _publish("announced before the values", _without(_ANNOUNCE), (_VALUES, _ANNOUNCE + _VALUES)),
    _publish("announced before the commit", (_COMMIT + _ANNOUNCE, _ANNOUNCE + _COMMIT)),
    _publish(
        "looks at the sleepers first",
        (_ANNOUNCE, "    int sleeps = load_sleeping(&w->waiters->sleeping) != 0;\n" + _ANNOUNCE),
        (_LOOK_AT_SLEEPERS, "    return sleeps;\n"),
    ),
    _publish("no look at the sleepers", (_LOOK_AT_SLEEPERS, "    return 0;\n")),
    _publish("wakes when nobody sleeps", ("sleeping) != 0", "sleeping) == 0")),
    _publishing("region_publish", "wakes nobody", ("        waiters_wake(w);\n", "        ;\n")),
    _publish("one value too few", (_VALUES, _VALUES.replace("0; i", "1; i"))),
    _publish("one value too many", (_VALUES, _VALUES.replace("<", "<="))),
    _publish(
        "each value in the next place",
        ("record->values + i, bits", "record->values + i + 1, bits"),
    ),
    _publish("snapshot in one place", ("value_offsets[i], record", "value_offsets[0], record")),
    _publish("snapshot is timed first", _without(_SHOWN), (_SNAPSHOT, _SNAPSHOT + _SHOWN)),
    _publish("snapshot is marked last", _without(_SNAPSHOT), (_SHOWN, _SNAPSHOT + _SHOWN)),
    _publish("wall time repeats", ("wall_ns = w->last_wall_ns + 1", "wall_ns = w->last_wall_ns")),
    _publish("ts_event goes back", ("        ts_event = w->last_event;\n", "")),
    _publish("last_event is forgotten", ("    w->last_event = ts_event;\n", "")),
    _publish("last_wall_ns is forgotten", ("    w->last_wall_ns = wall_ns;\n", "")),
)
_LIFE: Final = (
    _publishing("wake", "wakes nobody", ("        waiters_wake(w);\n", "        ;\n")),
    _publishing("start", "live before the ids", _without(_LIVE), (_PID, _LIVE + _PID)),
    _publishing("start", "not live", _without(_LIVE)),
    _publishing("start", "no pid", _without(_PID)),
    _publishing("start", "no writer_id", _without(_ID)),
    _publishing(
        "start",
        "repeats the newest sequence",
        ("load_published(&w->control->published);", "load_published(&w->control->published) - 1;"),
    ),
    _publishing(
        "start", "wall time is forgotten", ("w->last_wall_ns = (int64_t)", "(void)(int64_t)")
    ),
    _publishing(
        "start", "ts_event is forgotten", ("w->last_event = (int64_t)", "(void)(int64_t)")
    ),
    _publishing("region_writer_start", "wakes nobody", ("waiters_wake_everyone(w);", ";")),
    _publishing("beat", "no heartbeat", ("store_alone(&control->heartbeat_mono_ns,", "(void)(")),
    _publishing(
        "set_state", "no state", ("    store_state(&call->control->state, call->state);\n", "")
    ),
    Mutant(
        "ring one slot too short",
        "region_words.h",
        "slot_of",
        [("(sequence & (capacity - 1))", "(sequence % (capacity - 1))")],
    ),
    Mutant(
        "one slot further on",
        "region_words.h",
        "slot_of",
        [("(sequence & (capacity - 1))", "((sequence + 1) & (capacity - 1))")],
    ),
    Mutant(
        "behind the ring",
        "region_words.h",
        "slot_of",
        [("(sequence & (capacity - 1))", "(sequence & capacity)")],
    ),
)
_WORDS: Final = (
    _ordering("store_alone", "no store", ("__atomic_store_n(word, value, __ATOMIC_RELAXED);", "")),
    _ordering("load_alone", "nothing", ("__atomic_load_n(word, __ATOMIC_RELAXED)", "0")),
    _ordering(
        "set_sleeping",
        "two steps",
        (
            "__atomic_fetch_or(sleeping, bits, __ATOMIC_SEQ_CST)",
            "__atomic_store_n(sleeping, __atomic_load_n(sleeping, __ATOMIC_SEQ_CST) | bits, "
            "__ATOMIC_SEQ_CST)",
        ),
    ),
    _ordering(
        "clear_sleeping",
        "two steps",
        (
            "return __atomic_fetch_and(sleeping, ~bits, __ATOMIC_RELAXED);",
            "uint64_t old = __atomic_load_n(sleeping, __ATOMIC_SEQ_CST);\n"
            "    __atomic_store_n(sleeping, old & ~bits, __ATOMIC_SEQ_CST);\n    return old;",
        ),
    ),
    _ordering(
        "clear_sleeping",
        "the new flags",
        (
            "return __atomic_fetch_and(sleeping, ~bits, __ATOMIC_RELAXED);",
            "return __atomic_fetch_and(sleeping, ~bits, __ATOMIC_RELAXED) & ~bits;",
        ),
    ),
    _ordering("mark_slot", "marks with a sequence", ("slot_sequence, 0,", "slot_sequence, 1,")),
    _ordering(
        "mark_snapshot", "no mark", ("__atomic_store_n(timestamp, 0, __ATOMIC_RELAXED);", "")
    ),
)
MUTANTS: Final = (*_PUBLISH, *_LIFE, *_WORDS, *READER_MUTANTS)
