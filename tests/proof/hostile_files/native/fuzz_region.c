/* libFuzzer's target: a hostile file under every function of the region.
 *
 * The first bytes choose one of the shapes; the rest is a program of steps: poke a word, a byte or
 * a whole run of bytes into the file, or call a function on it. The reader and the writer have the
 * numbers of a file that was checked (the Python checks those); all else in the file is hostile.
 * Readers map read-only between guard pages, and buffers end at one. After every call:
 * a documented result, a sum of counts that fits the position, no record 0.
 */
#include "region_file.h"

#include <errno.h>
#include <fcntl.h>

enum { SHAPES = 6, MOST_STEPS = 32, BATCH_LIMIT = 3 };
static const uint32_t shapes[SHAPES][2] = {{1, 32}, {8, 32}, {504, 2}, {56, 8}, {3, 32}, {120, 4}};

struct shape {
    struct region_file f;
    uint8_t *written;
    const uint8_t *seen;
    uint8_t *image;
    size_t image_size;
    double *values;
    struct region_batch batch;
};

static struct shape all[SHAPES];
static struct region_waiters *waiters;
static struct region_record *header;
static int folder_fd;
static struct region_writer nobody;

/* Memory that ends at a page that nobody may touch, so that a word too many is a fault in every
 * build, also in the fast one without AddressSanitizer. */
static void *exact(size_t size)
{
    size_t whole = (size + REGION_PAGE - 1) / REGION_PAGE * REGION_PAGE;
    uint8_t *at = mmap(NULL, whole + REGION_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED || mprotect(at, whole, PROT_READ | PROT_WRITE) < 0)
        fail("mmap");
    return at + whole - size;
}

static void make_shape(struct shape *s, uint32_t factor_count, uint32_t capacity)
{
    lay_out(&s->f, factor_count, capacity);
    open_region(&s->f);
    s->written = map_guarded(s->f.fd, s->f.size, PROT_READ | PROT_WRITE);
    s->seen = map_guarded(s->f.fd, s->f.size, PROT_READ);
    s->values = exact(factor_count * 8);
    s->batch = (struct region_batch){.sequence = exact(BATCH_LIMIT * 8),
                                     .ts_event = exact(BATCH_LIMIT * 8),
                                     .values = exact((size_t)BATCH_LIMIT * factor_count * 8)};
    reset_region(&s->f, s->written, 1);
    struct region_writer w = writer_of(&s->f, s->written, waiters, folder_fd, 7);
    if (region_writer_start(&w))
        abort();
    for (uint64_t n = 1; n <= capacity + 3; n++) {
        for (uint32_t i = 0; i < factor_count; i++)
            s->values[i] = value_of(n, i);
        region_publish(&w, s->values, event_of(n));
    }
    s->image_size = s->f.size;
    s->image = malloc(s->image_size);
    memcpy(s->image, s->written, s->image_size);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    folder_fd = open("/proc/self", O_RDONLY | O_DIRECTORY); /* there is no FIFO in it */
    int fd = memfd_create("waiters", MFD_CLOEXEC);
    if (ftruncate(fd, REGION_PAGE) < 0)
        fail("waiters");
    waiters = (struct region_waiters *)map_guarded(fd, REGION_PAGE, PROT_READ | PROT_WRITE);
    header = exact(sizeof *header);
    fault_guard_install();
    for (int i = 0; i < REGION_MAX_WAITERS; i++)
        nobody.fifo_fd[i] = -1;
    for (int i = 0; i < SHAPES; i++)
        make_shape(&all[i], shapes[i][0], shapes[i][1]);
    return 0;
}

struct input {
    const uint8_t *at;
    size_t left;
};

static uint64_t take(struct input *in, size_t size)
{
    uint64_t value = 0;
    size = size < in->left ? size : in->left;
    memcpy(&value, in->at, size);
    in->at += size, in->left -= size;
    return value;
}

static int is_documented(int result)
{
    return result == REGION_NOTHING || result == REGION_RECORD || result == REGION_MOVED ||
           result == -EAGAIN || result == -EILSEQ;
}

