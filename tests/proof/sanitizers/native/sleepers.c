/* Wake-ups, and files cut under every function: exact results, nothing left behind.
 *
 *     sleepers FOLDER
 *
 * One thread. Prints a line `call NAME COUNT` for each function.
 */
#include "both_ends.h"
#include "places.h"

#include <dirent.h>
#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int open_descriptors(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* A writer that has no descriptor left at one wake-up sends the next one. */
static void without_a_descriptor(struct region_writer *w, int fifo, uint64_t n)
{
    struct rlimit limit, none;
    char bytes[4];
    getrlimit(RLIMIT_NOFILE, &limit);
    none = limit;
    none.rlim_cur = 0;
    waiters->waiter[11].generation++; /* the FIFO is to be opened again */
    for (int is_allowed = 0; is_allowed < 2; is_allowed++) {
        setrlimit(RLIMIT_NOFILE, is_allowed ? &limit : &none);
        waiters->sleeping = 1 << 11;
        publish(w, n + (uint64_t)is_allowed);
        CHECK(read(fifo, bytes, 4) == (is_allowed ? 1 : -1), "descriptors: %d", is_allowed);
    }
}

/* A link in the place of a FIFO is not followed. */
static void by_a_link(struct region_writer *w, uint64_t n)
{
    char bytes[4];
    int other = take_place(folder_fd, waiters, 10);
    unlinkat(folder_fd, "other", 0);
    if (renameat(folder_fd, "10.fifo", folder_fd, "other") < 0 ||
        symlinkat("other", folder_fd, "10.fifo") < 0)
        fail("link");
    waiters->sleeping = 1 << 10;
    publish(w, n);
    CHECK(read(other, bytes, 4) == -1, "a byte through a link");
    unlinkat(folder_fd, "10.fifo", 0);
    close(other);
}

