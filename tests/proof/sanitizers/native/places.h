/* A place among the sleepers, as a reader takes it: its FIFO, then the next generation. */
#ifndef PROOF_PLACES_H
#define PROOF_PLACES_H

#include "region_file.h"

#include <fcntl.h>
#include <sys/stat.h>

static inline int take_place(int folder_fd, struct region_waiters *waiters, uint32_t place)
{
    char name[16];
    snprintf(name, sizeof name, "%u.fifo", place);
    unlinkat(folder_fd, name, 0);
    if (mkfifoat(folder_fd, name, 0600) < 0)
        fail(name);
    int fd = openat(folder_fd, name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        fail(name);
    __atomic_fetch_add(&waiters->waiter[place].generation, 1, __ATOMIC_SEQ_CST);
    return fd;
}

#endif
