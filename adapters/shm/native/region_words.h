/* Where a record lies, and what time it is: for the writer and the readers alike. */
#ifndef DOLPHIN_REGION_WORDS_H
#define DOLPHIN_REGION_WORDS_H

#include "region.h"

#include <time.h>

static inline int64_t now_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline struct region_record *slot_of(const uint8_t *ring, uint64_t sequence,
                                            uint32_t capacity, uint32_t record_size)
{
    return (struct region_record *)(ring + (sequence & (capacity - 1)) * record_size);
}

#endif