/* A SIGPIPE of somebody else, which waits already, is not swallowed with that of a dead reader. */
static void pending_signal(struct region_writer *w, uint64_t n)
{
    sigset_t one, old, pending;
    struct timespec now = {0, 0};
    sigemptyset(&one);
    sigaddset(&one, SIGPIPE);
    int dead = take_place(folder_fd, waiters, 12);
    waiters->sleeping = 1 << 12;
    publish(w, n); /* its FIFO is open now */
    close(dead);
    sigprocmask(SIG_BLOCK, &one, &old);
    raise(SIGPIPE);
    waiters->sleeping = 1 << 12;
    waiters_wake(w);
    sigpending(&pending);
    CHECK(w->fifo_fd[12] == -1 && sigismember(&pending, SIGPIPE), "a foreign SIGPIPE is gone");
    sigtimedwait(&one, NULL, &now);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

/* A wake-up for each sleeper, one byte, once; dead sleepers cost nothing for long. */
static void wake_ups(void)
{
    struct ends e = open_ends(3, 8, 1);
    int descriptors = open_descriptors();
    struct region_writer w = start(&e);
    struct region_reader r = reader_of(&e.f, e.seen, 0);
    int fifo[REGION_MAX_WAITERS];
    char bytes[4];
    uint64_t n = 0;
    for (int slot = 0; slot < REGION_MAX_WAITERS; slot++) {
        fifo[slot] = take_place(folder_fd, waiters, (uint32_t)slot);
        CHECK(region_sleep(&r, waiters, (uint32_t)slot) == REGION_NOTHING, "asleep");
    }
    CHECK(waiters->sleeping == UINT64_MAX, "%lx", waiters->sleeping);
    region_awake(waiters, 5);
    CHECK(waiters->sleeping == (UINT64_MAX ^ 32), "%lx", waiters->sleeping);
    publish(&w, ++n);
    CHECK(waiters->sleeping == 0, "%lx", waiters->sleeping);
    CHECK(w.sent_wakeups == 63, "%lu", w.sent_wakeups);
    for (int slot = 0; slot < REGION_MAX_WAITERS; slot++)
        CHECK(read(fifo[slot], bytes, 4) == (slot == 5 ? -1 : 1), "wake-ups of place %d", slot);
    CHECK(fcntl(w.fifo_fd[63], F_GETFD) & FD_CLOEXEC, "a FIFO that a child inherits");
    CHECK(region_sleep(&r, waiters, 5) == REGION_RECORD, "a record is there");
    CHECK(waiters->sleeping == 0, "a request left behind: %lx", waiters->sleeping);
    CHECK(region_read_next(&r, e.header, e.values) == REGION_RECORD, "record 1");
    publish(&w, ++n);
    CHECK(w.sent_wakeups == 63, "nobody asked: %lu", w.sent_wakeups);
    CHECK(region_read_next(&r, e.header, e.values) == REGION_RECORD, "record 2");

    /* A reader that died asleep: no SIGPIPE reaches this process, which does not ignore it. */
    for (int round = 0; round < 3; round++) {
        close(fifo[7]);
        waiters->sleeping = 1 << 7 | 1 << 9;
        publish(&w, ++n);
        CHECK(waiters->sleeping == 0, "%lx", waiters->sleeping);
        CHECK(read(fifo[9], bytes, 4) == 1, "the one after the dead one");
        CHECK(w.fifo_fd[7] == -1, "the FIFO of a dead reader is kept");
        waiters->sleeping = 1 << 7;
        publish(&w, ++n);
        sigset_t pending, blocked;
        sigpending(&pending);
        sigprocmask(SIG_BLOCK, NULL, &blocked);
        CHECK(!sigismember(&pending, SIGPIPE) && !sigismember(&blocked, SIGPIPE), "SIGPIPE");
        fifo[7] = take_place(folder_fd, waiters, 7);
        waiters->sleeping = 1 << 7;
        publish(&w, ++n);
        CHECK(read(fifo[7], bytes, 4) == 1, "the one who took the place of the dead one");
    }
    /* Asleep without a request, as a killed writer leaves it: the next writer wakes every place. */
    for (int slot = 0; slot < REGION_MAX_WAITERS; slot++)
        while (read(fifo[slot], bytes, 4) > 0)
            ;
    region_writer_forget(&w);
    w = start(&e);
    for (int slot = 0; slot < REGION_MAX_WAITERS; slot++)
        CHECK(read(fifo[slot], bytes, 4) == 1, "place %d is not woken by a new writer", slot);
    CHECK(w.published == n, "%lu", w.published);
    waiters_wake_everyone(&w);
    for (int slot = 0; slot < REGION_MAX_WAITERS; slot++)
        CHECK(read(fifo[slot], bytes, 4) == 1, "place %d", slot);
    /* Woken for a record that is there already, once. */
    waiters->sleeping = 1 << 8;
    region_wake(&w);
    region_wake(&w);
    CHECK(read(fifo[8], bytes, 4) == 1 && waiters->sleeping == 0, "%lx", waiters->sleeping);
    without_a_descriptor(&w, fifo[11], ++n);
    n += 1;
    /* Full of wake-ups, gone, or no FIFO at all: never an error, never a leak. */
    while (write(fifo[3], bytes, 1) == 1)
        ;
    unlinkat(folder_fd, "4.fifo", 0);
    unlinkat(folder_fd, "6.fifo", 0);
    close(openat(folder_fd, "6.fifo", O_CREAT | O_EXCL | O_WRONLY, 0600));
    waiters->waiter[4].generation++, waiters->waiter[6].generation++;
    uint64_t sent = w.sent_wakeups;
    waiters->sleeping = 1 << 3 | 1 << 4 | 1 << 6;
    publish(&w, ++n);
    struct stat st;
    CHECK(w.sent_wakeups == sent + 1 && waiters->sleeping == 0, "%lu sent", w.sent_wakeups - sent);
    CHECK(fstatat(folder_fd, "6.fifo", &st, 0) == 0 && st.st_size == 0, "no FIFO was written to");
    unlinkat(folder_fd, "6.fifo", 0);
    by_a_link(&w, ++n);
    pending_signal(&w, ++n);
    struct region_writer none = w;
    for (int i = 0; i < REGION_MAX_WAITERS; i++)
        none.fifo_fd[i] = -1;
    waiters_wake(&none);
    region_writer_forget(&w);
    region_writer_forget(&w);
    region_wake(&w);
    for (int slot = 0; slot < REGION_MAX_WAITERS; slot++)
        close(fifo[slot]);
    CHECK(open_descriptors() == descriptors, "descriptors left open: %d", open_descriptors());
    check_bytes(&e.f, e.seen, 1, n);
    close_ends(&e);
}

/* Every function on a file that was cut under it: -EIO, and the process lives. */
static void cut_files(void)
{
    for (int cut = 0; cut < 3; cut++) {
        struct ends e = open_ends(504, 4, 1);
        struct region_writer w = start(&e);
        for (uint64_t n = 1; n <= 6; n++)
            publish(&w, n);
        struct region_reader r = reader_of(&e.f, e.seen, 4);
        off_t left[] = {0, e.f.snapshot_size, e.f.snapshot_size + 4096};
        if (ftruncate(e.f.fd, left[cut]) < 0)
            fail("truncate");
        int expected = cut < 2 ? -EIO : 0;
        uint64_t state, pid, beat, published, sequence[2];
        int64_t ts[2];
        double *many = malloc(2 * 504 * 8);
        struct region_batch b = {.sequence = sequence, .ts_event = ts, .values = many, .limit = 2};
        CHECK(region_read_next(&r, e.header, e.values) == -EIO, "next");
        CHECK(region_read_latest(&r, e.header, e.values) == -EIO, "latest");
        CHECK(region_read_batch(&r, &b) == -EIO && b.count == 0, "batch");
        CHECK(region_spin(&r, 0) == (expected ? -EIO : REGION_RECORD), "spin");
        CHECK(region_status(r.control, &state, &pid, &beat, &published) == expected, "status");
        CHECK(region_sleep(&r, waiters, 1) == (expected ? -EIO : REGION_RECORD), "sleep");
        region_awake(waiters, 1);
        CHECK(region_publish(&w, e.values, 70) == -EIO && w.published == 6, "publish");
        region_beat(&w);
        region_set_state(w.control, REGION_SUPERSEDED);
        struct region_writer again = writer_of(&e.f, e.written, waiters, folder_fd, 78);
        CHECK(region_writer_start(&again) == -EIO, "start");
        CHECK(r.position == 4 && !r.delivered, "position %lu", r.position);
        region_writer_forget(&w);
        free(many);
        close_ends(&e);
    }
    /* The waiters page alone: the record is published all the same. */
    struct ends e = open_ends(3, 8, 1);
    struct region_writer w = start(&e);
    struct region_reader r = reader_of(&e.f, e.seen, 0);
    if (ftruncate(waiters_fd, 0) < 0)
        fail("truncate");
    publish(&w, 1);
    region_wake(&w);
    CHECK(region_sleep(&r, waiters, 1) == -EIO, "sleep");
    region_awake(waiters, 1);
    CHECK(region_read_next(&r, e.header, e.values) == REGION_RECORD, "record 1");
    if (ftruncate(waiters_fd, REGION_PAGE) < 0)
        fail("truncate");
    region_writer_forget(&w);
    close_ends(&e);
}

static int touch(void *where)
{
    return *(volatile int *)where;
}

/* The guard is for guarded calls alone: a bus error elsewhere ends the process as before. */
static void guard_is_for_guarded_calls_alone(void)
{
    struct ends e = open_ends(3, 8, 1);
    if (ftruncate(e.f.fd, 0) < 0)
        fail("truncate");
    CHECK(fault_guarded(touch, e.written) == -EIO, "guarded");
    int fine = 5;
    CHECK(fault_guarded(touch, &fine) == 5, "guarded");
    CHECK(fault_guard_install() == 0 && fault_guard_install() == 0, "twice");
    static volatile int came_by;
    for (int after_fault = 0; after_fault < 2; after_fault++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(10);
            fclose(stderr);
            if (after_fault)
                fault_guarded(touch, e.written);
            else
                fault_guarded(touch, &fine);
            /* A jump back into the call that has ended would come by here again. */
            if (++came_by > 1)
                _exit(0);
            touch(e.written);
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS,
              "an unguarded bus error ended with %x", status);
    }
    close_ends(&e);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    open_waiters(argv[1]);
    wake_ups();
    cut_files();
    guard_is_for_guarded_calls_alone();
    print_counts(&counts);
    return 0;
}
