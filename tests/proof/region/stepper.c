/* Runs another process one instruction at a time, and says when what it left for others changed.
 *
 * The traced process calls trace_me, then stops itself where stepping begins and where it ends.
 * The other functions are for its parent, from the one thread that started it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

enum { COUNTED, STOPPED, ENDED, CHANGED, CALLED };

int trace_me(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? -errno : 0;
}

void stop_here(void)
{
    raise(SIGSTOP);
}

/* Call a function of the region's C between two stops. */
int call_between_stops(int (*function)(void *, void *, int64_t), void *first, void *second,
                       int64_t third)
{
    raise(SIGSTOP);
    int result = function(first, second, third);
    raise(SIGSTOP);
    return result;
}

/* Wait for the next stop. Returns its signal, or -1 if the process ended instead. */
static int next_stop(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, __WALL) < 0)
        if (errno != EINTR)
            return -1;
    return WIFSTOPPED(status) ? WSTOPSIG(status) : -1;
}

/* Let the process run to its next stop_here. Returns 0, or -1 if it ended instead. */
int wait_for_stop(pid_t pid)
{
    int signal;
    while ((signal = next_stop(pid)) != SIGSTOP) {
        if (signal < 0 || ptrace(PTRACE_CONT, pid, NULL, signal == SIGTRAP ? 0 : signal) < 0)
            return -1;
    }
    return 0;
}

int go_on(pid_t pid)
{
    return ptrace(PTRACE_CONT, pid, NULL, 0) < 0 ? -errno : 0;
}

/* Let the process run to the beginning or the end of its next system call.
 * Returns CALLED, STOPPED at a stop_here, or ENDED. */
int run_to_system_call(pid_t pid)
{
    int signal = 0;
    ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD);
    do {
        if (ptrace(PTRACE_SYSCALL, pid, NULL, signal) < 0)
            return ENDED;
        signal = next_stop(pid);
    } while (signal >= 0 && signal != SIGSTOP && signal != (SIGTRAP | 0x80));
    return signal < 0 ? ENDED : signal == SIGSTOP ? STOPPED : CALLED;
}

static uint64_t program_counter(pid_t pid)
{
#if defined(__x86_64__)
    return (uint64_t)ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user_regs_struct, rip), NULL);
#else
    struct user_regs_struct registers;
    struct iovec where = {&registers, sizeof registers};
    return ptrace(PTRACE_GETREGSET, pid, 1, &where) < 0 ? 0 : registers.pc;
#endif
}

/* Is the next instruction a system call? */
static int is_at_system_call(pid_t pid)
{
    long word = ptrace(PTRACE_PEEKTEXT, pid, program_counter(pid), NULL);
#if defined(__x86_64__)
    return (word & 0xffff) == 0x050f;
#else
    return (uint32_t)word == 0xd4000001u;
#endif
}

/* Bytes that the process shares with others, and a copy of them as they were seen last. */
struct watched {
    const uint8_t *bytes;
    uint8_t *seen;
    size_t size;
};

static int has_changed(const struct watched *all, int n)
{
    int changed = 0;
    for (int i = 0; i < n; i++) {
        if (!memcmp(all[i].bytes, all[i].seen, all[i].size))
            continue;
        memcpy(all[i].seen, all[i].bytes, all[i].size);
        changed = 1;
    }
    return changed;
}

/* Step through at most `count` instructions; with `sees_calls` to the end of the next system call
 * at most, and to the next change of what is watched at most.
 * Returns why it ended; *steps has the instructions. */
int step(pid_t pid, long count, int sees_calls, const struct watched *watched, int n, long *steps)
{
    int signal = 0;
    for (*steps = 0; *steps < count;) {
        int is_call = sees_calls && is_at_system_call(pid);
        if (ptrace(PTRACE_SINGLESTEP, pid, NULL, signal) < 0)
            return ENDED;
        signal = next_stop(pid);
        if (signal < 0)
            return ENDED;
        if (signal == SIGSTOP)
            return STOPPED;
        if (signal != SIGTRAP)
            continue; /* delivered with the next step */
        signal = 0;
        ++*steps;
        if (has_changed(watched, n))
            return CHANGED;
        if (is_call)
            return CALLED;
    }
    return COUNTED;
}
