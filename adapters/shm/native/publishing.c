/* Publishing records into a region, and what the writer shows of itself. Part of region.c. */
#include "region.h"
#include "orderings.h"
#include "region_words.h"

#include <errno.h>
#include <string.h>

#define SIGN_BIT 0x8000000000000000u
#define INFINITY_BITS 0x7ff0000000000000u
#define NAN_BITS 0x7ff8000000000000u

struct publish_call {
    struct region_writer *w;
    const double *values;
    int64_t ts_event;
};

/* The wall clock, read at most once a millisecond: a reading costs a tenth of a write. */
static int64_t wall_clock(struct region_writer *w, int64_t mono_ns)
{
    if (mono_ns - w->wall_read_mono_ns >= 1000000 || !w->wall_read_mono_ns) {
        w->wall_minus_mono_ns = now_ns(CLOCK_REALTIME) - mono_ns;
        w->wall_read_mono_ns = mono_ns;
    }
    return mono_ns + w->wall_minus_mono_ns;
}

/* Returns whether a reader sleeps. */
static int publish(void *argument)
{
    const struct publish_call *call = argument;
    struct region_writer *w = call->w;
    uint64_t n = w->published + 1;
    struct region_record *record = slot_of(w->ring, n, w->capacity, w->record_size);
    uint64_t *snapshot_timestamp = (uint64_t *)w->snapshot;

    int64_t mono_ns = now_ns(CLOCK_MONOTONIC);
    int64_t wall_ns = wall_clock(w, mono_ns);
    if (wall_ns <= w->last_wall_ns)
        wall_ns = w->last_wall_ns + 1;
    int64_t ts_event = call->ts_event ? call->ts_event : wall_ns;
    if (ts_event < w->last_event) {
        ts_event = w->last_event;
        w->clamped_events++;
    }

    mark_slot(&record->sequence);
    store_word((uint64_t *)&record->ts_event, (uint64_t)ts_event);
    store_word((uint64_t *)&record->published_wall_ns, (uint64_t)wall_ns);
    store_word((uint64_t *)&record->published_mono_ns, (uint64_t)mono_ns);
    store_word(&record->writer_id, w->writer_id);
    for (uint32_t i = 0; i < w->factor_count; i++) {
        uint64_t bits;
        memcpy(&bits, call->values + i, 8);
        if ((bits & ~SIGN_BIT) == INFINITY_BITS) {
            bits = NAN_BITS;
            w->infinite_values++;
        }
        store_word(record->values + i, bits);
    }
    commit_slot(&record->sequence, n);
    announce(&w->control->published, n);

    w->published = n;
    w->last_event = ts_event;
    w->last_wall_ns = wall_ns;
    store_alone(&w->control->heartbeat_mono_ns, (uint64_t)mono_ns);

    mark_snapshot(snapshot_timestamp);
    for (uint32_t i = 0; i < w->factor_count; i++)
        memcpy(w->snapshot + w->value_offsets[i], record->values + i, 8);
    commit_snapshot(snapshot_timestamp, (uint64_t)wall_ns);

    return load_sleeping(&w->waiters->sleeping) != 0;
}

/* Publish one record. Returns 0, -EBADF after region_writer_forget, -EIO if the file shrank. */
int region_publish(struct region_writer *w, const double *values, int64_t ts_event)
{
    if (!w->control)
        return -EBADF;
    struct publish_call call = {w, values, ts_event};
    uint64_t before = w->published;
    int result = fault_guarded(publish, &call);
    /* Out of the guarded call: a bus error in there would jump over what restores the signals. */
    if (result > 0)
        waiters_wake(w);
    /* A damaged waiters page does not make an announced record unpublished. */
    return w->published == before ? result : 0;
}

static int wake(void *argument)
{
    struct region_writer *w = argument;
    if (load_sleeping(&w->waiters->sleeping))
        waiters_wake(w);
    return 0;
}

/* Wake the sleepers for a record that was published before its file was at the path: the old file's
 * state, stored since, is what they look at when they ask for a wake-up. */
void region_wake(struct region_writer *w)
{
    if (w->control)
        fault_guarded(wake, w);
}

static int beat(void *argument)
{
    struct region_control *control = argument;
    store_alone(&control->heartbeat_mono_ns, (uint64_t)now_ns(CLOCK_MONOTONIC));
    return 0;
}

void region_beat(struct region_writer *w)
{
    if (w->control)
        fault_guarded(beat, w->control);
}

static int start(void *argument)
{
    struct region_writer *w = argument;
    store_alone(&w->control->heartbeat_mono_ns, (uint64_t)now_ns(CLOCK_MONOTONIC));
    store_alone(&w->control->writer_pid, w->writer_pid);
    store_alone(&w->control->writer_id, w->writer_id);
    w->published = load_published(&w->control->published);
    /* A new file has no record yet; the caller gave the times of the newest one before it. */
    if (w->published >= w->control->first_sequence) {
        struct region_record *last =
            slot_of(w->ring, w->published, w->capacity, w->record_size);
        if (load_slot(&last->sequence) != w->published)
            return -EILSEQ;
        w->last_wall_ns = (int64_t)load_word((uint64_t *)&last->published_wall_ns);
        w->last_event = (int64_t)load_word((uint64_t *)&last->ts_event);
    }
    store_state(&w->control->state, REGION_LIVE);
    return 0;
}

/* Take over the region: continue after its newest record, or, in a file that has none, after
 * last_event and last_wall_ns as they are. Wakes every reader.
 * Returns 0, -EIO if the file shrank, -EILSEQ if its newest record is not there. */
int region_writer_start(struct region_writer *w)
{
    for (int i = 0; i < REGION_MAX_WAITERS; i++)
        w->fifo_fd[i] = -1;
    int result = fault_guarded(start, w);
    /* A damaged waiters page does not make a region unusable. */
    if (!result)
        waiters_wake_everyone(w);
    return result;
}

struct state_call {
    struct region_control *control;
    uint64_t state;
};

static int set_state(void *argument)
{
    const struct state_call *call = argument;
    store_state(&call->control->state, call->state);
    return 0;
}

void region_set_state(struct region_control *control, uint64_t state)
{
    struct state_call call = {control, state};
    fault_guarded(set_state, &call);
}
