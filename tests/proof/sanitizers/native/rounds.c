/* A writer and readers of every kind as threads, round after round, each record checked by itself.
 *
 *     rounds OPERATIONS SEED FOLDER
 *
 * A round is one file of a random shape from its first record until it is superseded; in it the
 * writer publishes in bursts, closes and starts again. At its end every reader must have counted
 * every record: delivered, conflated or lost. Under ThreadSanitizer all threads use one mapping,
 * because it knows races by address; otherwise readers map read-only, between guard pages.
 */
#include "region_file.h"
#include "counted_calls.h"
#include "places.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#if defined(__SANITIZE_THREAD__)
#define ONE_MAPPING 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ONE_MAPPING 1
#endif
#endif
#ifndef ONE_MAPPING
#define ONE_MAPPING 0
#endif

enum kind { LATEST, NEXT, BATCH, SPINNING, SLEEPING, SLEEPING_TOO, WATCHING, KINDS };
enum { SHAPES = 8, BATCH_LIMIT = 7, LONGEST_WAIT_MS = 20000 };

static const uint32_t shapes[SHAPES][2] = {{3, 2},  {504, 2}, {504, 4},   {8, 64},
                                           {1, 32}, {85, 16}, {17, 1024}, {56, 8}};

static struct region_file files[SHAPES];
static uint8_t *written[SHAPES];
static const uint8_t *seen[SHAPES];
static struct region_waiters *waiters;
static int folder_fd;

/* Set by the writer before a round, read by all behind the barrier. */
static struct { int shape; uint64_t first, last; int is_over; } round_;
static pthread_barrier_t barrier;
static struct counts all_counts;
static uint64_t handed_out, restarts, overtaken;
static pthread_mutex_t sums = PTHREAD_MUTEX_INITIALIZER;
/* How far the readers are, so that the writer does not always outrun them; relaxed. */
static uint64_t progress;

static void publish_round(uint64_t *random, struct region_writer *w)
{
    const struct region_file *f = &files[round_.shape];
    double values[REGION_MAX_FACTORS];
    while (w->published < round_.last) {
        uint64_t burst = next_random(random) % (2 * f->capacity + 2);
        for (; burst && w->published < round_.last; burst--) {
            uint64_t n = w->published + 1;
            for (uint32_t i = 0; i < f->factor_count; i++)
                values[i] = value_of(n, i);
            CHECK(region_publish(w, values, event_of(n)) == 0, "record %lu", n);
        }
        region_beat(w);
        switch (next_random(random) % 16) {
        case 0: { /* the writer leaves, and another comes */
            uint64_t before = w->published;
            region_set_state(w->control, REGION_CLOSED);
            region_writer_forget(w);
            *w = writer_of(f, written[round_.shape], waiters, folder_fd, next_random(random));
            CHECK(region_writer_start(w) == 0, "start again");
            CHECK(w->published == before, "%lu, expected %lu", w->published, before);
            restarts++;
            break;
        }
        case 1: case 2: case 3: { /* the readers get a chance */
            uint64_t begin = __atomic_load_n(&progress, __ATOMIC_RELAXED);
            for (int i = 0; i < 50 && __atomic_load_n(&progress, __ATOMIC_RELAXED) - begin < 20; i++)
                sched_yield();
        }
        }
    }
}

static void write_rounds(uint64_t operations, uint64_t random)
{
    struct region_file after;
    lay_out(&after, 1, 2);
    open_region(&after);
    uint8_t *after_at = map_guarded(after.fd, after.size, PROT_READ | PROT_WRITE);
    uint64_t woken = 0, rounds = 0;
    reset_region(&after, after_at, 1);
    struct region_writer waker = writer_of(&after, after_at, waiters, folder_fd, 1);
    CHECK(region_writer_start(&waker) == 0, "start");
    while (!round_.is_over) {
        int shape = round_.shape = (int)(next_random(&random) % SHAPES);
        round_.first = next_random(&random) % 4 ? 1 : next_random(&random) >> 20;
        round_.last = round_.first - 1 + next_random(&random) % (next_random(&random) % 16 ? 200 : 5000);
        round_.is_over = operations_of(&all_counts) + operations_of(&counts) >= operations;
        reset_region(&files[shape], written[shape], round_.first);
        struct region_writer w = writer_of(&files[shape], written[shape], waiters, folder_fd, rounds);
        CHECK(region_writer_start(&w) == 0, "start");
        pthread_barrier_wait(&barrier);
        publish_round(&random, &w);
        region_set_state(w.control, REGION_SUPERSEDED);
        region_writer_forget(&w);
        /* Who sleeps in the old file is woken by the first record of the next. */
        double value = value_of(++woken, 0);
        CHECK(region_publish(&waker, &value, event_of(woken)) == 0, "the next file");
        pthread_barrier_wait(&barrier);
        CHECK(waiters->sleeping == 0, "still asleep after round %lu: %lx", rounds, waiters->sleeping);
        check_bytes(&files[shape], written[shape], round_.first, round_.last);
        rounds++;
    }
    region_writer_forget(&waker);
    free(after.value_offsets);
    printf("rounds %lu\n", rounds);
}

