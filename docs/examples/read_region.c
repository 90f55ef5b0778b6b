/* Follow a region from its newest record on, in order, and print each record as a line:
 *     sequence ts_event value value ...
 * until COUNT records were printed or a second passes without one. Exit code 0, or 1 with the
 * reason. Build and run:  cc -O2 -o read_region read_region.c && ./read_region PATH COUNT
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, RECORD_HEADER = 64, MAX_FACTORS = 512, SUPERSEDED = 2 };
#define MAX_FILE_SIZE (256u << 20)
#define MAGIC 0x314e4948504c4f44u /* "DOLPHIN1" */

struct control {
    uint64_t magic;
    uint32_t layout_version, byte_order;
    uint64_t file_size;
    uint32_t snapshot_size, factor_count, record_size, capacity;
    uint64_t schema_hash, stream_id, first_sequence;
    uint8_t boot_id[16], reserved_0[48];
    _Atomic uint64_t state, writer_id, writer_pid, heartbeat_mono_ns;
    uint8_t reserved_1[32];
    _Atomic uint64_t published;
};

static void refuse(const char *what)
{
    fprintf(stderr, "not a usable region: %s\n", what);
    exit(1);
}

static void check(int holds, const char *what)
{
    if (!holds)
        refuse(what);
}

/* Walk over the names with every step inside the file; return the snapshot's size. The count is
 * loaded once: it is checked here, and somebody may change the file meanwhile. */
static uint64_t measure_snapshot(const uint8_t *file, uint64_t size, uint32_t *factor_count)
{
    uint32_t count;
    uint16_t length;
    uint64_t at = 12;
    memcpy(&count, file + 8, 4);
    check(count >= 1 && count <= MAX_FACTORS, "count");
    *factor_count = count;
    while (count--) {
        check(at + 2 <= size, "a name beyond the end");
        memcpy(&length, file + at, 2);
        at += 2u + length + 8;
        check(at <= size, "a value beyond the end");
    }
    return (at + PAGE - 1) / PAGE * PAGE;
}

/* Copy record n; return whether it is whole. */
static int copy_record(const uint8_t *ring, const struct control *c, uint64_t n, uint64_t *copy)
{
    _Atomic uint64_t *record =
        (_Atomic uint64_t *)(ring + (n & (c->capacity - 1)) * c->record_size);
    if (atomic_load_explicit(record, memory_order_acquire) != n)
        return 0;
    for (uint32_t i = 1; i < RECORD_HEADER / 8 + c->factor_count; i++)
        copy[i] = atomic_load_explicit(record + i, memory_order_acquire);
    return atomic_load_explicit(record, memory_order_relaxed) == n;
}

int main(int argc, char **argv)
{
    check(argc == 3, "usage: read_region PATH COUNT");
    int fd = open(argv[1], O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    check(fd >= 0 && fstat(fd, &st) == 0, "cannot be opened");
    check(S_ISREG(st.st_mode) && st.st_nlink == 1 && st.st_uid == geteuid() &&
              !(st.st_mode & 022), "not a file of ours");
    check(st.st_size >= 2 * PAGE && st.st_size <= MAX_FILE_SIZE, "size");
    uint64_t size = (uint64_t)st.st_size;
    const uint8_t *file = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    check(file != MAP_FAILED, "cannot be mapped");

    uint32_t factor_count;
    uint64_t snapshot_size = measure_snapshot(file, size, &factor_count);
    check(snapshot_size + PAGE <= size, "no control block");
    struct control c; /* a copy: what is checked is what is used */
    memcpy(&c, file + snapshot_size, sizeof c);
    check(c.magic == MAGIC && c.byte_order == 0x01020304 && c.layout_version == 1, "version");
    check(c.snapshot_size == snapshot_size && c.factor_count == factor_count, "snapshot");
    check(c.record_size == (RECORD_HEADER + 8 * c.factor_count + 63) / 64 * 64, "record size");
    check(c.capacity >= 2 && (c.capacity & (c.capacity - 1)) == 0, "capacity");
    check(c.file_size == size &&
              snapshot_size + PAGE + (uint64_t)c.capacity * c.record_size == size, "file size");

    const struct control *live = (const struct control *)(file + snapshot_size);
    const uint8_t *ring = file + snapshot_size + PAGE;
    uint64_t copy[RECORD_HEADER / 8 + MAX_FACTORS], lost = 0;
    uint64_t n = atomic_load(&live->published);
    uint64_t next = n >= c.first_sequence ? n : n + 1;
    long left = atol(argv[2]);
    for (int misses = 0; left > 0 && misses < 1000; misses++) {
        n = atomic_load(&live->published);
        if (n < next) {
            if (atomic_load(&live->state) == SUPERSEDED && atomic_load(&live->published) < next)
                break; /* open the path again: the new file is there */
            nanosleep(&(struct timespec){0, 1000000}, NULL);
            continue;
        }
        if (n - next + 1 >= c.capacity) { /* the writer may be in this slot: leave it some room */
            uint64_t oldest = n - c.capacity + 2 + c.capacity / 8;
            lost += oldest - next;
            next = oldest;
        }
        if (!copy_record(ring, &c, next, copy))
            continue; /* overtaken: published has grown */
        printf("%" PRIu64 " %" PRId64, next, (int64_t)copy[1]);
        for (uint32_t i = 0; i < c.factor_count; i++) {
            double value;
            memcpy(&value, &copy[RECORD_HEADER / 8 + i], 8);
            printf(" %.17g", value);
        }
        putchar('\n');
        next++, left--, misses = -1;
    }
    fprintf(stderr, "%" PRIu64 " lost\n", lost);
    return 0;
}
