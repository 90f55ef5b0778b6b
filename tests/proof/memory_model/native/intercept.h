/* Put before the first line of the shipped C: its atomics, plain copies and system calls lead to the
 * explorer. The C itself is compiled as it is. */
#ifndef DOLPHIN_INTERCEPT_H
#define DOLPHIN_INTERCEPT_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"

#define __atomic_load_n(word, order) model_load(word, order, HERE)
#define __atomic_store_n(word, value, order) model_store(word, value, order, HERE)
#define __atomic_fetch_or(word, bits, order) model_update(word, UPDATE_OR, bits, order, HERE)
#define __atomic_fetch_and(word, bits, order) model_update(word, UPDATE_AND, bits, order, HERE)
#define __atomic_fetch_add(word, n, order) model_update(word, UPDATE_ADD, n, order, HERE)
#define __atomic_exchange_n(word, n, order) model_update(word, UPDATE_SWAP, n, order, HERE)
#define __atomic_thread_fence(order) model_fence(order)
#define __atomic_signal_fence(order) ((void)0)
#undef memcpy
#define memcpy(to, from, size) model_memcpy(to, from, size, HERE)

int model_clock_gettime(clockid_t clock, struct timespec *t);
int model_openat(int folder, const char *name, int flags);
int model_fstat(int fd, struct stat *st);
ssize_t model_write(int fd, const void *bytes, size_t size);
int model_close(int fd);
int model_sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout);
int model_sigpending(sigset_t *set);

#define clock_gettime model_clock_gettime
#define openat model_openat
#define fstat model_fstat
#define write model_write
#define close model_close
#define sigtimedwait model_sigtimedwait
#define sigpending model_sigpending
static inline int model_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    return how < 0 || set == old;
}
#define pthread_sigmask model_sigmask

#endif
