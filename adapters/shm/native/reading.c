/* Reading records out of a region, and waiting for them. Part of region.c. */
#include "region.h"
#include "orderings.h"
#include "region_words.h"

#include <errno.h>

/* A reader that keeps being overtaken gives up after this many copies; the caller tries again. */
#define MAX_ATTEMPTS 8
#define SPINS_PER_CLOCK_READ 32
#define HEADER_WORDS_IN_USE 5

static inline void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

struct read_call {
    struct region_reader *r;
    struct region_record *header;
    double *values;
};

/* Copy record n if its slot holds it from the first word to the last. Returns whether it did. */
static int copy_record(const struct read_call *call, uint64_t n)
{
    const struct region_reader *r = call->r;
    const struct region_record *record = slot_of(r->ring, n, r->capacity, r->record_size);
    uint64_t *header = (uint64_t *)call->header;
    uint64_t *values = (uint64_t *)call->values;

    if (load_slot(&record->sequence) != n) {
        see_overtaking();
        return 0;
    }
    header[0] = n;
    for (int k = 1; k < HEADER_WORDS_IN_USE; k++)
        header[k] = load_word((const uint64_t *)record + k);
    for (uint32_t i = 0; i < r->factor_count; i++)
        values[i] = load_word(record->values + i);
    if (load_slot(&record->sequence) == n)
        return 1;
    see_overtaking();
    return 0;
}

/* There is no record after the position: has the region moved to a new file? */
static int nothing_or_moved(const struct region_reader *r)
{
    if (load_state(&r->control->state) == REGION_SUPERSEDED &&
        load_published(&r->control->published) == r->position)
        return REGION_MOVED;
    return REGION_NOTHING;
}

static int read_latest(void *argument)
{
    const struct read_call *call = argument;
    struct region_reader *r = call->r;
    uint64_t previous = 0;

    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        uint64_t n = load_published(&r->control->published);
        if (n == r->position)
            return nothing_or_moved(r);
        if (n < r->position || n == previous) {
            r->rejected++;
            return -EILSEQ;
        }
        if (copy_record(call, n)) {
            r->conflated += n - r->position - 1;
            r->position = n;
            r->delivered++;
            return REGION_RECORD;
        }
        previous = n;
    }
    return -EAGAIN;
}

static int read_next(void *argument)
{
    const struct read_call *call = argument;
    struct region_reader *r = call->r;
    uint64_t skip = 0;
    uint64_t previous = 0;

    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        uint64_t n = load_published(&r->control->published);
        /* Not "n < next": after the last number of all there is no next. */
        if (n == r->position)
            return nothing_or_moved(r);
        if (n < r->position) {
            r->rejected++;
            return -EILSEQ;
        }
        uint64_t next = r->position + 1;
        /* The writer may be inside the slot of record n + 1 - capacity. */
        uint64_t lost = 0;
        if (n - r->position >= r->capacity) {
            uint64_t oldest = n - r->capacity + 2 + skip;
            lost = oldest - next;
            next = oldest;
        }
        if (copy_record(call, next)) {
            r->lost += lost;
            r->position = next;
            r->delivered++;
            return REGION_RECORD;
        }
        if (n == previous) {
            r->rejected++;
            return -EILSEQ;
        }
        previous = n;
        /* Overtaken while copying: leave the writer some room before the next try. */
        skip = r->capacity / 8;
    }
    return -EAGAIN;
}

/* Copy the newest record and skip the ones before it; values holds factor_count doubles.
 * Returns REGION_RECORD, REGION_NOTHING if none is newer than the position, REGION_MOVED if
 * none ever will be in this file, or -EAGAIN overtaken again and again, -EILSEQ the region
 * contradicts itself, -EIO it shrank, -EBADF the reader is closed. */
int region_read_latest(struct region_reader *r, struct region_record *header, double *values)
{
    if (!r->control)
        return -EBADF;
    struct read_call call = {r, header, values};
    return fault_guarded(read_latest, &call);
}

/* Copy the record after the position; what the ring no longer holds counts as lost.
 * Returns as region_read_latest does. */
int region_read_next(struct region_reader *r, struct region_record *header, double *values)
{
    if (!r->control)
        return -EBADF;
    struct read_call call = {r, header, values};
    return fault_guarded(read_next, &call);
}

struct batch_call {
    struct region_reader *r;
    struct region_batch *batch;
};

