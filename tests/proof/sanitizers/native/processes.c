/* A writer and readers as processes on one file, each killed at random and started again.
 *
 *     processes RECORDS SEED FOLDER
 *
 * The first process watches: it kills, starts again, and compares what each saw. Every record is
 * checked by itself; what was announced once is there for the next writer, which goes on after it.
 */
#include "region_file.h"
#include "counted_calls.h"
#include "places.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { READERS = 4, PLACES = READERS + 1, WRITER = READERS };
enum kind { LATEST, NEXT, BATCH, SLEEPING };

/* What the processes tell the first one; each writes its own part alone. */
struct report {
    struct counts counts;
    uint64_t records;
    volatile uint64_t published;
    volatile int is_done;
};

static struct report *reports;
static struct region_file file;
static struct region_waiters *waiters;
static int folder_fd;
static uint64_t records_wanted;

static void keep_counts(int place)
{
    add_counts(&reports[place].counts, &counts);
    counts = (struct counts){0};
}

static void write_records(uint64_t writer_id)
{
    uint8_t *at = map_guarded(file.fd, file.size, PROT_READ | PROT_WRITE);
    struct region_writer w = writer_of(&file, at, waiters, folder_fd, writer_id);
    double *values = malloc(file.factor_count * sizeof(double));
    int result = region_writer_start(&w);
    CHECK(result == 0, "the file of a killed writer: %d", result);
    CHECK(w.published >= reports[WRITER].published, "%lu after %lu were announced", w.published,
          reports[WRITER].published);
    while (w.published < records_wanted) {
        uint64_t n = w.published + 1;
        for (uint32_t i = 0; i < file.factor_count; i++)
            values[i] = value_of(n, i);
        CHECK(region_publish(&w, values, event_of(n)) == 0, "record %lu", n);
        reports[WRITER].published = n;
        if (n % 64 == 0) {
            keep_counts(WRITER);
            region_beat(&w);
            nanosleep(&(struct timespec){0, 20000}, NULL);
        }
    }
    region_set_state(w.control, REGION_SUPERSEDED);
    double value = 0;
    struct region_file after;
    lay_out(&after, 1, 2);
    open_region(&after);
    uint8_t *next = map_guarded(after.fd, after.size, PROT_READ | PROT_WRITE);
    reset_region(&after, next, 1);
    struct region_writer waker = writer_of(&after, next, waiters, folder_fd, 1);
    CHECK(region_writer_start(&waker) == 0 && region_publish(&waker, &value, 1) == 0, "the next file");
    region_writer_forget(&waker);
    region_writer_forget(&w);
    keep_counts(WRITER);
    reports[WRITER].is_done = 1;
}

static void sleep_until_woken(struct region_reader *r, int place, int fifo)
{
    char bytes[64];
    while (read(fifo, bytes, sizeof bytes) > 0)
        ;
    if (region_sleep(r, waiters, (uint32_t)place) != REGION_NOTHING)
        return;
    struct pollfd readable = {.fd = fifo, .events = POLLIN};
    /* The writer may be dead for a while: what counts is that no record waits for this reader. */
    if (poll(&readable, 1, 5000) == 0)
        CHECK(r->control->published == r->position, "asleep at %lu of %lu", r->position,
              r->control->published);
    region_awake(waiters, (uint32_t)place);
}

