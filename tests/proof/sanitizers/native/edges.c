/* Reading and publishing at the edges of what they are given: exact results, exact counts.
 *
 *     edges FOLDER
 *
 * One thread. The buffers are exactly as large as they have to be, so one word too many is a
 * report of the sanitizer. Prints a line `call NAME COUNT` for each function.
 */
#include "both_ends.h"
#include "meanwhile.h"
#include "region_words.h"

#include <errno.h>
#include <math.h>

/* What is lost, kept and conflated, to the record, for each size and distance. */
static void count_exactly(uint32_t factor_count, uint32_t capacity)
{
    struct ends e = open_ends(factor_count, capacity, 1);
    struct region_writer w = start(&e);
    struct region_reader next = reader_of(&e.f, e.seen, 0), latest = next, slow = next;
    uint64_t published = 0;
    CHECK(region_read_next(&next, e.header, e.values) == REGION_NOTHING, "empty");
    CHECK(region_read_latest(&next, e.header, e.values) == REGION_NOTHING, "empty");
    CHECK(region_spin(&next, 1000) == REGION_NOTHING, "empty");
    CHECK(region_spin(&next, -5) == REGION_NOTHING, "empty");
    for (uint32_t step = 0; step < 3 * capacity && step < 70; step++) {
        uint64_t before = published;
        for (uint32_t i = 0; i < step; i++)
            publish(&w, ++published);
        check_bytes(&e.f, e.seen, 1, published);
        CHECK(w.published == published, "%lu", w.published);
        uint64_t oldest = step >= capacity ? published - capacity + 2 : before + 1;
        uint64_t lost = next.lost;
        for (uint64_t n = oldest; n <= published; n++) {
            CHECK(region_spin(&next, 0) == REGION_RECORD, "%lu is there", n);
            CHECK(region_read_next(&next, e.header, e.values) == REGION_RECORD, "%lu", n);
            check_record(&e.f, e.header, e.values, n);
            CHECK(e.header->writer_id == 77, "%lu", e.header->writer_id);
        }
        CHECK(region_read_next(&next, e.header, e.values) == REGION_NOTHING, "end");
        CHECK(next.position == published && next.lost - lost == oldest - before - 1,
              "%lu lost of %u", next.lost - lost, step);
        uint64_t conflated = latest.conflated;
        int result = region_read_latest(&latest, e.header, e.values);
        CHECK(result == (step ? REGION_RECORD : REGION_NOTHING), "latest %d", result);
        if (step) {
            check_record(&e.f, e.header, e.values, published);
            CHECK(latest.conflated - conflated == step - 1, "%lu", latest.conflated - conflated);
        }
        CHECK(latest.position == published && !latest.lost, "latest");
    }
    CHECK(next.delivered + next.lost == published && !next.conflated && !next.rejected, "sum");
    CHECK(latest.delivered + latest.conflated == published && !latest.rejected, "sum");

    /* In batches of every size up to the ring's. */
    uint32_t held = published < capacity ? (uint32_t)published : capacity - 1;
    for (uint32_t limit = 0; limit <= held + 1; limit++) {
        struct region_batch b = {
            .sequence = malloc(limit * 8), .ts_event = malloc(limit * 8),
            .values = malloc((size_t)limit * factor_count * 8), .limit = limit, .count = 99};
        slow = reader_of(&e.f, e.seen, 0);
        uint32_t expected = limit < held ? limit : held;
        int result = region_read_batch(&slow, &b);
        CHECK(result == REGION_RECORD, "batch of %u: %d", limit, result);
        CHECK(b.count == expected, "%u of %u", b.count, expected);
        for (uint32_t k = 0; k < b.count; k++) {
            uint64_t n = published - held + 1 + k;
            CHECK(b.sequence[k] == n && b.ts_event[k] == event_of(n), "%lu", b.sequence[k]);
            for (uint32_t i = 0; i < factor_count; i++)
                CHECK(b.values[(size_t)k * factor_count + i] == value_of(n, i), "batch");
        }
        CHECK(slow.delivered == b.count && slow.position == (limit ? published - held + b.count : 0),
              "position %lu", slow.position);
        free(b.sequence), free(b.ts_event), free(b.values);
    }

    /* The end of the file. */
    uint64_t state, pid, heartbeat, seen;
    CHECK(region_status(control_of(&e.f, e.seen), &state, &pid, &heartbeat, &seen) == 0, "status");
    CHECK(state == REGION_LIVE && pid == (uint64_t)getpid() && seen == published, "status");
    uint64_t before_beat = heartbeat;
    region_beat(&w);
    region_status(control_of(&e.f, e.seen), &state, &pid, &heartbeat, &seen);
    CHECK(heartbeat >= before_beat && heartbeat > 0, "heartbeat");
    waiters->sleeping = 1ull << 5;
    region_wake(&w);
    CHECK(waiters->sleeping == 0, "a request that is not taken back");
    publish(&w, ++published);
    region_set_state(w.control, REGION_SUPERSEDED);
    CHECK(region_read_next(&next, e.header, e.values) == REGION_RECORD, "the last record");
    CHECK(region_read_next(&next, e.header, e.values) == REGION_MOVED, "moved");
    CHECK(region_read_latest(&next, e.header, e.values) == REGION_MOVED, "moved");
    CHECK(region_spin(&next, 0) == REGION_MOVED, "moved");
    struct region_batch none = {.limit = 0};
    CHECK(region_read_batch(&next, &none) == REGION_RECORD || none.count == 0, "batch of none");
    CHECK(region_sleep(&next, waiters, 63) == REGION_MOVED, "moved");
    CHECK(waiters->sleeping == 0, "a place asleep in a file without a writer");
    CHECK(region_read_latest(&latest, e.header, e.values) == REGION_RECORD, "the last record");
    region_set_state(w.control, REGION_CLOSED);
    CHECK(region_read_next(&next, e.header, e.values) == REGION_NOTHING, "closed");
    region_writer_forget(&w);
    CHECK(region_publish(&w, e.values, 0) == -EBADF, "forgotten");
    region_beat(&w);
    region_wake(&w);
    next.control = NULL;
    CHECK(region_read_next(&next, e.header, e.values) == -EBADF, "closed");
    CHECK(region_read_latest(&next, e.header, e.values) == -EBADF, "closed");
    CHECK(region_read_batch(&next, &none) == -EBADF && region_spin(&next, 0) == -EBADF, "closed");
    CHECK(region_sleep(&next, waiters, 0) == -EBADF, "closed");
    close_ends(&e);
}