static int read_batch(void *argument)
{
    const struct batch_call *call = argument;
    struct region_batch *b = call->batch;
    union {
        struct region_record record;
        uint8_t bytes[REGION_RECORD_HEADER];
    } header;

    while (b->count < b->limit) {
        double *values = b->values + (size_t)b->count * call->r->factor_count;
        struct read_call one = {call->r, &header.record, values};
        int result = read_next(&one);
        if (result != REGION_RECORD)
            return result;
        b->sequence[b->count] = header.record.sequence;
        b->ts_event[b->count] = header.record.ts_event;
        b->count++;
        /* A bus error at the next record jumps out of here: what is counted must be stored. */
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
    }
    return REGION_RECORD;
}

/* Copy the records after the position, at most batch->limit, and set batch->count; what the
 * ring no longer holds counts as lost, also between two records of a batch.
 * Returns REGION_RECORD if there is one, else as region_read_latest does: what ended a batch
 * shows at the next call. */
int region_read_batch(struct region_reader *r, struct region_batch *batch)
{
    batch->count = 0;
    if (!r->control)
        return -EBADF;
    struct batch_call call = {r, batch};
    int result = fault_guarded(read_batch, &call);
    return batch->count ? REGION_RECORD : result;
}

struct spin_call {
    const struct region_reader *r;
    int64_t timeout_ns;
};

static int spin(void *argument)
{
    const struct spin_call *call = argument;
    const uint64_t *published = &call->r->control->published;
    uint64_t position = call->r->position;
    int64_t deadline = now_ns(CLOCK_MONOTONIC) + call->timeout_ns;

    do {
        for (int i = 0; i < SPINS_PER_CLOCK_READ; i++) {
            if (load_published(published) != position)
                return REGION_RECORD;
            relax();
        }
    } while (now_ns(CLOCK_MONOTONIC) < deadline);
    return nothing_or_moved(call->r);
}

/* Watch for a record after the position, without sleeping, for at most timeout_ns.
 * Returns REGION_RECORD, REGION_NOTHING, REGION_MOVED, -EIO or -EBADF. */
int region_spin(struct region_reader *r, int64_t timeout_ns)
{
    if (!r->control)
        return -EBADF;
    struct spin_call call = {r, timeout_ns};
    return fault_guarded(spin, &call);
}

struct status_call {
    const struct region_control *control;
    uint64_t *state, *writer_pid, *heartbeat_mono_ns, *published;
};

static int status(void *argument)
{
    const struct status_call *call = argument;
    *call->state = load_state(&call->control->state);
    *call->writer_pid = load_alone(&call->control->writer_pid);
    *call->heartbeat_mono_ns = load_alone(&call->control->heartbeat_mono_ns);
    *call->published = load_published(&call->control->published);
    return 0;
}

/* What the region shows of its writer. Returns 0, or -EIO if the file shrank. */
int region_status(const struct region_control *control, uint64_t *state, uint64_t *writer_pid,
                  uint64_t *heartbeat_mono_ns, uint64_t *published)
{
    struct status_call call = {control, state, writer_pid, heartbeat_mono_ns, published};
    return fault_guarded(status, &call);
}

struct sleep_call {
    struct region_reader *r;
    struct region_waiters *waiters;
    uint32_t slot;
};

static int go_to_sleep(void *argument)
{
    const struct sleep_call *call = argument;
    int result = REGION_RECORD;
    set_sleeping(&call->waiters->sleeping, 1ull << call->slot);
    if (load_published(&call->r->control->published) == call->r->position)
        result = nothing_or_moved(call->r);
    if (result != REGION_NOTHING)
        clear_sleeping(&call->waiters->sleeping, 1ull << call->slot);
    return result;
}

/* Ask for one wake-up at the next record. Returns REGION_NOTHING when asleep; REGION_RECORD
 * when a record is there already, or REGION_MOVED, and then no wake-up will come; or -EIO. */
int region_sleep(struct region_reader *r, struct region_waiters *waiters, uint32_t slot)
{
    if (!r->control)
        return -EBADF;
    struct sleep_call call = {r, waiters, slot};
    return fault_guarded(go_to_sleep, &call);
}

struct awake_call {
    struct region_waiters *waiters;
    uint32_t slot;
};

static int wake_up(void *argument)
{
    const struct awake_call *call = argument;
    clear_sleeping(&call->waiters->sleeping, 1ull << call->slot);
    return 0;
}

/* Take the request for a wake-up back. */
void region_awake(struct region_waiters *waiters, uint32_t slot)
{
    struct awake_call call = {waiters, slot};
    fault_guarded(wake_up, &call);
}
