/* The CPU time of each call, and ping-pong between two sleeping processes. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "region.h"

enum { BUCKETS = 40 };

struct timing {
    uint64_t calls;
    uint64_t results[8];        /* 0 nothing, 1 record, 2 moved, 3 EAGAIN, 4 EILSEQ, 5 EIO, 6 other */
    uint64_t histogram[BUCKETS]; /* bucket b: from 2^b ns on */
    int64_t longest_ns;          /* of the calls without a page fault and without a switch */
    int64_t longest_faulted_ns;  /* of those with one */
    uint64_t over_limit;         /* calls of more than 50 us without either */
    uint64_t faulted;            /* calls with a page fault */
    uint64_t switched;           /* calls in which another process got the core */
};

typedef int read_function(struct region_reader *, struct region_record *, double *);
typedef int sleep_function(struct region_reader *, struct region_waiters *, uint32_t);
typedef int publish_function(struct region_writer *, const double *, int64_t);

static int64_t clock_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int result_of(int result)
{
    switch (result) {
    case 0:
    case 1:
    case 2:
        return result;
    case -EAGAIN:
        return 3;
    case -EILSEQ:
        return 4;
    case -EIO:
        return 5;
    default:
        return 6;
    }
}

/* Call for `duration_ns`, or `most` times; reads == NULL times a call that does nothing. With
 * `again` each call finds a record, if there is one. */
void time_calls(read_function *reads, struct region_reader *r, int64_t duration_ns, uint64_t most,
                int again, struct timing *t)
{
    union {
        struct region_record record;
        uint8_t bytes[REGION_RECORD_HEADER];
    } header;
    static double values[REGION_MAX_FACTORS];
    struct rusage before, after;
    int64_t end = clock_of(CLOCK_MONOTONIC) + duration_ns;
    memset(&header, 0, sizeof header);
    memset(values, 1, sizeof values); /* touched: not the caller's page faults */
    while (t->calls < most && clock_of(CLOCK_MONOTONIC) < end) {
        uint64_t position = r ? r->position : 0;
        getrusage(RUSAGE_THREAD, &before);
        int64_t begin = clock_of(CLOCK_THREAD_CPUTIME_ID);
        int result = reads ? reads(r, &header.record, values) : 0;
        int64_t took = clock_of(CLOCK_THREAD_CPUTIME_ID) - begin;
        getrusage(RUSAGE_THREAD, &after);
        if (again && result == REGION_RECORD)
            r->position = position;
        t->calls++;
        t->results[result_of(result)]++;
        int bucket = took > 0 ? 63 - __builtin_clzll((uint64_t)took) : 0;
        t->histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
        int faulted = after.ru_minflt != before.ru_minflt || after.ru_majflt != before.ru_majflt;
        int switched = after.ru_nivcsw != before.ru_nivcsw || after.ru_nvcsw != before.ru_nvcsw;
        t->faulted += (uint64_t)faulted;
        t->switched += (uint64_t)switched;
        int64_t *longest = faulted || switched ? &t->longest_faulted_ns : &t->longest_ns;
        t->over_limit += !faulted && !switched && took > 50000;
        if (took > *longest)
            *longest = took;
    }
}

/* CPU nanoseconds of `count` writes. */
int64_t time_writes(publish_function *publish, struct region_writer *w, int64_t count)
{
    double values[REGION_MAX_FACTORS] = {0};
    int64_t begin = clock_of(CLOCK_THREAD_CPUTIME_ID);
    for (int64_t i = 0; i < count; i++)
        publish(w, values, 0);
    return clock_of(CLOCK_THREAD_CPUTIME_ID) - begin;
}

static void drain(int fifo)
{
    char drained[4096];
    while (read(fifo, drained, sizeof drained) == sizeof drained)
        ;
}

/* Sleep until a record comes by way of the FIFO alone, read it, answer with one; `serves` begins.
 * Returns the rounds done; *lost has the wake-ups that did not come within `limit_ms` although
 * there was a record. */
int64_t ping_pong(sleep_function *sleep_until, read_function *read_next, publish_function *publish,
                  struct region_reader *r, struct region_waiters *waiters, uint32_t slot, int fifo,
                  struct region_writer *w, int64_t rounds, int serves, int limit_ms, int64_t *lost)
{
    union {
        struct region_record record;
        uint8_t bytes[REGION_RECORD_HEADER];
    } header;
    double values[REGION_MAX_FACTORS] = {0};
    int64_t done = 0;
    if (serves && publish(w, values, 0))
        return -1;
    while (done < rounds) {
        while (read_next(r, &header.record, values) != REGION_RECORD) {
            struct pollfd wait = {.fd = fifo, .events = POLLIN};
            if (sleep_until(r, waiters, slot) != REGION_NOTHING)
                continue;
            int ready = poll(&wait, 1, limit_ms);
            if (ready < 0)
                return done;
            if (ready == 0 && read_next(r, &header.record, values) == REGION_RECORD) {
                ++*lost;
                break;
            }
            if (ready == 0)
                return done; /* the other side is gone */
            drain(fifo);
        }
        done++;
        if (publish(w, values, 0))
            return -1;
    }
    return done;
}
