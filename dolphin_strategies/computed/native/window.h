/* A window over rows of numbers: the newest n, or those of the last nanoseconds, and their sums. */
#ifndef DOLPHIN_WINDOW_H
#define DOLPHIN_WINDOW_H

#include "fixed_sum.h"

#include <stddef.h>

enum { WINDOW_COLUMNS = 6, WINDOW_PRODUCTS = 4 };
#define WINDOW_NEVER INT64_MAX

enum window_form { WINDOW_OF_TIME, WINDOW_OF_COUNT, WINDOW_OF_PERIOD };

struct window_row {
    int64_t ts_ns;
    double columns[];
};

struct window {
    enum window_form form;
    int64_t length;    /* nanoseconds, or rows */
    int64_t since_ns;  /* the data are complete from here; WINDOW_NEVER: there were none */
    int64_t newest_ns; /* of the newest row or question */
    int64_t period_begin_ns;
    int columns;
    int products;
    uint8_t factors[WINDOW_PRODUCTS][2];
    char *rows; /* a ring; NULL for a period, which needs sums only */
    size_t row_bytes, capacity, head;
    int64_t count;
    uint64_t refused; /* rows with a value that cannot be added */
    uint64_t changes; /* of the sums */
    bool has_left;
    double left[WINDOW_COLUMNS]; /* of the row that left last */
    struct fixed_sum sums[WINDOW_COLUMNS + WINDOW_PRODUCTS];
};

/* Add a row. Returns 1, 0 if it was refused, or -1 if there is no memory. */
int window_add(struct window *w, int64_t ts_ns, const double *values);

/* Let all rows leave that are too old at an instant. */
void window_advance(struct window *w, int64_t now_ns);

/* Whether the data are complete over the whole length. */
bool window_is_full(const struct window *w, int64_t now_ns);

/* The next instant at which the window changes without a new row. */
int64_t window_due_ns(const struct window *w, int64_t now_ns);

/* n * sum of products[p] - sum of column a * sum of column b, the nearest double. */
double window_covariation(const struct window *w, uint64_t n, int p);

void window_clear(struct window *w);

#endif
