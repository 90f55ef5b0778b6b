/* Waking sleeping readers: one byte into the FIFO of each, and only of those that asked. */
#include "region.h"
#include "orderings.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fifo(struct region_writer *w, int slot)
{
    if (w->fifo_fd[slot] >= 0)
        close(w->fifo_fd[slot]);
    w->fifo_fd[slot] = -1;
}

/* The FIFO of a waiter, opened once per generation; -1 if nobody reads it any more. */
static int fifo_of(struct region_writer *w, int slot)
{
    uint64_t generation = load_alone(&w->waiters->waiter[slot].generation);
    if (w->fifo_fd[slot] >= 0 && w->fifo_generation[slot] == generation)
        return w->fifo_fd[slot];
    close_fifo(w, slot);

    char name[16];
    snprintf(name, sizeof name, "%d.fifo", slot);
    int fd = openat(w->folder_fd, name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode))) {
        close(fd);
        fd = -1;
    }
    w->fifo_fd[slot] = fd;
    w->fifo_generation[slot] = generation;
    return fd;
}

struct wake_call {
    struct region_writer *w;
    int got_pipe_error;
};

static void send_byte(struct wake_call *call, int slot)
{
    int fd = fifo_of(call->w, slot);
    if (fd < 0)
        return;
    /* EAGAIN: the pipe is full of earlier wake-ups, which wake as well. */
    if (write(fd, "", 1) < 0 && errno == EPIPE) {
        call->got_pipe_error = 1;
        close_fifo(call->w, slot);
    } else {
        call->w->sent_wakeups++;
    }
}

/* Run a function that sends with SIGPIPE blocked, and swallow the one that it causes. A waiters
 * page that is cut meanwhile ends the sending, and the signals are restored all the same. */
static void without_sigpipe(int (*send)(void *), struct region_writer *w)
{
    sigset_t pipe_signal, old_mask, pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &old_mask);
    sigpending(&pending);
    int was_pending = sigismember(&pending, SIGPIPE);

    struct wake_call call = {w, 0};
    fault_guarded(send, &call);

    if (call.got_pipe_error && !was_pending) {
        struct timespec now = {0, 0};
        while (sigtimedwait(&pipe_signal, NULL, &now) < 0 && errno == EINTR)
            ;
    }
    pthread_sigmask(SIG_SETMASK, &old_mask, NULL);
}

static int send_to_sleepers(void *argument)
{
    struct wake_call *call = argument;
    uint64_t *flags = &call->w->waiters->sleeping;
    uint64_t sleeping = load_sleeping(flags);
    while (sleeping) {
        int slot = __builtin_ctzll(sleeping);
        uint64_t bit = 1ull << slot;
        sleeping &= ~bit;
        if (clear_sleeping(flags, bit) & bit)
            send_byte(call, slot);
    }
    return 0;
}

/* A reader killed between its request and now costs one EPIPE: its flag is taken back before
 * the write, so it is never paid twice. */
void waiters_wake(struct region_writer *w)
{
    without_sigpipe(send_to_sleepers, w);
}

static int send_to_everyone(void *argument)
{
    struct wake_call *call = argument;
    for (int slot = 0; slot < REGION_MAX_WAITERS; slot++)
        if (load_alone(&call->w->waiters->waiter[slot].generation))
            send_byte(call, slot);
    return 0;
}

/* A writer killed between taking a flag back and its byte leaves a reader that sleeps without a
 * flag: the next writer wakes every place that was ever taken. */
void waiters_wake_everyone(struct region_writer *w)
{
    without_sigpipe(send_to_everyone, w);
}

/* Release the region: the FIFOs are closed, every later call returns -EBADF. */
void region_writer_forget(struct region_writer *w)
{
    w->control = NULL;
    for (int i = 0; i < REGION_MAX_WAITERS; i++)
        close_fifo(w, i);
}