struct reading {
    enum kind kind;
    uint32_t slot;
    int fifo;
    struct region_reader r;
    struct region_record *header;
    double *values;
    struct region_batch batch;
    uint64_t random, overtaken;
};

/* Read once; the result of the call. */
static int read_once(struct reading *me, const struct region_file *f)
{
    if (me->kind == BATCH) {
        int result = region_read_batch(&me->r, &me->batch);
        for (uint32_t k = 0; result == REGION_RECORD && k < me->batch.count; k++) {
            struct region_record header = {.sequence = me->batch.sequence[k],
                                           .ts_event = me->batch.ts_event[k]};
            check_record(f, &header, me->batch.values + (size_t)k * f->factor_count,
                         me->batch.sequence[k]);
        }
        CHECK(me->batch.count <= BATCH_LIMIT, "%u records", me->batch.count);
        return result;
    }
    int result = me->kind == LATEST ? region_read_latest(&me->r, me->header, me->values)
                                    : region_read_next(&me->r, me->header, me->values);
    if (result == REGION_RECORD)
        check_record(f, me->header, me->values, me->r.position);
    return result;
}

static void sleep_once(struct reading *me)
{
    char bytes[64];
    while (read(me->fifo, bytes, sizeof bytes) > 0)
        ;
    if (region_sleep(&me->r, waiters, me->slot) != REGION_NOTHING)
        return;
    if (next_random(&me->random) % 64 == 0) { /* somebody changes his mind */
        region_awake(waiters, me->slot);
        return;
    }
    struct pollfd fifo = {.fd = me->fifo, .events = POLLIN};
    CHECK(poll(&fifo, 1, LONGEST_WAIT_MS) == 1, "a wake-up was lost at %lu", me->r.position);
}

static void watch(struct reading *me, const struct region_file *f, const uint8_t *at)
{
    uint64_t state = 0, pid, heartbeat, published, before = round_.first - 1, newest = 0;
    (void)f, (void)newest;
    while (state != REGION_SUPERSEDED) {
        CHECK(region_status(me->r.control, &state, &pid, &heartbeat, &published) == 0, "status");
        CHECK(state >= REGION_LIVE && state <= REGION_CLOSED, "state %lu", state);
        CHECK(pid == (uint64_t)getpid() && heartbeat > 0, "pid %lu", pid);
        CHECK(published >= before, "published went from %lu to %lu", before, published);
        CHECK(state != REGION_SUPERSEDED || published == round_.last, "superseded at %lu", published);
        before = published;
#if !ONE_MAPPING
        read_snapshot(f, at, &newest);
#endif
        __atomic_fetch_add(&progress, 1, __ATOMIC_RELAXED);
        sched_yield();
    }
}

/* Let the writer go on: asking again and again what is known would be most of all calls. */
static void stand_back(const struct region_reader *r)
{
    for (int i = 0; i < 30; i++) {
        if (__atomic_load_n(&r->control->published, __ATOMIC_RELAXED) != r->position)
            return;
        sched_yield();
    }
}

