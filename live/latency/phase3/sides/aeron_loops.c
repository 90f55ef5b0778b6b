/* A producer's and a reader's loops on Aeron's C client: no interpreter on a record's way.
 *
 * Declared here as far as they are used, after Aeron's C API (aeronc.h, 1.53): the library of
 * pyaeron has the client's functions, and no headers. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

struct aeron_context;
struct aeron;
struct aeron_publication;
struct aeron_subscription;
struct aeron_async_publication;
struct aeron_async_subscription;

int aeron_context_init(struct aeron_context **);
int aeron_context_set_dir(struct aeron_context *, const char *);
int aeron_context_close(struct aeron_context *);
int aeron_init(struct aeron **, struct aeron_context *);
int aeron_start(struct aeron *);
int aeron_close(struct aeron *);
const char *aeron_errmsg(void);
int aeron_async_add_exclusive_publication(struct aeron_async_publication **, struct aeron *,
                                          const char *channel, int32_t stream);
int aeron_async_add_exclusive_publication_poll(struct aeron_publication **,
                                               struct aeron_async_publication *);
bool aeron_exclusive_publication_is_connected(struct aeron_publication *);
int64_t aeron_exclusive_publication_offer(struct aeron_publication *, const uint8_t *, size_t,
                                          void *, void *);
int aeron_async_add_subscription(struct aeron_async_subscription **, struct aeron *,
                                 const char *channel, int32_t stream, void *, void *, void *,
                                 void *);
int aeron_async_add_subscription_poll(struct aeron_subscription **,
                                      struct aeron_async_subscription *);
int aeron_subscription_poll(struct aeron_subscription *,
                            void (*)(void *, const uint8_t *, size_t, void *), void *, size_t);

enum {
    FACTORS = 85,
    NUMBER = 0, STAMP = 1, PRODUCER = 2, LAST = 3, /* places in a record, as in Produce.java */
    FRAGMENTS = 10,
};

struct end {
    struct aeron_context *context;
    struct aeron *client;
    struct aeron_publication *publication;
    struct aeron_subscription *subscription;
};

struct run {
    int64_t sent, refused, send_ns, longest_ns, wall_ns;
};

struct log {
    int64_t *rows; /* four each: received, stamp, number, producer */
    int64_t used, size;
    int32_t is_full;
    double values[FACTORS];
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void pause_1_ms(void)
{
    struct timespec pause = {0, 1000000};
    nanosleep(&pause, NULL);
}

void end_close(struct end *end)
{
    if (end->client)
        aeron_close(end->client);
    if (end->context)
        aeron_context_close(end->context);
    memset(end, 0, sizeof *end);
}

/* Return an error's text, or NULL. */
static const char *connect(struct end *end, const char *folder)
{
    if (aeron_context_init(&end->context) < 0 || aeron_context_set_dir(end->context, folder) < 0 ||
        aeron_init(&end->client, end->context) < 0 || aeron_start(end->client) < 0)
        return aeron_errmsg();
    return NULL;
}

/* Open a publication and wait for a subscriber; return an error's text, or NULL. */
const char *end_publish(struct end *end, const char *folder, const char *channel, int32_t stream,
                        int64_t timeout_ns)
{
    struct aeron_async_publication *adding;
    const char *problem = connect(end, folder);
    if (problem)
        return problem;
    int64_t deadline = now_ns() + timeout_ns;
    if (aeron_async_add_exclusive_publication(&adding, end->client, channel, stream) < 0)
        return aeron_errmsg();
    for (;;) {
        int found = end->publication
                        ? aeron_exclusive_publication_is_connected(end->publication)
                        : aeron_async_add_exclusive_publication_poll(&end->publication, adding);
        if (found < 0)
            return aeron_errmsg();
        if (found > 0 && aeron_exclusive_publication_is_connected(end->publication))
            return NULL;
        if (now_ns() > deadline)
            return "no subscriber in time";
        pause_1_ms();
    }
}

/* Open a subscription; return an error's text, or NULL. */
const char *end_subscribe(struct end *end, const char *folder, const char *channel, int32_t stream,
                          int64_t timeout_ns)
{
    struct aeron_async_subscription *adding;
    const char *problem = connect(end, folder);
    if (problem)
        return problem;
    int64_t deadline = now_ns() + timeout_ns;
    if (aeron_async_add_subscription(&adding, end->client, channel, stream, NULL, NULL, NULL,
                                     NULL) < 0)
        return aeron_errmsg();
    for (;;) {
        int found = aeron_async_add_subscription_poll(&end->subscription, adding);
        if (found < 0)
            return aeron_errmsg();
        if (found > 0)
            return NULL;
        if (now_ns() > deadline)
            return "no answer of the driver in time";
        pause_1_ms();
    }
}

/* Send `count` records at a rate, 0 for without pause, each at its own time; `sent` counts them
 * where it is found after a kill. */
void end_send(struct end *end, double *values, double rate_hz, int64_t count,
              volatile int64_t *sent, volatile int32_t *is_over, struct run *run)
{
    double interval_ns = rate_hz > 0 ? 1e9 / rate_hz : 0.0;
    int64_t begin = now_ns();
    memset(run, 0, sizeof *run);
    for (int64_t n = 0; n < count && !*is_over; n++) {
        int64_t due = begin + (int64_t)((double)n * interval_ns);
        while (now_ns() < due && !*is_over)
            sched_yield();
        values[NUMBER] = (double)*sent;
        int64_t at = now_ns();
        values[STAMP] = (double)at;
        while (aeron_exclusive_publication_offer(end->publication, (const uint8_t *)values,
                                                 FACTORS * sizeof *values, NULL, NULL) < 0) {
            run->refused++;
            sched_yield();
            if (*is_over)
                break;
        }
        *sent += 1;
        run->sent++;
        int64_t took = now_ns() - at;
        run->send_ns += took;
        if (took > run->longest_ns)
            run->longest_ns = took;
    }
    run->wall_ns = now_ns() - begin;
}

static void keep(void *argument, const uint8_t *buffer, size_t length, void *header)
{
    struct log *log = argument;
    (void)header;
    if (length != sizeof log->values || log->is_full)
        return;
    memcpy(log->values, buffer, sizeof log->values);
    int64_t *row = log->rows + 4 * log->used++;
    row[0] = now_ns();
    row[1] = (int64_t)log->values[STAMP];
    row[2] = (int64_t)log->values[NUMBER];
    row[3] = (int64_t)log->values[PRODUCER];
    log->is_full = log->used == log->size || log->values[LAST] == 1.0;
}

/* Keep records until the log is full or this is over; return an error's text, or NULL. */
const char *end_receive(struct end *end, struct log *log, int32_t yields, volatile int32_t *is_over)
{
    while (!log->is_full && !*is_over) {
        int found = aeron_subscription_poll(end->subscription, keep, log, FRAGMENTS);
        if (found < 0)
            return aeron_errmsg();
        if (found == 0 && yields)
            sched_yield();
    }
    return NULL;
}
