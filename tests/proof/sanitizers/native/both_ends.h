/* One region with a writer's mapping and a reader's, for drivers of one thread. */
#ifndef PROOF_BOTH_ENDS_H
#define PROOF_BOTH_ENDS_H

#include "region_file.h"
#include "counted_calls.h"

#include <fcntl.h>
#include <signal.h>

static struct region_waiters *waiters;
static int waiters_fd, folder_fd;

struct ends {
    struct region_file f;
    uint8_t *written;
    const uint8_t *seen;
    struct region_record *header;
    double *values;
};

static inline struct ends open_ends(uint32_t factor_count, uint32_t capacity, uint64_t first)
{
    struct ends e;
    lay_out(&e.f, factor_count, capacity);
    open_region(&e.f);
    e.written = map_guarded(e.f.fd, e.f.size, PROT_READ | PROT_WRITE);
    e.seen = map_guarded(e.f.fd, e.f.size, PROT_READ);
    e.header = malloc(sizeof *e.header);
    e.values = malloc(factor_count * sizeof(double));
    reset_region(&e.f, e.written, first);
    return e;
}

static inline void close_ends(struct ends *e)
{
    unmap_guarded(e->written, e->f.size);
    unmap_guarded((uint8_t *)e->seen, e->f.size);
    close(e->f.fd);
    free(e->header);
    free(e->values);
    free(e->f.value_offsets);
}

static inline struct region_writer start(struct ends *e)
{
    struct region_writer w = writer_of(&e->f, e->written, waiters, folder_fd, 77);
    CHECK(region_writer_start(&w) == 0, "start");
    return w;
}

static inline void publish(struct region_writer *w, uint64_t n)
{
    double *values = malloc(w->factor_count * sizeof(double));
    for (uint32_t i = 0; i < w->factor_count; i++)
        values[i] = value_of(n, i);
    CHECK(region_publish(w, values, event_of(n)) == 0, "record %lu", n);
    free(values);
}

/* Open what every region of a driver shares: the folder of its FIFOs and the waiters page. */
static void open_waiters(const char *folder)
{
    folder_fd = open(folder, O_RDONLY | O_DIRECTORY);
    waiters_fd = memfd_create("waiters", MFD_CLOEXEC);
    if (folder_fd < 0 || waiters_fd < 0 || ftruncate(waiters_fd, REGION_PAGE) < 0)
        fail(folder);
    waiters = (struct region_waiters *)map_guarded(waiters_fd, REGION_PAGE, PROT_READ | PROT_WRITE);
    signal(SIGPIPE, SIG_DFL);
    alarm(120); /* a call that does not return */
    CHECK(fault_guard_install() == 0, "install");
}

#endif