/* Where a record lies needs more than 16 bits of its number, and more than 24 of its offset. */
static void large_ring(void)
{
    uint64_t first = (1 << 17) - 6, last = first + 11;
    struct ends e = open_ends(1, 1 << 18, first);
    struct region_writer w = start(&e);
    for (uint64_t n = first; n <= last; n++)
        publish(&w, n);
    check_bytes(&e.f, e.seen, first, last);
    region_writer_forget(&w);
    close_ends(&e);
}

/* A returning writer goes on after the newest record, and says so when it is not there. */
static void start_again(void)
{
    struct ends e = open_ends(3, 8, 101);
    struct region_writer w = writer_of(&e.f, e.written, waiters, folder_fd, 77);
    w.last_event = 500, w.last_wall_ns = 6000;
    CHECK(region_writer_start(&w) == 0 && w.published == 100, "%lu", w.published);
    CHECK(w.last_event == 500 && w.last_wall_ns == 6000, "the stream's times");
    for (int i = 0; i < REGION_MAX_WAITERS; i++)
        CHECK(w.fifo_fd[i] == -1, "place %d", i);
    for (uint64_t n = 101; n <= 120; n++)
        publish(&w, n);
    region_writer_forget(&w);
    w = start(&e);
    const uint64_t *last = raw_record(&e.f, e.seen, 120);
    CHECK(w.published == 120 && w.last_event == event_of(120), "%lu", w.published);
    CHECK(w.last_wall_ns == (int64_t)last[2], "%ld", w.last_wall_ns);
    CHECK(control_of(&e.f, e.seen)->state == REGION_LIVE, "state");
    publish(&w, 121);
    check_bytes(&e.f, e.seen, 101, 121);
    uint64_t *slot = (uint64_t *)raw_record(&e.f, e.written, 121);
    slot[0] = 113;
    region_set_state(w.control, REGION_CLOSED);
    struct region_writer other = writer_of(&e.f, e.written, waiters, folder_fd, 78);
    CHECK(region_writer_start(&other) == -EILSEQ, "a newest record that is not there");
    CHECK(control_of(&e.f, e.seen)->state == REGION_CLOSED, "shown as live, and is not");
    slot[0] = 121;
    region_writer_forget(&w);
    close_ends(&e);
}

