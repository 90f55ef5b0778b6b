/* A region made in C as docs/region.md lays it out, mapped between two pages that nobody may touch.
 *
 * The offsets are worked out here a second time, from the page and not from region_words.h, so that
 * a record in the wrong slot is seen. Value i of record n is value_of(n, i), so a record with words
 * of two writes in it cannot pass for either.
 */
#ifndef PROOF_REGION_FILE_H
#define PROOF_REGION_FILE_H

#define _GNU_SOURCE
#include "region.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define VALUES_APART 1024

struct region_file {
    int fd;
    uint32_t factor_count, capacity, record_size, snapshot_size;
    size_t size;
    uint32_t *value_offsets;
};

static inline void fail(const char *what)
{
    perror(what);
    exit(2);
}

#define CHECK(holds, ...)                                                                         \
    do {                                                                                          \
        if (!(holds)) {                                                                           \
            fprintf(stderr, "NOT HELD %s:%d: %s: ", __FILE__, __LINE__, #holds);                  \
            fprintf(stderr, __VA_ARGS__);                                                         \
            fputc('\n', stderr);                                                                  \
            _exit(1);                                                                             \
        }                                                                                         \
    } while (0)

static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static inline double value_of(uint64_t sequence, uint32_t index)
{
    return (double)(sequence * VALUES_APART + index);
}

static inline int64_t event_of(uint64_t sequence)
{
    return (int64_t)(sequence * 10);
}

/* `size` bytes of the file between two pages of PROT_NONE; the last byte of the file lies just
 * before the second one where the size is a multiple of a page. */
static inline uint8_t *map_guarded(int fd, size_t size, int protection)
{
    size_t whole = (size + REGION_PAGE - 1) / REGION_PAGE * REGION_PAGE;
    uint8_t *at = mmap(NULL, whole + 2 * REGION_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED ||
        mmap(at + REGION_PAGE, size, protection, MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0) ==
            MAP_FAILED)
        fail("mmap");
    return at + REGION_PAGE;
}

static inline void unmap_guarded(uint8_t *at, size_t size)
{
    size_t whole = (size + REGION_PAGE - 1) / REGION_PAGE * REGION_PAGE;
    munmap(at - REGION_PAGE, whole + 2 * REGION_PAGE);
}

static inline struct region_control *control_of(const struct region_file *f, const uint8_t *at)
{
    return (struct region_control *)(at + f->snapshot_size);
}

static inline const uint8_t *ring_of(const struct region_file *f, const uint8_t *at)
{
    return at + f->snapshot_size + 4096;
}

static inline const uint64_t *raw_record(const struct region_file *f, const uint8_t *at, uint64_t n)
{
    return (const uint64_t *)(ring_of(f, at) + (size_t)(n % f->capacity) * f->record_size);
}

/* Lay a region out; its names are "f000", "f001", ... */
static inline void lay_out(struct region_file *f, uint32_t factor_count, uint32_t capacity)
{
    size_t at = 12;
    f->factor_count = factor_count;
    f->capacity = capacity;
    f->value_offsets = malloc(factor_count * sizeof *f->value_offsets);
    for (uint32_t i = 0; i < factor_count; i++) {
        f->value_offsets[i] = (uint32_t)(at + 2 + 4);
        at += 2 + 4 + 8;
    }
    f->snapshot_size = (uint32_t)((at + 4095) / 4096 * 4096);
    f->record_size = (64 + 8 * factor_count + 63) / 64 * 64;
    f->size = f->snapshot_size + 4096 + (size_t)capacity * f->record_size;
}

/* Write the file's beginning as a writer makes it, and zeros behind it. */
static inline void reset_region(const struct region_file *f, uint8_t *at, uint64_t first_sequence)
{
    struct region_control *c = control_of(f, at);
    memset(at, 0, f->size);
    memcpy(at + 8, &f->factor_count, 4);
    for (uint32_t i = 0; i < f->factor_count; i++) {
        uint16_t length = 4;
        char name[16];
        double none = __builtin_nan("");
        snprintf(name, sizeof name, "f%03u", i);
        memcpy(at + f->value_offsets[i] - 6, &length, 2);
        memcpy(at + f->value_offsets[i] - 4, name, 4);
        memcpy(at + f->value_offsets[i], &none, 8);
    }
    c->magic = REGION_MAGIC;
    c->layout_version = REGION_LAYOUT_VERSION;
    c->byte_order = REGION_BYTE_ORDER;
    c->file_size = f->size;
    c->snapshot_size = f->snapshot_size;
    c->factor_count = f->factor_count;
    c->record_size = f->record_size;
    c->capacity = f->capacity;
    c->stream_id = 1;
    c->first_sequence = first_sequence;
    c->state = REGION_CLOSED;
    c->published = first_sequence - 1;
}

/* An unnamed file in memory, of the layout's size. */
static inline void open_region(struct region_file *f)
{
    f->fd = memfd_create("region", MFD_CLOEXEC);
    if (f->fd < 0 || ftruncate(f->fd, (off_t)f->size) < 0)
        fail("memfd");
}

static inline struct region_writer writer_of(const struct region_file *f, uint8_t *at,
                                             struct region_waiters *waiters, int folder_fd,
                                             uint64_t writer_id)
{
    struct region_writer w = {
        .snapshot = at,
        .control = control_of(f, at),
        .ring = (uint8_t *)ring_of(f, at),
        .waiters = waiters,
        .value_offsets = f->value_offsets,
        .factor_count = f->factor_count,
        .record_size = f->record_size,
        .capacity = f->capacity,
        .writer_id = writer_id,
        .writer_pid = (uint64_t)getpid(),
        .folder_fd = folder_fd,
    };
    return w;
}

static inline struct region_reader reader_of(const struct region_file *f, const uint8_t *at,
                                             uint64_t position)
{
    struct region_reader r = {
        .control = control_of(f, at),
        .ring = ring_of(f, at),
        .factor_count = f->factor_count,
        .record_size = f->record_size,
        .capacity = f->capacity,
        .position = position,
    };
    return r;
}

/* Check a record as it was handed out. */
static inline void check_record(const struct region_file *f, const struct region_record *header,
                                const double *values, uint64_t sequence)
{
    CHECK(header->sequence == sequence, "%lu, expected %lu", header->sequence, sequence);
    CHECK(header->ts_event == event_of(sequence), "%ld in record %lu", header->ts_event, sequence);
    for (uint32_t i = 0; i < f->factor_count; i++)
        CHECK(values[i] == value_of(sequence, i), "value %u of record %lu is %.17g", i, sequence,
              values[i]);
}

/* The snapshot as the page says: time, values, time. Whole only if both times are equal. */
static inline void read_snapshot(const struct region_file *f, const uint8_t *at, uint64_t *newest)
{
    double values[REGION_MAX_FACTORS];
    uint64_t before = __atomic_load_n((const uint64_t *)at, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < f->factor_count; i++)
        memcpy(values + i, (const void *)(at + f->value_offsets[i]), 8);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    uint64_t after = __atomic_load_n((const uint64_t *)at, __ATOMIC_RELAXED);
    if (!before || before != after)
        return;
    CHECK(before >= *newest, "the snapshot's time went back");
    *newest = before;
    uint64_t n = (uint64_t)values[0] / VALUES_APART;
    for (uint32_t i = 0; i < f->factor_count; i++)
        CHECK(values[i] == value_of(n, i), "value %u of the snapshot of %lu", i, n);
}

/* Check the ring and the snapshot as bytes, with no function of the region. Nobody writes now. */
static inline void check_bytes(const struct region_file *f, const uint8_t *at, uint64_t first,
                               uint64_t published)
{
    const struct region_control *c = control_of(f, at);
    CHECK(c->published == published, "%lu, expected %lu", c->published, published);
    for (uint64_t n = published; n >= first && published - n < f->capacity; n--) {
        const uint64_t *record = raw_record(f, at, n);
        CHECK(record[0] == n, "slot of %lu has %lu", n, record[0]);
        check_record(f, (const struct region_record *)record, (const double *)(record + 8), n);
    }
    if (published < first)
        return;
    uint64_t timestamp;
    uint32_t count;
    memcpy(&timestamp, at, 8);
    memcpy(&count, at + 8, 4);
    CHECK(timestamp == raw_record(f, at, published)[2], "the snapshot's time %lu", timestamp);
    CHECK(count == f->factor_count, "%u factors", count);
    for (uint32_t i = 0; i < count; i++) {
        double value;
        char name[16];
        snprintf(name, sizeof name, "f%03u", i);
        CHECK(memcmp(at + f->value_offsets[i] - 4, name, 4) == 0, "name %u", i);
        memcpy(&value, at + f->value_offsets[i], 8);
        CHECK(value == value_of(published, i), "the snapshot's value %u is %.17g", i, value);
    }
    for (size_t i = f->value_offsets[f->factor_count - 1] + 8; i < f->snapshot_size; i++)
        CHECK(at[i] == 0, "padding at %zu", i);
}

#endif
