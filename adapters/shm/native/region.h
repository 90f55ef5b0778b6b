/* The shared memory region: its bytes, and the C functions that touch them.
 *
 *   offset 0               snapshot_size       + 4096                        file_size
 *   +----------------------+-------------------+-----------------------------------+
 *   | snapshot             | control block     | ring: capacity x record_size      |
 *   | [u64 timestamp ns]   | struct            | +-------------------------------+ |
 *   | [u32 count]          | region_control    | | struct region_record          | |
 *   | count x              |                   | |  sequence, times, writer      | |
 *   |  [u16 length][name]  |                   | |  count x f64, schema order    | |
 *   |  [f64 value]         |                   | |  padding to 64 bytes          | |
 *   +----------------------+-------------------+-+-------------------------------+-+
 *
 * All little-endian. Record n (n = 1, 2, ...) lies in slot n & (capacity - 1). Readers map the
 * file read-only; what a reader must write lies in the waiters page, a file of its own.
 * docs/region.md explains every field. Python reads every number below from here.
 */
#ifndef DOLPHIN_REGION_H
#define DOLPHIN_REGION_H

#include <stddef.h>
#include <stdint.h>

#if !defined(__linux__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || __SIZEOF_POINTER__ != 8
#error "Dolphin's shared memory needs 64-bit little-endian Linux (x86-64 or arm64)"
#endif

/* cffi: begin */
#define REGION_MAGIC 0x314e4948504c4f44 /* "DOLPHIN1" */
#define REGION_LAYOUT_VERSION 1
#define REGION_BYTE_ORDER 0x01020304
#define REGION_PAGE 4096
#define REGION_SNAPSHOT_HEADER 12
#define REGION_CONTROL_SIZE 4096
#define REGION_RECORD_HEADER 64
#define REGION_RECORD_ALIGNMENT 64
#define REGION_MAX_FACTORS 512
#define REGION_MAX_WAITERS 64

#define REGION_LIVE 1
#define REGION_SUPERSEDED 2
#define REGION_CLOSED 3

/* Results of the read functions that are not errors; errors are -errno. */
#define REGION_NOTHING 0
#define REGION_RECORD 1
#define REGION_MOVED 2

struct region_control {
    /* Fixed when the file is made. */
    uint64_t magic;
    uint32_t layout_version;
    uint32_t byte_order;
    uint64_t file_size;
    uint32_t snapshot_size;
    uint32_t factor_count;
    uint32_t record_size;
    uint32_t capacity;
    uint64_t schema_hash;
    uint64_t stream_id;
    uint64_t first_sequence;
    uint8_t boot_id[16];
    uint64_t time_namespace;
    uint8_t reserved_0[40];

    /* Changed when a writer opens, closes, or beats. */
    uint64_t state;
    uint64_t writer_id;
    uint64_t writer_pid;
    uint64_t heartbeat_mono_ns;
    uint8_t reserved_1[32];

    /* Changed by every record, alone in its cache line. */
    uint64_t published;
    uint8_t reserved_2[56];
};

struct region_record {
    uint64_t sequence;
    int64_t ts_event;
    int64_t published_wall_ns;
    int64_t published_mono_ns;
    uint64_t writer_id;
    uint64_t reserved[3];
    uint64_t values[];
};

struct region_waiter {
    uint64_t generation;
    uint64_t pid;
};

struct region_waiters {
    uint64_t sleeping;
    uint8_t reserved[56];
    struct region_waiter waiter[64];
};

/* A writer's own memory; Python fills the first part once, from checked numbers. */
struct region_writer {
    uint8_t *snapshot;
    struct region_control *control;
    uint8_t *ring;
    struct region_waiters *waiters;
    const uint32_t *value_offsets;
    uint32_t factor_count;
    uint32_t record_size;
    uint32_t capacity;
    uint64_t writer_id;
    uint64_t writer_pid;
    int folder_fd;

    uint64_t published;
    int64_t last_event;
    int64_t last_wall_ns;
    int64_t wall_minus_mono_ns;
    int64_t wall_read_mono_ns;
    uint64_t infinite_values;
    uint64_t clamped_events;
    uint64_t sent_wakeups;
    int fifo_fd[64];
    uint64_t fifo_generation[64];
};

/* A reader's own memory; likewise. */
struct region_reader {
    const struct region_control *control;
    const uint8_t *ring;
    uint32_t factor_count;
    uint32_t record_size;
    uint32_t capacity;

    uint64_t position;
    uint64_t delivered;
    uint64_t conflated;
    uint64_t lost;
    uint64_t rejected;
    /* Guarded by the interpreter's lock: how many calls watch without it, for which the memory must
     * stay, and whether no further one may begin. */
    uint32_t watching;
    uint32_t is_closing;
};