static void read_records(int place, enum kind kind)
{
    const uint8_t *at = map_guarded(file.fd, file.size, PROT_READ);
    uint64_t begin = control_of(&file, at)->published, random = (uint64_t)getpid();
    struct region_reader r = reader_of(&file, at, begin);
    struct region_record *header = malloc(sizeof *header);
    double *values = malloc(3 * file.factor_count * sizeof(double));
    uint64_t sequences[3], state, pid, heartbeat, published, kept = 0;
    int64_t ts[3];
    int fifo = kind == SLEEPING ? take_place(folder_fd, waiters, (uint32_t)place) : -1;
    for (int result = REGION_NOTHING; result != REGION_MOVED;) {
        if (kind == BATCH) {
            struct region_batch b = {.sequence = sequences, .ts_event = ts, .values = values, .limit = 3};
            result = region_read_batch(&r, &b);
            for (uint32_t k = 0; k < b.count; k++) {
                struct region_record one = {.sequence = sequences[k], .ts_event = ts[k]};
                check_record(&file, &one, values + (size_t)k * file.factor_count, sequences[k]);
            }
        } else {
            result = kind == LATEST ? region_read_latest(&r, header, values)
                                    : region_read_next(&r, header, values);
            if (result == REGION_RECORD)
                check_record(&file, header, values, r.position);
        }
        CHECK(result >= 0 || result == -EAGAIN, "result %d at %lu", result, r.position);
        CHECK(r.delivered + r.conflated + r.lost == r.position - begin, "at %lu", r.position);
        if (result == REGION_NOTHING && kind == SLEEPING)
            sleep_until_woken(&r, place, fifo);
        else if (result == REGION_NOTHING)
            region_spin(&r, 200000);
        if ((random = random * 6364136223846793005u + 1) >> 58 == 0) {
            CHECK(region_status(r.control, &state, &pid, &heartbeat, &published) == 0, "status");
            keep_counts(place);
            reports[place].records += r.delivered - kept;
            kept = r.delivered;
        }
    }
    CHECK(r.position == records_wanted && !r.rejected, "left at %lu", r.position);
    reports[place].records += r.delivered - kept;
    keep_counts(place);
    reports[place].is_done = 1;
}

static pid_t start(int place, uint64_t writer_id)
{
    pid_t pid = fork();
    if (pid == 0) {
        CHECK(fault_guard_install() == 0, "install");
        signal(SIGPIPE, SIG_DFL);
        if (place == WRITER)
            write_records(writer_id);
        else
            read_records(place, (enum kind)place);
        _exit(0);
    }
    return pid;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    records_wanted = strtoull(argv[1], NULL, 10);
    uint64_t random = strtoull(argv[2], NULL, 10) * 2 + 1, kills = 0;
    folder_fd = open(argv[3], O_RDONLY | O_DIRECTORY);
    int waiters_fd = memfd_create("waiters", MFD_CLOEXEC);
    if (folder_fd < 0 || ftruncate(waiters_fd, REGION_PAGE) < 0)
        fail(argv[3]);
    waiters = (struct region_waiters *)map_guarded(waiters_fd, REGION_PAGE, PROT_READ | PROT_WRITE);
    reports = mmap(NULL, sizeof *reports * PLACES, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    lay_out(&file, 85, 16);
    open_region(&file);
    uint8_t *at = map_guarded(file.fd, file.size, PROT_READ | PROT_WRITE);
    reset_region(&file, at, 1);
    pid_t pids[PLACES];
    for (int place = 0; place < PLACES; place++)
        pids[place] = start(place, 1);
    for (int left = PLACES; left;) {
        nanosleep(&(struct timespec){0, 10000000 + (long)(random >> 40)}, NULL);
        random = random * 6364136223846793005u + 1442695040888963407u;
        int victim = (int)((random >> 33) % (PLACES * 2));
        victim = victim < PLACES ? victim : WRITER;
        if (pids[victim] && !reports[WRITER].is_done) {
            kill(pids[victim], SIGKILL);
            kills++;
        }
        for (int place = 0; place < PLACES; place++) {
            int status;
            if (!pids[place] || waitpid(pids[place], &status, WNOHANG) != pids[place])
                continue;
            if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
                pids[place] = start(place, random);
                continue;
            }
            CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "process %d ended with %x", place,
                  status);
            pids[place] = 0;
            left--;
        }
    }
    check_bytes(&file, at, 1, records_wanted);
    uint64_t records = 0;
    struct counts total = {0};
    for (int place = 0; place < PLACES; place++) {
        add_counts(&total, &reports[place].counts);
        records += reports[place].records;
    }
    print_counts(&total);
    printf("operations %lu\nrecords %lu\nkills %lu\n", operations_of(&total), records, kills);
    return 0;
}
