/* Reads of scenarios, and what must hold of all that was read. */
#include "world.h"

#include <errno.h>

void check_result(int result)
{
    model_require(result != -EILSEQ, CONTRADICTION, "-EILSEQ");
    model_require(result == REGION_RECORD || result == REGION_NOTHING || result == REGION_MOVED ||
                      result == -EAGAIN,
                  CONTRADICTION, "another error");
}

int take(struct region_reader *r, int file, int latest)
{
    model_require(got_count < MOST_RECORDS, ORDER, "more records than were written");
    struct got *g = &got[got_count];
    union {
        struct region_record record;
        uint8_t bytes[REGION_RECORD_HEADER];
    } header;
    g->values[FACTORS] = 1.5;
    int result = latest ? region_read_latest(r, &header.record, g->values)
                        : region_read_next(r, &header.record, g->values);
    check_result(result);
    model_require(g->values[FACTORS] == 1.5, BEYOND, "a value behind the last");
    if (result == REGION_RECORD) {
        g->header = header.record;
        g->sequence = header.record.sequence;
        g->file = file;
        got_count++;
    }
    return result;
}

void check_record(const struct got *g)
{
    const struct truth *t = &truth[g->sequence];
    model_require(g->sequence > 0 && g->sequence < MOST_RECORDS && t->is_written, ORDER,
                  "a sequence that was never published");
    const int holds[] = {
        g->header.ts_event == t->ts_event,
        g->header.published_wall_ns == t->wall_ns,
        g->header.published_mono_ns == t->mono_ns,
        g->header.writer_id == t->writer_id,
        bits_of(g->values[0]) == bits_of(value_of(g->sequence, g->file, 0)),
        bits_of(g->values[1]) == bits_of(value_of(g->sequence, g->file, 1)),
    };
    for (int k = 0; k < 6; k++)
        model_require(holds[k] || !(explored_words & 1u << k), TORN, WORD_NAMES[k]);
}

void check_taken(const struct region_reader *r, uint64_t from, uint64_t published)
{
    uint64_t last = from;
    for (int i = 0; i < got_count; i++) {
        model_require(got[i].sequence > last, ORDER, "not after the one before");
        if (last) {
            const struct truth *a = &truth[last], *b = &truth[got[i].sequence];
            model_require(!a->is_written || b->wall_ns > a->wall_ns, TIME_BACK, "wall");
            model_require(!a->is_written || b->ts_event >= a->ts_event, TIME_BACK, "ts_event");
        }
        last = got[i].sequence;
        check_record(&got[i]);
    }
    model_require(last == r->position || !got_count, ORDER, "the position is another");
    model_require(r->position <= published, ORDER, "a position past the newest record");
    model_require(r->delivered + r->conflated + r->lost == r->position - from, UNCOUNTED,
                  "delivered + conflated + lost is not the way of the position");
    model_require(r->delivered == (uint64_t)got_count, UNCOUNTED, "delivered");
}

void read_to_end(struct region_reader *r, int file)
{
    uint64_t published = model_peek(&files[file].control.published);
    uint64_t before = r->lost;
    uint64_t behind = published - r->position;
    int result;
    do {
        result = take(r, file, 0);
    } while (result == REGION_RECORD);
    model_require(r->position == published, UNCOUNTED, "not read to the end");
    uint64_t readable = files[file].capacity - 1;
    uint64_t lost = behind > readable ? behind - readable : 0;
    model_require(r->lost - before == lost, TOO_EARLY, "fewer than capacity - 1 were readable");
}

void check_places(int file, uint64_t published)
{
    uint64_t capacity = files[file].capacity;
    for (uint64_t n = published; n > 0 && n + capacity > published; n--) {
        const uint8_t *slot = files[file].ring + (n % capacity) * RECORD_SIZE;
        model_require(model_peek(slot) == n, ELSEWHERE, "slot.sequence");
        model_require(model_peek(slot + 64) == bits_of(value_of(n, file, 0)), ELSEWHERE, "value");
    }
}

void check_final_snapshot(int file)
{
    const struct world_file *f = &files[file];
    model_require(model_peek(f->snapshot) == (uint64_t)writer.last_wall_ns, SNAPSHOT_OLD, "time");
    for (int i = 0; i < FACTORS; i++) {
        const uint8_t *value = f->snapshot + f->value_offsets[i];
        uint64_t bits = bits_of(value_of(writer.published, file, i));
        model_require((uint32_t)model_peek(value) == (uint32_t)bits, SNAPSHOT_OLD, "a value");
    }
}
