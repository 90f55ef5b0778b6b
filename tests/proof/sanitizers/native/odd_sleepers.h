/* Wake-ups in odd circumstances: no descriptors, a link for a FIFO, a foreign signal. */
#ifndef PROOF_ODD_SLEEPERS_H
#define PROOF_ODD_SLEEPERS_H

#include "both_ends.h"
#include "places.h"

#include <sys/resource.h>
#include <unistd.h>

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

#endif