static void poke(struct shape *s, struct input *in, uint8_t kind)
{
    uint8_t *control = (uint8_t *)control_of(&s->f, s->written);
    /* The words that the functions look at, then anything at all. */
    static const uint32_t words[] = {128, 136, 144, 152, 192, 56, 0, 36};
    uint8_t which = (uint8_t)take(in, 1);
    uint64_t value = take(in, kind & 1 ? 8 : 2);
    if (kind & 2) {
        uint8_t *word = control + words[which % 8];
        uint64_t old;
        memcpy(&old, word, 8);
        value = which & 8 ? old + value : which & 16 ? old - value : value;
        memcpy(word, &value, 8);
        return;
    }
    size_t where = which & 128 ? take(in, 3) % (s->f.size - 8)
                               : (size_t)(raw_record(&s->f, s->written, which) -
                                          (const uint64_t *)s->written) * 8 + (which >> 4 & 4) * 8;
    memcpy(s->written + where, &value, 8);
}

static void call_reader(struct shape *s, struct region_reader *r, struct input *in, uint8_t kind)
{
    uint64_t position = r->position, sum = r->delivered + r->conflated + r->lost - position;
    uint64_t state, pid, heartbeat, published;
    int result = 0;
    switch (kind) {
    case 0: result = region_read_latest(r, header, s->values); break;
    case 1: result = region_read_next(r, header, s->values); break;
    case 2:
        s->batch.limit = (uint32_t)take(in, 1) % (BATCH_LIMIT + 1);
        result = region_read_batch(r, &s->batch);
        if (s->batch.count > s->batch.limit || (result != REGION_RECORD && s->batch.count))
            abort();
        for (uint32_t k = 0; k < s->batch.count; k++)
            if (!s->batch.sequence[k] || (k && s->batch.sequence[k] <= s->batch.sequence[k - 1]))
                abort();
        break;
    case 3: {
        uint8_t timeout_ns = (uint8_t)take(in, 1);
        if (timeout_ns % 8 == 0) { /* a spin takes as long as twenty other calls */
            result = region_spin(r, timeout_ns - 8);
            break;
        }
    } /* fall through */
    case 4: result = region_status(r->control, &state, &pid, &heartbeat, &published); break;
    case 5: result = region_sleep(r, waiters, (uint32_t)take(in, 1) % 64); break;
    case 6: region_awake(waiters, (uint32_t)take(in, 1) % 64); break;
    case 7: r->position = take(in, 8); return; /* as far as a reader can be */
    }
    if (!is_documented(result) || r->delivered + r->conflated + r->lost - r->position != sum)
        abort();
    if (kind < 2 && result == REGION_RECORD && (header->sequence != r->position || !r->position))
        abort();
    if (r->position < position || (result != REGION_RECORD && r->position != position))
        abort();
}

static void call_writer(struct shape *s, struct region_writer *w, struct input *in, uint8_t kind)
{
    int result;
    switch (kind) {
    case 0:
        region_writer_forget(w);
        *w = writer_of(&s->f, s->written, waiters, folder_fd, 8);
        result = region_writer_start(w);
        if (result != 0 && result != -EILSEQ)
            abort();
        break;
    case 1:
    case 2: {
        uint64_t before = w->published;
        int is_open = w->control != NULL;
        memset(s->values, (int)take(in, 1), 8 * s->f.factor_count);
        result = region_publish(w, s->values, (int64_t)take(in, 2));
        if (result != (is_open ? 0 : -EBADF) || w->published != before + (uint64_t)is_open)
            abort();
        if (is_open && raw_record(&s->f, s->seen, w->published)[0] != w->published)
            abort();
        break;
    }
    case 3: region_beat(w); break;
    case 4: region_set_state(control_of(&s->f, s->written), take(in, 1) % 5); break;
    case 5: waiters->sleeping |= 1ull << take(in, 1) % 64; break; /* each costs an openat */
    case 6: waiters->waiter[take(in, 1) % 64].generation++; break;
    case 7: region_writer_forget(w); break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    uint8_t which = (uint8_t)take(&in, 1);
    struct shape *s = &all[which % SHAPES];
    memcpy(s->written, s->image, s->image_size);
    /* A place that an earlier input took costs each writer that starts an openat. */
    memset(waiters, 0, sizeof *waiters);
    struct region_reader r = reader_of(&s->f, s->seen, which / SHAPES);
    struct region_writer w = nobody;
    for (int step = 0; in.left && step < MOST_STEPS; step++) {
        uint8_t what = (uint8_t)take(&in, 1), kind = what >> 2 & 7;
        if ((what & 3) == 0)
            poke(s, &in, kind);
        else if ((what & 3) == 3)
            call_writer(s, &w, &in, kind);
        else
            call_reader(s, &r, &in, kind);
    }
    if (w.control)
        region_writer_forget(&w);
    return 0;
}
