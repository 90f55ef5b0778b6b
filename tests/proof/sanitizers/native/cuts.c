/* Calls of every kind while another thread cuts the files under them and lets them grow again.
 *
 *     cuts CUTS SEED FOLDER
 *
 * Each call returns a documented result, this process lives, and its signal mask stays as it was.
 */
#include "region_file.h"
#include "counted_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

static struct region_file file;
static uint8_t *written;
static struct region_waiters *waiters;
static int waiters_fd, folder_fd, is_over;
static uint64_t cuts, cuts_wanted, errors;
static pthread_barrier_t barrier;
static struct counts all_counts;
static pthread_mutex_t sums = PTHREAD_MUTEX_INITIALIZER;

static void *cut_files(void *argument)
{
    uint64_t random = *(uint64_t *)argument;
    pthread_barrier_wait(&barrier);
    for (; cuts < cuts_wanted; cuts++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        int is_waiters = random >> 63 ? 1 : 0;
        int fd = is_waiters ? waiters_fd : file.fd;
        size_t size = is_waiters ? REGION_PAGE : file.size;
        /* Busy, not asleep: what is cut for a millisecond is cut for most calls. */
        for (volatile int wait = (int)(random >> 50) % 4096; wait; wait--)
            ;
        if (ftruncate(fd, is_waiters ? 0 : (off_t)((random >> 32) % size)) < 0)
            fail("ftruncate");
        for (volatile int wait = (int)(random >> 40) % 4096; wait; wait--)
            ;
        if (ftruncate(fd, (off_t)size) < 0)
            fail("ftruncate");
    }
    __atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void check_mask(const char *what)
{
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    CHECK(!sigismember(&blocked, SIGPIPE) && !sigismember(&blocked, SIGBUS),
          "a signal stays blocked after %s", what);
}

static void count(int result)
{
    CHECK(result == REGION_NOTHING || result == REGION_RECORD || result == REGION_MOVED ||
              result == -EIO || result == -EILSEQ || result == -EAGAIN, "result %d", result);
    if (result == -EIO)
        __atomic_fetch_add(&errors, 1, __ATOMIC_RELAXED);
}

static void *write_on(void *argument)
{
    (void)argument;
    double values[504] = {0};
    pthread_barrier_wait(&barrier);
    for (uint64_t n = 0; !__atomic_load_n(&is_over, __ATOMIC_RELAXED); n++) {
        struct region_writer w = writer_of(&file, written, waiters, folder_fd, n);
        int result = region_writer_start(&w);
        count(result);
        for (int i = 0; i < 20 && result == 0; i++) {
            uint64_t before = w.published;
            /* So that there is somebody to wake: it is in there that the mask changes. */
            struct region_reader asleep = reader_of(&file, written, before);
            count(region_sleep(&asleep, waiters, 60));
            result = region_publish(&w, values, 0);
            count(result);
            CHECK(w.published == before + (result == 0), "%lu after %lu", w.published, before);
            check_mask("publish");
            region_beat(&w);
        }
        region_set_state(control_of(&file, written), REGION_LIVE);
        region_writer_forget(&w);
    }
    pthread_mutex_lock(&sums);
    add_counts(&all_counts, &counts);
    pthread_mutex_unlock(&sums);
    return NULL;
}

static void *read_on(void *argument)
{
    uint32_t slot = (uint32_t)(uintptr_t)argument;
    const uint8_t *at = map_guarded(file.fd, file.size, PROT_READ);
    struct region_record *header = malloc(sizeof *header);
    double *values = malloc(2 * file.factor_count * sizeof(double));
    uint64_t sequences[2], state, pid, heartbeat, published;
    int64_t ts[2];
    pthread_barrier_wait(&barrier);
    while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
        struct region_reader r = reader_of(&file, at, 0);
        struct region_batch b = {.sequence = sequences, .ts_event = ts, .values = values, .limit = 2};
        count(region_status(r.control, &state, &pid, &heartbeat, &published));
        for (int i = 0; i < 10; i++) {
            count(region_read_next(&r, header, values));
            count(region_read_latest(&r, header, values));
            int result = region_read_batch(&r, &b);
            count(result);
            CHECK(result == REGION_RECORD || b.count == 0, "%d with %u records", result, b.count);
            count(region_spin(&r, 1000));
            count(region_sleep(&r, waiters, slot));
            region_awake(waiters, slot);
            CHECK(r.delivered + r.conflated + r.lost == r.position, "at %lu", r.position);
        }
        check_mask("reading");
    }
    pthread_mutex_lock(&sums);
    add_counts(&all_counts, &counts);
    pthread_mutex_unlock(&sums);
    unmap_guarded((uint8_t *)at, file.size);
    free(header), free(values);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    cuts_wanted = strtoull(argv[1], NULL, 10);
    uint64_t random = strtoull(argv[2], NULL, 10) + 1;
    folder_fd = open(argv[3], O_RDONLY | O_DIRECTORY);
    waiters_fd = memfd_create("waiters", MFD_CLOEXEC);
    if (folder_fd < 0 || ftruncate(waiters_fd, REGION_PAGE) < 0)
        fail(argv[3]);
    waiters = (struct region_waiters *)map_guarded(waiters_fd, REGION_PAGE, PROT_READ | PROT_WRITE);
    lay_out(&file, 504, 4);
    open_region(&file);
    written = map_guarded(file.fd, file.size, PROT_READ | PROT_WRITE);
    reset_region(&file, written, 1);
    CHECK(fault_guard_install() == 0, "install");
    pthread_barrier_init(&barrier, NULL, 4);
    pthread_t cutter, writer, readers[2];
    pthread_create(&cutter, NULL, cut_files, &random);
    pthread_create(&writer, NULL, write_on, NULL);
    for (uintptr_t i = 0; i < 2; i++)
        pthread_create(&readers[i], NULL, read_on, (void *)(i + 1));
    pthread_join(writer, NULL);
    pthread_join(cutter, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(readers[i], NULL);
    print_counts(&all_counts);
    printf("operations %lu\ncuts %lu\nerrors %lu\n", operations_of(&all_counts), cuts, errors);
    free(file.value_offsets);
    return 0;
}
