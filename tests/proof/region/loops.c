/* What a process does millions of times a second with a region, without Python in between.
 *
 * The region's functions come from the extension under proof, as addresses. Record n has the
 * values n * 512, n * 512 + 1, ... and the event FIRST_EVENT + n, so it checks itself.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "region.h"

#define FIRST_EVENT 1700000000000000000ll
#define STEP 512.0

typedef int publish_function(struct region_writer *, const double *, int64_t);
typedef int read_function(struct region_reader *, struct region_record *, double *);

static int64_t clock_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Publish `count` records, waiting so that none comes before its time; 0 for `interval_ns` is as
 * fast as it goes. Returns 0 or what publish returned. */
int write_records(publish_function *publish, struct region_writer *w, int64_t count,
                  int64_t interval_ns)
{
    double values[REGION_MAX_FACTORS];
    int64_t due = clock_of(CLOCK_MONOTONIC);
    while (count-- > 0) {
        uint64_t n = w->published + 1;
        for (uint32_t i = 0; i < w->factor_count; i++)
            values[i] = STEP * (double)n + i;
        if (interval_ns) {
            due += interval_ns;
            while (clock_of(CLOCK_MONOTONIC) < due)
                ;
        }
        int result = publish(w, values, FIRST_EVENT + (int64_t)n);
        if (result)
            return result;
    }
    return 0;
}

static int is_whole(const struct region_reader *r, const struct region_record *header,
                    const double *values)
{
    if (header->ts_event != FIRST_EVENT + (int64_t)header->sequence)
        return 0;
    for (uint32_t i = 0; i < r->factor_count; i++)
        if (values[i] != STEP * (double)header->sequence + i)
            return 0;
    return 1;
}

/* Read for `duration_ns` with one of the read functions, as fast as it goes, and check each record;
 * with `again` the newest record is read again and again.
 * counts: 0 records, 1 wrong ones, 2 calls, 3 calls that contradict (-EILSEQ), 4 the first wrong
 * sequence. Returns 0, or the last other error. */
int read_records(read_function *read, struct region_reader *r, int64_t duration_ns, int again,
                 uint64_t *counts)
{
    union {
        struct region_record record;
        uint8_t bytes[REGION_RECORD_HEADER];
    } header;
    double values[REGION_MAX_FACTORS];
    int64_t end = clock_of(CLOCK_MONOTONIC) + duration_ns;
    do {
        for (int i = 0; i < 1024; i++) {
            int result = read(r, &header.record, values);
            counts[2]++;
            if (result == REGION_RECORD) {
                counts[0]++;
                r->position -= again != 0;
                if (!is_whole(r, &header.record, values) && !counts[1]++)
                    counts[4] = header.record.sequence;
            } else if (result == -84) { /* EILSEQ */
                counts[3]++;
            } else if (result < 0 && result != -11) { /* EAGAIN: overtaken, the next call reads */
                return result;
            }
        }
    } while (clock_of(CLOCK_MONOTONIC) < end);
    return 0;
}