/* NaN, infinities, denormals, the order of times. */
static void values_and_times(void)
{
    struct ends e = open_ends(8, 8, 1);
    struct region_writer w = start(&e);
    double odd[8] = {NAN, INFINITY, -INFINITY, -0.0, 5e-324, 1e308, -1e-300, 0};
    struct region_reader r = reader_of(&e.f, e.seen, 0);
    CHECK(region_publish(&w, odd, 500) == 0, "odd values");
    CHECK(region_read_next(&r, e.header, e.values) == REGION_RECORD, "odd values");
    CHECK(w.infinite_values == 2 && isnan(e.values[1]) && isnan(e.values[2]), "infinities");
    CHECK(isnan(e.values[0]) && !memcmp(e.values + 3, odd + 3, 5 * 8), "bit for bit");
    for (int i = 1; i < 8; i++) {
        double shown;
        memcpy(&shown, e.seen + e.f.value_offsets[i], 8);
        CHECK(i < 3 ? isnan(shown) : !memcmp(&shown, odd + i, 8), "the snapshot's value %d", i);
    }
    CHECK(region_publish(&w, odd, 500) == 0 && !w.clamped_events, "the same event time");
    CHECK(region_read_next(&r, e.header, e.values) == REGION_RECORD, "the same event time");
    CHECK(region_publish(&w, odd, 400) == 0 && w.clamped_events == 1, "an earlier event");
    int64_t wall = e.header->published_wall_ns;
    CHECK(region_read_next(&r, e.header, e.values) == REGION_RECORD, "clamped");
    CHECK(e.header->ts_event == 500 && e.header->published_wall_ns > wall, "clamped");
    w.last_wall_ns = INT64_MAX - 10; /* as if the clock had been set back by centuries */
    CHECK(region_publish(&w, odd, 0) == 0, "no event");
    CHECK(region_read_next(&r, e.header, e.values) == REGION_RECORD, "no event");
    CHECK(e.header->published_wall_ns == INT64_MAX - 9, "%ld", e.header->published_wall_ns);
    CHECK(e.header->ts_event == e.header->published_wall_ns, "%ld", e.header->ts_event);
    region_writer_forget(&w);
    close_ends(&e);
}

/* The wall clock is followed when it is set, and no two records have the same reading of it; a spin
 * lasts as long as it was told. */
static void clocks(void)
{
    struct ends e = open_ends(1, 2, 1);
    struct region_writer w = start(&e);
    struct region_reader r = reader_of(&e.f, e.seen, 0);
    double value = 1;
    for (int hours = -1; hours <= 1; hours++) {
        /* As if it had been set since the last reading, a millisecond ago. */
        if (w.wall_read_mono_ns) {
            w.wall_minus_mono_ns += hours * 3600000000000;
            w.wall_read_mono_ns -= 1000000;
            w.last_wall_ns = 0;
        }
        int64_t before = now_ns(CLOCK_REALTIME);
        CHECK(region_publish(&w, &value, 0) == 0, "published");
        CHECK(region_read_latest(&r, e.header, e.values) == REGION_RECORD, "read");
        int64_t wall = e.header->published_wall_ns, after = now_ns(CLOCK_REALTIME);
        CHECK(before <= wall && wall <= after, "%ld is not the wall clock's time", wall);
    }
    /* In one of a thousand the guess is the reading itself. */
    for (int64_t guess = 0; guess < 50000; guess++) {
        int64_t mono = now_ns(CLOCK_MONOTONIC);
        w.wall_minus_mono_ns = 0, w.wall_read_mono_ns = mono;
        int64_t last = w.last_wall_ns = mono + guess % 1000;
        CHECK(region_publish(&w, &value, 0) == 0 && w.last_wall_ns > last, "%ld again", last);
    }
    CHECK(region_read_latest(&r, e.header, e.values) == REGION_RECORD, "read");
    int64_t begin = now_ns(CLOCK_MONOTONIC);
    CHECK(region_spin(&r, 3000000) == REGION_NOTHING, "nothing comes");
    CHECK(now_ns(CLOCK_MONOTONIC) - begin >= 3000000, "a spin that ends too early");
    region_writer_forget(&w);
    close_ends(&e);
}

