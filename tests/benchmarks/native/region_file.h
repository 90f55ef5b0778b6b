/* A region file that a FactorWriter has made, mapped for the pacer or the follower.
 *
 * Record n holds value i = n * VALUES_APART + i, exact in a float64 for every n below 2^46, so a
 * record with words of two writes in it cannot pass for either.
 */
#ifndef BENCHMARK_REGION_FILE_H
#define BENCHMARK_REGION_FILE_H

#define _GNU_SOURCE
#include "region.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define VALUES_APART 128

static inline double value_of(uint64_t sequence, uint32_t index)
{
    return (double)(sequence * VALUES_APART + index);
}

static inline int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline void fail(const char *what)
{
    perror(what);
    exit(1);
}

static inline void *map_whole(const char *path, int is_writable)
{
    int fd = open(path, is_writable ? O_RDWR : O_RDONLY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        fail(path);
    int protection = is_writable ? PROT_READ | PROT_WRITE : PROT_READ;
    void *at = mmap(NULL, (size_t)st.st_size, protection, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (at == MAP_FAILED)
        fail(path);
    close(fd);
    return at;
}

/* Walk the snapshot's names; note where each value lies. Returns the offset of the control block. */
static inline size_t walk_snapshot(const uint8_t *snapshot, uint32_t *value_offsets)
{
    uint32_t count;
    size_t at = REGION_SNAPSHOT_HEADER;
    memcpy(&count, snapshot + 8, sizeof count);
    for (uint32_t i = 0; i < count; i++) {
        uint16_t length;
        memcpy(&length, snapshot + at, sizeof length);
        at += sizeof length + length;
        value_offsets[i] = (uint32_t)at;
        at += sizeof(double);
    }
    return (at + REGION_PAGE - 1) / REGION_PAGE * REGION_PAGE;
}

static inline long involuntary_switches(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_nivcsw;
}

#endif