static void read_round(struct reading *me)
{
    const struct region_file *f = &files[round_.shape];
    const uint8_t *at = ONE_MAPPING ? written[round_.shape] : seen[round_.shape];
    uint64_t begin = round_.first - 1;
    me->r = reader_of(f, at, begin);
    if (me->kind == WATCHING) {
        watch(me, f, at);
        return;
    }
    for (;;) {
        int result = read_once(me, f);
        const struct region_reader *r = &me->r;
        CHECK(r->delivered + r->conflated + r->lost == r->position - begin, "at %lu", r->position);
        if (result == REGION_MOVED)
            break;
        if (result == -EAGAIN)
            me->overtaken++;
        else
            CHECK(result == REGION_RECORD || result == REGION_NOTHING, "result %d at %lu of %lu",
                  result, r->position, round_.last);
        __atomic_fetch_add(&progress, 1, __ATOMIC_RELAXED);
        if (result != REGION_NOTHING)
            continue;
        if (me->kind == SLEEPING || me->kind == SLEEPING_TOO)
            sleep_once(me);
        else if (me->kind == SPINNING)
            region_spin(&me->r, 20000);
        else
            stand_back(&me->r);
    }
    CHECK(me->r.position == round_.last, "left at %lu of %lu", me->r.position, round_.last);
    CHECK(me->r.rejected == 0, "%lu rejected", me->r.rejected);
    CHECK(me->kind == LATEST ? !me->r.lost : !me->r.conflated, "lost or conflated");
}

static void *read_rounds(void *argument)
{
    struct reading *me = argument;
    uint64_t total = 0;
    int is_over = 0;
    /* As large as the largest schema needs: one word more is a report. */
    me->header = malloc(sizeof *me->header);
    me->values = malloc(504 * sizeof(double));
    me->batch = (struct region_batch){.sequence = malloc(BATCH_LIMIT * 8),
                                      .ts_event = malloc(BATCH_LIMIT * 8),
                                      .values = malloc(BATCH_LIMIT * 504 * 8),
                                      .limit = BATCH_LIMIT};
    CHECK(fault_guard_install() == 0, "install");
    while (!is_over) {
        pthread_barrier_wait(&barrier);
        is_over = round_.is_over;
        read_round(me);
        total += me->r.delivered;
        /* Behind the next barrier the writer looks whether anybody still sleeps. */
        if (me->fifo >= 0)
            region_awake(waiters, me->slot);
        pthread_mutex_lock(&sums);
        add_counts(&all_counts, &counts);
        counts = (struct counts){0};
        pthread_mutex_unlock(&sums);
        pthread_barrier_wait(&barrier);
    }
    __atomic_fetch_add(&handed_out, total, __ATOMIC_RELAXED);
    __atomic_fetch_add(&overtaken, me->overtaken, __ATOMIC_RELAXED);
    free(me->header), free(me->values), free(me->batch.sequence);
    free(me->batch.ts_event), free(me->batch.values);
    return NULL;
}

int main(int argc, char **argv)
{
    folder_fd = argc == 4 ? open(argv[3], O_RDONLY | O_DIRECTORY) : -1;
    int waiters_fd = memfd_create("waiters", MFD_CLOEXEC);
    if (folder_fd < 0 || ftruncate(waiters_fd, REGION_PAGE) < 0)
        fail(argv[3]);
    waiters = (struct region_waiters *)map_guarded(waiters_fd, REGION_PAGE, PROT_READ | PROT_WRITE);
    for (int i = 0; i < SHAPES; i++) {
        lay_out(&files[i], shapes[i][0], shapes[i][1]);
        open_region(&files[i]);
        written[i] = map_guarded(files[i].fd, files[i].size, PROT_READ | PROT_WRITE);
        seen[i] = map_guarded(files[i].fd, files[i].size, PROT_READ);
    }
    CHECK(fault_guard_install() == 0, "install");
    pthread_barrier_init(&barrier, NULL, KINDS + 1);
    pthread_t threads[KINDS];
    struct reading readings[KINDS];
    uint64_t seed = strtoull(argv[2], NULL, 10) * 0x9e3779b97f4a7c15u + 1;
    for (int i = 0; i < KINDS; i++) {
        int sleeps = i == SLEEPING || i == SLEEPING_TOO;
        readings[i] = (struct reading){.kind = (enum kind)i, .slot = (uint32_t)i * 10,
                                       .random = seed + (uint64_t)i,
                                       .fifo = sleeps ? take_place(folder_fd, waiters, (uint32_t)i * 10) : -1};
        pthread_create(&threads[i], NULL, read_rounds, &readings[i]);
    }
    write_rounds(strtoull(argv[1], NULL, 10), seed);
    for (int i = 0; i < KINDS; i++)
        pthread_join(threads[i], NULL);
    add_counts(&all_counts, &counts);
    print_counts(&all_counts);
    printf("operations %lu\nrecords %lu\nrestarts %lu\novertaken %lu\n",
           operations_of(&all_counts), handed_out, restarts, overtaken);
    return 0;
}
