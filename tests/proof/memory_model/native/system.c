/* What the C asks the system for, as the model answers: clocks, FIFOs, signals. */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CLOCK_STEP_NS 600000
#define WALL_NS 1000000000000

uint64_t fifo_at_path[2], fifo_bytes[FIFOS];
int fifo_is_dead[FIFOS], wall_steps_back, fifo_writes, sigpipe_is_pending, wakings;
static uint64_t mono_of_thread[MODEL_THREADS];

void system_begin(void)
{
    memset(fifo_is_dead, 0, sizeof fifo_is_dead);
    wall_steps_back = fifo_writes = sigpipe_is_pending = wakings = 0;
    memset(mono_of_thread, 0, sizeof mono_of_thread);
}

uint64_t last_mono_ns(void)
{
    return mono_of_thread[model_thread()];
}

void drain_fifo(uint32_t slot)
{
    uint64_t at_path = model_update(&fifo_at_path[slot], UPDATE_ADD, 0, __ATOMIC_ACQ_REL, HERE);
    model_update(&fifo_bytes[at_path], UPDATE_SWAP, 0, __ATOMIC_ACQ_REL, HERE);
}

uint64_t fifo_bytes_of(uint32_t slot)
{
    return model_peek(&fifo_bytes[model_peek(&fifo_at_path[slot])]);
}

int model_clock_gettime(clockid_t clock, struct timespec *t)
{
    uint64_t now = model_clock() * CLOCK_STEP_NS;
    if (clock == CLOCK_MONOTONIC)
        mono_of_thread[model_thread()] = now;
    else
        now = wall_steps_back ? WALL_NS - now : WALL_NS + now;
    *t = (struct timespec){(time_t)(now / 1000000000), (long)(now % 1000000000)};
    return 0;
}

int model_openat(int folder, const char *name, int flags)
{
    (void)folder, (void)flags;
    uint64_t slot = (uint64_t)(name[0] - '0');
    if (slot > 1 || name[1] != '.') {
        errno = ENOENT;
        return -1;
    }
    return 10 + (int)model_update(&fifo_at_path[slot], UPDATE_ADD, 0, __ATOMIC_ACQ_REL, HERE);
}

int model_fstat(int fd, struct stat *st)
{
    (void)fd;
    st->st_mode = S_IFIFO;
    return 0;
}

ssize_t model_write(int fd, const void *bytes, size_t size)
{
    (void)bytes;
    fifo_writes++;
    model_require(fd >= 10 && fd < 10 + FIFOS && size == 1, UNASKED, "a write elsewhere");
    if (fifo_is_dead[fd - 10]) {
        errno = EPIPE;
        sigpipe_is_pending = 1;
        return -1;
    }
    model_update(&fifo_bytes[fd - 10], UPDATE_ADD, 1, __ATOMIC_ACQ_REL, HERE);
    return 1;
}

int model_close(int fd)
{
    (void)fd;
    return 0;
}

int model_sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
    (void)set, (void)info, (void)timeout;
    sigpipe_is_pending = 0;
    return SIGPIPE;
}

int model_sigpending(sigset_t *set)
{
    wakings++;
    return sigemptyset(set);
}

/* In the place of fault_guard.c: no file is truncated here. */
int fault_guarded(int (*body)(void *), void *argument)
{
    return body(argument);
}
