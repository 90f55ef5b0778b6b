/* Scenarios of the ring: every way of reading beside a writer, over a full ring. */
#include "scenarios.h"

#include <string.h>

#include "world.h"

static uint32_t capacity;
static int records, reads, is_latest;

static void begin(uint32_t of_capacity, int of_records, int of_reads, unsigned words)
{
    world_begin();
    capacity = of_capacity, records = of_records, reads = of_reads;
    make_file(0, capacity, 1, words, CONTROL_PUBLISHED | SLOTS);
    make_page(ALONE, ALONE);
    open_writer(&writer, 0, 7);
    model_require(region_writer_start(&writer) == 0, NOT_CONTINUED, "a new file");
    open_reader(&reader, 0);
}

static void writes(void)
{
    for (int i = 0; i < records; i++)
        publish_next(0);
}

static void reads_in_turn(void)
{
    for (int i = 0; i < reads; i++)
        take(&reader, 0, is_latest);
}

static void ends(void)
{
    read_to_end(&reader, 0);
    check_taken(&reader, 0, writer.published);
    check_places(0, writer.published);
}

#define RING(name, latest, of_capacity, of_records, of_reads, words)                             \
    static void name##_begin(void)                                                                \
    {                                                                                             \
        begin(of_capacity, of_records, of_reads, words);                                          \
        is_latest = latest;                                                                       \
    }                                                                                             \
    const struct scenario name = {#name, 2, 1, name##_begin, {writes, reads_in_turn}, ends};

RING(next_event, 0, 2, 3, 1, WORD_EVENT)
RING(next_wall, 0, 2, 3, 1, WORD_WALL)
RING(next_mono, 0, 2, 3, 1, WORD_MONO)
RING(next_writer, 0, 2, 3, 1, WORD_WRITER)
RING(next_first, 0, 2, 3, 1, WORD_FIRST)
RING(next_last, 0, 2, 3, 1, WORD_LAST)
RING(next_twice, 0, 2, 4, 2, WORD_FIRST | WORD_LAST)
RING(next_all, 0, 2, 4, 3, WORDS_ALL)
RING(next_behind, 0, 8, 11, 4, WORD_FIRST)
RING(latest_first, 1, 2, 3, 1, WORD_FIRST)
RING(latest_twice, 1, 2, 4, 2, WORD_FIRST | WORD_LAST)
RING(latest_all, 1, 2, 4, 3, WORDS_ALL)

/* ---- many records with one call, and watching for one ---- */

#define BATCH 2

static void reads_a_batch(void)
{
    uint64_t sequences[BATCH + 1] = {0, 0, 77};
    int64_t times[BATCH + 1] = {0, 0, 77};
    double values[(BATCH + 1) * FACTORS];
    values[BATCH * FACTORS] = 1.5;
    for (int i = 0; i < reads; i++) {
        struct region_batch batch = {sequences, times, values, BATCH, 0};
        int result = region_read_batch(&reader, &batch);
        check_result(result);
        model_require(batch.count <= BATCH && sequences[BATCH] == 77 && times[BATCH] == 77 &&
                          values[BATCH * FACTORS] == 1.5,
                      BEYOND, "region_read_batch");
        model_require((result == REGION_RECORD) == (batch.count > 0), UNCOUNTED,
                      "the result does not tell whether there are records");
        for (uint32_t k = 0; k < batch.count; k++) {
            model_require(got_count < MOST_RECORDS, ORDER, "more records than were written");
            struct got *g = &got[got_count++];
            memset(g, 0, sizeof *g);
            g->sequence = sequences[k];
            g->header.ts_event = times[k];
            memcpy(g->values, values + k * FACTORS, FACTORS * 8);
        }
    }
}

static void batch_begin(void) { begin(2, 3, 1, WORD_EVENT | WORD_FIRST); }
static void batch_all_begin(void) { begin(4, 6, 2, WORD_EVENT | WORD_FIRST | WORD_LAST); }
const struct scenario batch = {"batch", 2, 1, batch_begin, {writes, reads_a_batch}, ends};
const struct scenario batch_all = {
    "batch_all", 2, 1, batch_all_begin, {writes, reads_a_batch}, ends};

static void spins(void)
{
    for (int i = 0; i < 2; i++) {
        uint64_t before = reader.position;
        int result = region_spin(&reader, 1);
        check_result(result);
        model_require(result != REGION_MOVED, MOVED_EARLY, "region_spin");
        if (result == REGION_RECORD)
            model_require(take(&reader, 0, 0) == REGION_RECORD && reader.position > before,
                          UNCOUNTED, "region_spin saw a record that cannot be read");
    }
}

static void spin_ends(void)
{
    int expected = reader.position < writer.published ? REGION_RECORD : REGION_NOTHING;
    model_require(region_spin(&reader, 1) == expected, UNSEEN, "region_spin");
    ends();
}

static void spin_begin(void) { begin(4, 2, 2, WORD_FIRST); }
const struct scenario spin = {"spin", 2, 1, spin_begin, {writes, spins}, spin_ends};

/* ---- one writer, two readers ---- */

static void reads_latest_too(void)
{
    struct region_record header[2];
    double values[FACTORS];
    uint64_t before = 0;
    for (int i = 0; i < 2; i++) {
        int result = region_read_latest(&other, header, values);
        check_result(result);
        if (result == REGION_RECORD) {
            model_require(other.position > before, ORDER, "the other reader");
            for (int k = 0; k < FACTORS; k++)
                model_require(bits_of(values[k]) == bits_of(value_of(other.position, 0, k)), TORN,
                              "the other reader");
            before = other.position;
        }
    }
    model_require(other.delivered + other.conflated == other.position, UNCOUNTED, "the other");
}

static void two_begin(void)
{
    begin(2, 4, 2, WORD_FIRST | WORD_LAST);
    is_latest = 0;
    open_reader(&other, 0);
}
const struct scenario two_readers = {
    "two_readers", 3, 1, two_begin, {writes, reads_in_turn, reads_latest_too}, ends};

/* ---- a program that looks at slots alone, as the page of the format allows ---- */

static void looks_at_slots(void)
{
    for (uint64_t n = 1; n <= 3; n++) {
        const struct region_record *slot =
            (const struct region_record *)(files[0].ring + n % 2 * RECORD_SIZE);
        if (model_load(&slot->sequence, __ATOMIC_ACQUIRE, HERE) != n)
            continue;
        struct got *g = &got[got_count];
        g->sequence = n;
        g->header.ts_event = (int64_t)model_load(&slot->ts_event, __ATOMIC_ACQUIRE, HERE);
        g->header.writer_id = model_load(&slot->writer_id, __ATOMIC_ACQUIRE, HERE);
        uint64_t bits = model_load(&slot->values[1], __ATOMIC_ACQUIRE, HERE);
        memcpy(&g->values[1], &bits, 8);
        if (model_load(&slot->sequence, __ATOMIC_RELAXED, HERE) == n)
            got_count++;
    }
}

static void slots_end(void)
{
    for (int i = 0; i < got_count; i++)
        check_record(&got[i]);
    check_places(0, writer.published);
}

static void slots_begin(void) { begin(2, 3, 0, WORD_EVENT | WORD_LAST); }
static void slots_more_begin(void) { begin(2, 3, 0, WORD_EVENT | WORD_WRITER | WORD_LAST); }
const struct scenario slots = {"slots", 2, 1, slots_begin, {writes, looks_at_slots}, slots_end};
const struct scenario slots_more = {
    "slots_more", 2, 1, slots_more_begin, {writes, looks_at_slots}, slots_end};
