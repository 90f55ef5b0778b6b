/* The memory orderings of the region, each with its partner and the reason it is enough.
 *
 * Every word that two processes share goes through one of these functions and nothing else,
 * so that a memory-model explorer can put its own types behind them.
 */
#ifndef DOLPHIN_ORDERINGS_H
#define DOLPHIN_ORDERINGS_H

#include <stdint.h>

/* Writer marks a slot as being written. Partners: load_slot behind a copy, then see_overtaking.
 * Release: a reader that sees this mark also sees that published has passed the record that was
 * here; the payload words that follow are release stores, so a reader that acquires one of them
 * also sees this mark. */
static inline void mark_slot(uint64_t *slot_sequence)
{
    __atomic_store_n(slot_sequence, 0, __ATOMIC_RELEASE);
}

/* Writer stores one payload word. Partner: load_word.
 * Release: a reader of this value also sees mark_slot of the same record. */
static inline void store_word(uint64_t *word, uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* Writer commits a slot. Partner: see_overtaking, for the reason that mark_slot gives. The words
 * of the record become visible by announce: nobody looks for a record that is not announced. */
static inline void commit_slot(uint64_t *slot_sequence, uint64_t sequence)
{
    __atomic_store_n(slot_sequence, sequence, __ATOMIC_RELEASE);
}

/* Reader looks whether a slot holds the sequence it wants, before its copy and behind it.
 * Partners: mark_slot, commit_slot.
 * Relaxed is enough: before the copy, load_published has made the record visible; behind it,
 * the acquire loads of the copy keep this load behind them, and a word of a later record makes
 * that record's mark visible here. */
static inline uint64_t load_slot(const uint64_t *slot_sequence)
{
    return __atomic_load_n(slot_sequence, __ATOMIC_RELAXED);
}

/* Reader found another record in the slot. Partners: mark_slot, commit_slot.
 * Acquire: load_published now shows that the writer went on. Without it the old number could
 * come again, on arm64, and a sound region would look like one that contradicts itself. */
static inline void see_overtaking(void)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
}

/* Reader copies one payload word. Partner: store_word.
 * Acquire: if the word is of a later record, load_slot behind the copy sees that record's mark. */
static inline uint64_t load_word(const uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* Writer announces a record to everyone. Partners: load_published, and load_sleeping below.
 * Sequentially consistent, because it must not pass the writer's look at the sleepers:
 *   writer:  published = n;      look at sleeping
 *   reader:  sleeping |= me;     look at published
 * In one total order at least one of the two sees the other, so no wake-up is lost. */
static inline void announce(uint64_t *published, uint64_t sequence)
{
    __atomic_store_n(published, sequence, __ATOMIC_SEQ_CST);
}

static inline uint64_t load_sleeping(const uint64_t *sleeping)
{
    return __atomic_load_n(sleeping, __ATOMIC_SEQ_CST);
}

/* Reader announces that it sleeps. Partner: load_sleeping; then it looks at published again. */
static inline void set_sleeping(uint64_t *sleeping, uint64_t bits)
{
    __atomic_fetch_or(sleeping, bits, __ATOMIC_SEQ_CST);
}

/* Reader on waking, or writer on sending a wake-up, takes the flag back; returns the old flags,
 * so that of two clearers exactly one acts.
 * Relaxed is enough, because it is one indivisible step: load_sleeping has acquired every request
 * that it saw, and a reader whose request came after that look sees the record itself. */
static inline uint64_t clear_sleeping(uint64_t *sleeping, uint64_t bits)
{
    return __atomic_fetch_and(sleeping, ~bits, __ATOMIC_RELAXED);
}

/* Reader asks how far the writer is. Partner: announce.
 * Sequentially consistent for the re-check after set_sleeping; the same instruction as acquire
 * on x86-64 and arm64. */
static inline uint64_t load_published(const uint64_t *published)
{
    return __atomic_load_n(published, __ATOMIC_SEQ_CST);
}

/* The snapshot's timestamp: 0 before the first value changes, the new time after the last one.
 * Its values lie unaligned, so they are plain stores; the fence keeps them behind the 0, the
 * release keeps them before the time. Partner: any reader in any language that reads timestamp,
 * values, timestamp in this order. Free on x86-64. */
static inline void mark_snapshot(uint64_t *timestamp)
{
    __atomic_store_n(timestamp, 0, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void commit_snapshot(uint64_t *timestamp, uint64_t wall_ns)
{
    __atomic_store_n(timestamp, wall_ns, __ATOMIC_RELEASE);
}

/* Writer announces that the region goes on, has moved or is closed. Partner: load_state.
 * Sequentially consistent, so that no reader sleeps in a file that has moved:
 *   writer:  old file's state = moved;  next file's published = n;  look at sleeping
 *   reader:  sleeping |= me;            look at the old file's state
 * In one total order, as for announce. It is a release too: a reader of "moved" also sees the
 * last record announced before it, and a reader of "live" the new writer's ids. */
static inline void store_state(uint64_t *state, uint64_t value)
{
    __atomic_store_n(state, value, __ATOMIC_SEQ_CST);
}

/* The same instruction as acquire on x86-64 and arm64. */
static inline uint64_t load_state(const uint64_t *state)
{
    return __atomic_load_n(state, __ATOMIC_SEQ_CST);
}

/* Heartbeat, process ids and generations stand alone: nothing else is inferred from them. */
static inline void store_alone(uint64_t *word, uint64_t value)
{
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static inline uint64_t load_alone(const uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

#endif
