/* The region's functions, each call counted, so that a driver can say which ones it has driven. */
#ifndef PROOF_COUNTED_CALLS_H
#define PROOF_COUNTED_CALLS_H

#include "region.h"

#include <stdint.h>
#include <stdio.h>

enum call {
    PUBLISH, BEAT, SET_STATE, WRITER_START, WRITER_FORGET, READ_LATEST, READ_NEXT, READ_BATCH,
    SPIN, STATUS, SLEEP, AWAKE, GUARD_INSTALL, GUARDED, WAKE, WAKE_ALL, REGION_WAKE,
    CALLS
};

static const char *const call_names[CALLS] = {
    "region_publish", "region_beat", "region_set_state", "region_writer_start",
    "region_writer_forget", "region_read_latest", "region_read_next", "region_read_batch",
    "region_spin", "region_status", "region_sleep", "region_awake", "fault_guard_install",
    "fault_guarded", "waiters_wake", "waiters_wake_everyone", "region_wake",
};

/* One block of counters a thread, so that counting does not order what it counts. */
struct counts {
    uint64_t of[CALLS];
};

static _Thread_local struct counts counts;

#define region_publish(...) (counts.of[PUBLISH]++, region_publish(__VA_ARGS__))
#define region_beat(...) (counts.of[BEAT]++, region_beat(__VA_ARGS__))
#define region_set_state(...) (counts.of[SET_STATE]++, region_set_state(__VA_ARGS__))
#define region_writer_start(...) (counts.of[WRITER_START]++, region_writer_start(__VA_ARGS__))
#define region_writer_forget(...) (counts.of[WRITER_FORGET]++, region_writer_forget(__VA_ARGS__))
#define region_read_latest(...) (counts.of[READ_LATEST]++, region_read_latest(__VA_ARGS__))
#define region_read_next(...) (counts.of[READ_NEXT]++, region_read_next(__VA_ARGS__))
#define region_read_batch(...) (counts.of[READ_BATCH]++, region_read_batch(__VA_ARGS__))
#define region_spin(...) (counts.of[SPIN]++, region_spin(__VA_ARGS__))
#define region_status(...) (counts.of[STATUS]++, region_status(__VA_ARGS__))
#define region_sleep(...) (counts.of[SLEEP]++, region_sleep(__VA_ARGS__))
#define region_awake(...) (counts.of[AWAKE]++, region_awake(__VA_ARGS__))
#define fault_guard_install(...) (counts.of[GUARD_INSTALL]++, fault_guard_install(__VA_ARGS__))
#define fault_guarded(...) (counts.of[GUARDED]++, fault_guarded(__VA_ARGS__))
#define waiters_wake_everyone(...) (counts.of[WAKE_ALL]++, waiters_wake_everyone(__VA_ARGS__))
#define waiters_wake(...) (counts.of[WAKE]++, waiters_wake(__VA_ARGS__))
#define region_wake(...) (counts.of[REGION_WAKE]++, region_wake(__VA_ARGS__))

static inline void add_counts(struct counts *total, const struct counts *more)
{
    for (int i = 0; i < CALLS; i++)
        total->of[i] += more->of[i];
}

static inline uint64_t operations_of(const struct counts *c)
{
    uint64_t n = 0;
    for (int i = 0; i < CALLS; i++)
        n += c->of[i];
    return n;
}

static inline void print_counts(const struct counts *total)
{
    for (int i = 0; i < CALLS; i++)
        if (total->of[i])
            printf("call %s %lu\n", call_names[i], total->of[i]);
}

#endif