/* Where a reader puts many records; each array has room for `limit` of them, the caller's. */
struct region_batch {
    uint64_t *sequence;
    int64_t *ts_event;
    double *values;
    uint32_t limit;
    uint32_t count;
};

/* In the place of an index: a name out of rule, or a new one that never had a number yet. */
#define FACTOR_SKIPPED -1
#define FACTOR_WITHOUT_NUMBER -2

/* How a dict's keys map to factor indexes; the two objects (their addresses) are borrowed. */
struct factor_dict {
    const uint64_t *keys;
    uint64_t index_by_name;
    double *values;
    uint32_t factor_count;
    uint64_t missing_values;
    uint64_t skipped_names;
    uint64_t skipped_values;
};

int region_publish(struct region_writer *w, const double *values, int64_t ts_event);
void region_wake(struct region_writer *w);
void region_beat(struct region_writer *w);
void region_set_state(struct region_control *control, uint64_t state);
int region_writer_start(struct region_writer *w);
void region_writer_forget(struct region_writer *w);

int region_read_latest(struct region_reader *r, struct region_record *header, double *values);
int region_read_next(struct region_reader *r, struct region_record *header, double *values);
int region_read_batch(struct region_reader *r, struct region_batch *batch);
int region_spin(struct region_reader *r, int64_t timeout_ns);
int region_status(const struct region_control *control, uint64_t *state, uint64_t *writer_pid,
                  uint64_t *heartbeat_mono_ns, uint64_t *published);

int region_sleep(struct region_reader *r, struct region_waiters *waiters, uint32_t slot);
void region_awake(struct region_waiters *waiters, uint32_t slot);

int fault_guard_install(void);
int python_calls_into(uint64_t namespace);
/* cffi: end */

_Static_assert(offsetof(struct region_control, magic) == 0, "magic");
_Static_assert(offsetof(struct region_control, layout_version) == 8, "layout_version");
_Static_assert(offsetof(struct region_control, byte_order) == 12, "byte_order");
_Static_assert(offsetof(struct region_control, file_size) == 16, "file_size");
_Static_assert(offsetof(struct region_control, snapshot_size) == 24, "snapshot_size");
_Static_assert(offsetof(struct region_control, factor_count) == 28, "factor_count");
_Static_assert(offsetof(struct region_control, record_size) == 32, "record_size");
_Static_assert(offsetof(struct region_control, capacity) == 36, "capacity");
_Static_assert(offsetof(struct region_control, schema_hash) == 40, "schema_hash");
_Static_assert(offsetof(struct region_control, stream_id) == 48, "stream_id");
_Static_assert(offsetof(struct region_control, first_sequence) == 56, "first_sequence");
_Static_assert(offsetof(struct region_control, boot_id) == 64, "boot_id");
_Static_assert(offsetof(struct region_control, time_namespace) == 80, "time_namespace");
_Static_assert(offsetof(struct region_control, state) == 128, "state");
_Static_assert(offsetof(struct region_control, writer_id) == 136, "writer_id");
_Static_assert(offsetof(struct region_control, writer_pid) == 144, "writer_pid");
_Static_assert(offsetof(struct region_control, heartbeat_mono_ns) == 152, "heartbeat_mono_ns");
_Static_assert(offsetof(struct region_control, published) == 192, "published");
_Static_assert(sizeof(struct region_control) <= REGION_CONTROL_SIZE, "control block");
_Static_assert(offsetof(struct region_record, sequence) == 0, "sequence");
_Static_assert(offsetof(struct region_record, ts_event) == 8, "ts_event");
_Static_assert(offsetof(struct region_record, published_wall_ns) == 16, "published_wall_ns");
_Static_assert(offsetof(struct region_record, published_mono_ns) == 24, "published_mono_ns");
_Static_assert(offsetof(struct region_record, writer_id) == 32, "record writer_id");
_Static_assert(offsetof(struct region_record, values) == REGION_RECORD_HEADER, "values");
_Static_assert(offsetof(struct region_waiters, waiter) == 64, "waiter");
_Static_assert(sizeof(struct region_waiters) <= REGION_PAGE, "waiters page");
_Static_assert(REGION_MAX_WAITERS == 64, "one bit of `sleeping` a waiter");

/* fault_guard.c: run `body` so that a file truncated under the mapping gives -EIO, not SIGBUS. */
int fault_guarded(int (*body)(void *), void *argument);

/* factor_dict.c: fill d->values from a PyDict without running Python code. */
int factor_dict_gather(struct factor_dict *d, void *dict);

/* waiters.c: send a byte to every sleeping reader; to every reader that has a place. */
void waiters_wake(struct region_writer *w);
void waiters_wake_everyone(struct region_writer *w);

#endif
