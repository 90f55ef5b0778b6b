/* The parts of every scenario, and the checks that they have in common. */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct world_file files[FILES];
struct region_waiters page;
struct region_writer writer;
struct region_reader reader, other;
struct truth truth[MOST_RECORDS];
struct got got[MOST_RECORDS];
int got_count;
unsigned explored_words;

const char *const WORD_NAMES[] = {
    "slot.ts_event", "slot.published_wall_ns", "slot.published_mono_ns", "slot.writer_id",
    "slot.values[0]", "slot.values[1]",
};

void world_begin(void)
{
    memset(truth, 0, sizeof truth);
    memset(&reader, 0, sizeof reader);
    memset(&other, 0, sizeof other);
    got_count = 0;
    system_begin();
}

static enum model_kind kind(unsigned which, unsigned bit)
{
    return which & bit ? WATCHED : ALONE;
}

void make_file(int file, uint32_t capacity, uint64_t first, unsigned words, unsigned control)
{
    struct world_file *f = &files[file];
    struct region_control *c = &f->control;
    f->capacity = capacity;
    explored_words = words;
    model_room(c, sizeof *c, "control block");
    c->first_sequence = first;
    c->capacity = capacity;
    model_word(&c->state, file ? "B.state" : "A.state", REGION_CLOSED,
               kind(control, CONTROL_STATE));
    model_word(&c->writer_id, "writer_id", 0, kind(control, CONTROL_WRITER));
    model_word(&c->writer_pid, "writer_pid", 0, kind(control, CONTROL_WRITER));
    model_word(&c->heartbeat_mono_ns, "heartbeat", 0, kind(control, CONTROL_BEAT));
    model_word(&c->published, file ? "B.published" : "A.published", first - 1,
               kind(control, CONTROL_PUBLISHED));
    model_room(f->ring, capacity * RECORD_SIZE, "ring");
    for (uint32_t i = 0; i < capacity; i++) {
        struct region_record *slot = (struct region_record *)(f->ring + i * RECORD_SIZE);
        uint64_t *word[] = {(uint64_t *)&slot->ts_event,          (uint64_t *)&slot->published_wall_ns,
                            (uint64_t *)&slot->published_mono_ns, &slot->writer_id,
                            &slot->values[0],                     &slot->values[1]};
        model_word(&slot->sequence, "slot.sequence", 0, kind(control, SLOTS));
        for (unsigned k = 0; k < 6; k++)
            model_word(word[k], WORD_NAMES[k], 0, kind(words, 1u << k));
    }
    /* Values lie unaligned behind names of one letter. */
    model_room(f->snapshot, sizeof f->snapshot, "snapshot");
    model_word(f->snapshot, "snapshot.timestamp", 0, kind(control, SNAPSHOT));
    for (int i = 0; i < FACTORS; i++) {
        f->value_offsets[i] = (uint32_t)(REGION_SNAPSHOT_HEADER + i * 11 + 3);
        uint8_t *value = f->snapshot + f->value_offsets[i];
        if (control & SNAPSHOT) {
            model_word(value, "snapshot value, lower half", 0, WATCHED);
            model_word(value + 4, "snapshot value, upper half", 0, WATCHED);
        } else {
            model_word(value, "snapshot value", 0, ALONE);
        }
    }
}

void make_page(enum model_kind sleeping, enum model_kind generation)
{
    model_room(&page, sizeof page.sleeping + sizeof page.reserved + 2 * sizeof page.waiter[0],
               "waiters page");
    model_word(&page.sleeping, "sleeping", 0, sleeping);
    for (int i = 0; i < 2; i++) {
        model_word(&page.waiter[i].generation, "generation", 1, generation);
        model_word(&page.waiter[i].pid, "waiter's pid", 0, ALONE);
    }
    model_room(fifo_at_path, sizeof fifo_at_path, "folder");
    model_room(fifo_bytes, sizeof fifo_bytes, "FIFOs");
    for (uint64_t i = 0; i < 2; i++)
        model_word(&fifo_at_path[i], "FIFO at the path", i, sleeping);
    for (int i = 0; i < FIFOS; i++)
        model_word(&fifo_bytes[i], "bytes in a FIFO", 0, sleeping);
}

void open_writer(struct region_writer *w, int file, uint64_t writer_id)
{
    memset(w, 0, sizeof *w);
    w->snapshot = files[file].snapshot;
    w->control = &files[file].control;
    w->ring = files[file].ring;
    w->waiters = &page;
    w->value_offsets = files[file].value_offsets;
    w->factor_count = FACTORS;
    w->record_size = RECORD_SIZE;
    w->capacity = files[file].capacity;
    w->writer_id = writer_id;
    w->writer_pid = writer_id + 1000;
}

void open_reader(struct region_reader *r, int file)
{
    r->control = &files[file].control;
    r->ring = files[file].ring;
    r->factor_count = FACTORS;
    r->record_size = RECORD_SIZE;
    r->capacity = files[file].capacity;
}

/* Both halves of a value tell the record, the file and the factor. */
double value_of(uint64_t n, int file, int index)
{
    uint32_t half = (uint32_t)(file + 1) << 16 | (uint32_t)n << 8 | (uint32_t)index;
    uint64_t bits = (uint64_t)half << 32 | half;
    double value;
    memcpy(&value, &bits, 8);
    return value;
}

uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, 8);
    return bits;
}

static void remember(uint64_t n, int64_t mono_ns)
{
    truth[n] =
        (struct truth){1, writer.last_event, writer.last_wall_ns, mono_ns, writer.writer_id};
}

void publish_next(int file)
{
    uint64_t n = writer.published + 1;
    double values[FACTORS] = {value_of(n, file, 0), value_of(n, file, 1)};
    int64_t ts_event = (int64_t)(wall_steps_back ? 1000 - 100 * n : 100 * n);
    int result = region_publish(&writer, values, ts_event);
    model_require(result == 0 && writer.published == n, ORDER, "the writer's own count");
    remember(n, (int64_t)last_mono_ns());
}

void move_to_file(int file, int with_record)
{
    static struct region_waiters nobody;
    struct region_control *old = writer.control;
    int64_t event = writer.last_event, wall_ns = writer.last_wall_ns;
    uint64_t published = writer.published;
    open_writer(&writer, file, writer.writer_id + 1);
    writer.last_event = event;
    writer.last_wall_ns = wall_ns;
    model_require(region_writer_start(&writer) == 0, NOT_CONTINUED, "the next file");
    model_require(writer.published == published, NOT_CONTINUED, "the next file's count");
    if (with_record) {
        writer.waiters = &nobody;
        int before = wakings;
        publish_next(file);
        model_require(wakings == before, UNASKED, "the work of a wake-up, and nobody sleeps");
        writer.waiters = &page;
    }
    region_set_state(old, REGION_SUPERSEDED);
    if (with_record)
        region_wake(&writer);
    else
        publish_next(file);
}

void start_again(int file)
{
    int64_t mono_ns = (int64_t)last_mono_ns();
    uint64_t published = model_load(&files[file].control.published, __ATOMIC_RELAXED, HERE);
    uint64_t dead = writer.writer_id;
    open_writer(&writer, file, dead + 1);
    model_require(region_writer_start(&writer) == 0, NOT_CONTINUED, "start of the next writer");
    model_require(writer.published == published, NOT_CONTINUED, "its count");
    if (published && !truth[published].is_written) {
        /* Announced by a writer that was killed before it could remember it. */
        remember(published, mono_ns);
        truth[published].writer_id = dead;
    }
}