/* A region that contradicts itself is refused and counted, at every distance. */
static void contradictions(void)
{
    struct ends e = open_ends(3, 8, 1);
    struct region_writer w = start(&e);
    for (uint64_t n = 1; n <= 20; n++)
        publish(&w, n);
    struct region_control *c = control_of(&e.f, e.written);
    uint64_t wrong[] = {0, 19, 21, 22, 27, 28, 29, 1u << 31, 1ull << 32, 1ull << 63, UINT64_MAX - 1,
                        UINT64_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        c->published = wrong[i];
        for (int kind = 0; kind < 3; kind++) {
            struct region_reader r = reader_of(&e.f, e.seen, 20);
            uint64_t sequence, ts;
            struct region_batch b = {.sequence = &sequence, .ts_event = (int64_t *)&ts,
                                     .values = e.values, .limit = 1};
            int result = kind == 0   ? region_read_next(&r, e.header, e.values)
                         : kind == 1 ? region_read_latest(&r, e.header, e.values)
                                     : region_read_batch(&r, &b);
            CHECK(result == -EILSEQ && r.rejected == 1, "published %lu: %d", wrong[i], result);
            CHECK(r.position == 20 && !r.delivered && !r.lost && !r.conflated, "counted");
            CHECK(region_spin(&r, 0) == REGION_RECORD, "spin");
        }
    }
    /* There is no record 0, and none after the last number. */
    c->published = UINT64_MAX;
    struct region_reader r = reader_of(&e.f, e.seen, UINT64_MAX);
    CHECK(region_read_next(&r, e.header, e.values) == REGION_NOTHING, "after the last number");
    CHECK(region_read_latest(&r, e.header, e.values) == REGION_NOTHING, "after the last number");
    CHECK(r.position == UINT64_MAX, "%lu", r.position);
    region_writer_forget(&w);
    close_ends(&e);
}

/* A file is left after its last record, though that came after the reader had looked. */
static void moved_meanwhile(void)
{
    struct ends e = open_ends(3, 8, 1);
    struct region_writer w = start(&e);
    struct region_reader r = reader_of(&e.f, e.seen, 0);
    publish(&w, 1);
    CHECK(region_read_next(&r, e.header, e.values) == REGION_RECORD, "the first record");
    /* A spin reads the clock before it looks, and after it has found nothing. */
    moving = &w, readings_before = 1, meanwhile = publish_the_last_and_move;
    CHECK(region_spin(&r, 0) == REGION_NOTHING, "left before its end");
    CHECK(!meanwhile && control_of(&e.f, e.seen)->state == REGION_SUPERSEDED, "moved meanwhile");
    CHECK(region_read_next(&r, e.header, e.values) == REGION_RECORD, "the last record");
    CHECK(region_read_next(&r, e.header, e.values) == REGION_MOVED, "moved");
    region_writer_forget(&w);
    close_ends(&e);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    open_waiters(argv[1]);
    static const uint32_t factors[] = {1, 2, 3, 8, 9, 85, 504, 512};
    static const uint32_t capacities[] = {2, 4, 8, 16, 64};
    for (size_t f = 0; f < sizeof factors / sizeof *factors; f++)
        for (size_t c = 0; c < sizeof capacities / sizeof *capacities; c++)
            count_exactly(factors[f], capacities[c]);
    large_ring();
    start_again();
    values_and_times();
    clocks();
    contradictions();
    moved_meanwhile();
    print_counts(&counts);
    return 0;
}
