"""The mutants of reading, sleeping and waking, by hand."""

from __future__ import annotations

from typing import Final

from tests.proof.memory_model.mutation import Mutant

_STATE: Final = "    *call->state = load_state(&call->control->state);\n"
_OVERTAKEN: Final = "        see_overtaking();\n        return 0;\n"


def _reading(function: str, what: str, *edits: tuple[str, str]) -> Mutant:
    return Mutant(what, "reading.c", function, edits)


def _waiters(function: str, what: str, *edits: tuple[str, str]) -> Mutant:
    return Mutant(what, "waiters.c", function, edits)


def _without(text: str) -> tuple[str, str]:
    return (text, "")


_READ: Final = (
    _reading(
        "copy_record", "no second look", ("if (load_slot(&record->sequence) == n)", "if (1)")
    ),
    _reading(
        "copy_record",
        "second look before the values",
        (
            "    for (uint32_t i",
            "    uint64_t looked = load_slot(&record->sequence);\n    for (uint32_t i",
        ),
        ("if (load_slot(&record->sequence) == n)", "if (looked == n)"),
    ),
    _reading("copy_record", "not overtaken at first", (_OVERTAKEN, "        return 0;\n")),
    _reading(
        "copy_record",
        "not overtaken behind",
        ("        return 1;\n    see_overtaking();\n", "        return 1;\n"),
    ),
    _reading("copy_record", "no writer_id", ("k < HEADER_WORDS", "k + 1 < HEADER_WORDS")),
    _reading("copy_record", "no ts_event", ("int k = 1", "int k = 2")),
    _reading("copy_record", "a value too few", ("i < r->factor_count", "i + 1 < r->factor_count")),
    _reading("copy_record", "a value too many", ("i < r->factor_count", "i <= r->factor_count")),
    _reading(
        "copy_record",
        "next value",
        ("load_word(record->values + i)", "load_word(record->values + !i)"),
    ),
    _reading(
        "nothing_or_moved",
        "moved with records left",
        ("load_published(&r->control->published) == r->position", "1"),
    ),
    _reading("nothing_or_moved", "moved when closed", ("REGION_SUPERSEDED", "REGION_CLOSED")),
    _reading("nothing_or_moved", "moved while live", ("REGION_SUPERSEDED", "REGION_LIVE")),
    _reading(
        "nothing_or_moved",
        "looks at published first",
        ("load_state(&r->control->state) == REGION_SUPERSEDED &&", ""),
        (
            "load_published(&r->control->published) == r->position",
            "load_published(&r->control->published) == r->position && "
            "load_state(&r->control->state) == REGION_SUPERSEDED",
        ),
    ),
    _reading("read_latest", "counts itself", ("n - r->position - 1", "n - r->position")),
    _reading("read_latest", "counts none", ("r->conflated += n - r->position - 1;", ";")),
    _reading("read_latest", "not delivered", ("            r->delivered++;\n", "")),
    _reading("read_latest", "position stays behind", ("r->position = n;", "r->position = n - 1;")),
    _reading("read_next", "room of a slot less", ("n - r->capacity + 2", "n - r->capacity + 1")),
    _reading("read_next", "room of a slot more", ("n - r->capacity + 2", "n - r->capacity + 3")),
    _reading("read_next", "in the writer's slot", (">= r->capacity", "> r->capacity")),
    _reading(
        "read_next", "one lost too few", ("lost = oldest - next", "lost = oldest - next - 1")
    ),
    _reading("read_next", "loss is forgotten", ("            r->lost += lost;\n", "")),
    _reading("read_next", "leaves one out", ("r->position + 1;", "r->position + 2;")),
    _reading("read_next", "not the newest", ("n == r->position", "n <= r->position + 1")),
    _reading("read_next", "not delivered", ("            r->delivered++;\n", "")),
    _reading("read_next", "comes twice", ("r->position = next;", "r->position = next - 1;")),
    _reading("read_batch", "one too many", ("b->count < b->limit", "b->count <= b->limit")),
    _reading("read_batch", "one place for all", ("(size_t)b->count * call", "(size_t)0 * call")),
    _reading("read_batch", "values one apart", ("call->r->factor_count", "1")),
    _reading(
        "read_batch", "wrong sequence", ("header.record.sequence", "header.record.sequence - 1")
    ),
    _reading(
        "read_batch", "other time", ("header.record.ts_event", "header.record.published_mono_ns")
    ),
    _reading(
        "region_read_batch",
        "the end hides records",
        ("batch->count ? REGION_RECORD : result", "result"),
    ),
    _reading("spin", "not for one record", ("!= position", "> position + 1")),
    _reading("spin", "never moved", ("return nothing_or_moved(call->r)", "return REGION_NOTHING")),
    _reading("spin", "always a record", ("!= position", "+ 1 != position")),
    _reading(
        "status", "state last", _without(_STATE), ("    return 0;\n", _STATE + "    return 0;\n")
    ),
    _reading(
        "status", "pid for the heartbeat", ("control->heartbeat_mono_ns", "control->writer_pid")
    ),
)
_SET: Final = "    set_sleeping(&call->waiters->sleeping, 1ull << call->slot);\n"
_LOOK: Final = "    if (load_published(&call->r->control->published) == call->r->position)\n"
_TAKEN_BACK: Final = "    if (result != REGION_NOTHING)\n"
_SLEEP: Final = (
    _reading(
        "go_to_sleep",
        "looks before it asks",
        _without(_SET),
        (_TAKEN_BACK, _SET + _TAKEN_BACK),
    ),
    _reading("go_to_sleep", "does not look again", (_LOOK, "    if (1)\n")),
    _reading(
        "go_to_sleep", "does not see a move", ("nothing_or_moved(call->r)", "REGION_NOTHING")
    ),
    _reading("go_to_sleep", "does not ask", _without(_SET)),
    _reading("go_to_sleep", "leaves its bit", (_TAKEN_BACK, "    if (0)\n")),
    _reading("go_to_sleep", "takes its bit back", (_TAKEN_BACK, "    if (1)\n")),
    _reading(
        "go_to_sleep",
        "asks for another",
        (
            "set_sleeping(&call->waiters->sleeping, 1ull << call->slot)",
            "set_sleeping(&call->waiters->sleeping, 2ull << call->slot)",
        ),
    ),
    _reading("wake_up", "leaves its bit", ("1ull << call->slot", "2ull << call->slot")),
    _waiters(
        "send_to_sleepers",
        "leaves the bits",
        (
            "clear_sleeping(flags, bit) & bit",
            "load_sleeping(flags) & bit",
        ),
    ),
    _waiters(
        "send_to_sleepers",
        "takes all bits",
        (
            "clear_sleeping(flags, bit)",
            "clear_sleeping(flags, ~0ull)",
        ),
    ),
    _waiters(
        "send_to_sleepers",
        "byte before the bit",
        (
            "        if (clear_sleeping(flags, bit) & bit)\n            send_byte(call, slot);\n",
            "        send_byte(call, slot);\n        clear_sleeping(flags, bit);\n",
        ),
    ),
    _waiters("send_to_sleepers", "the same for ever", ("        sleeping &= ~bit;\n", "")),
    _waiters(
        "send_to_sleepers", "one place on", ("send_byte(call, slot)", "send_byte(call, slot ^ 1)")
    ),
    _waiters(
        "send_to_sleepers", "only the last", ("    while (sleeping) {", "    if (sleeping) {")
    ),
    _waiters("send_to_everyone", "not the first", ("int slot = 0;", "int slot = 1;")),
    _waiters(
        "fifo_of", "a dead reader's FIFO", (" && w->fifo_generation[slot] == generation", "")
    ),
    _waiters(
        "without_sigpipe", "leaves the signal", ("got_pipe_error &&", "got_pipe_error > 1 &&")
    ),
)
READER_MUTANTS: Final = (*_READ, *_SLEEP)
