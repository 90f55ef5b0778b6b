#include "window.h"

#include <stdlib.h>

static struct window_row *row_at(const struct window *w, int64_t place)
{
    size_t i = (w->head + (size_t)place) & (w->capacity - 1);
    return (struct window_row *)(w->rows + i * w->row_bytes);
}

/* Add the values and their products to the sums, or take them away. A product enters as its
 * rounded value and the rest, which together are exact. */
static void change_sums(struct window *w, const double *values, bool take_away)
{
    w->changes++;
    for (int i = 0; i < w->columns; i++)
        fixed_add_signed(&w->sums[i], values[i], take_away);
    for (int i = 0; i < w->products; i++) {
        double a = values[w->factors[i][0]], b = values[w->factors[i][1]];
        double product = a * b;
        fixed_add_signed(&w->sums[w->columns + i], product, take_away);
        fixed_add_signed(&w->sums[w->columns + i], fma(a, b, -product), take_away);
    }
}

static void leave(struct window *w)
{
    struct window_row *row = row_at(w, 0);
    change_sums(w, row->columns, true);
    memcpy(w->left, row->columns, sizeof(double) * (size_t)w->columns);
    w->has_left = true;
    w->head = (w->head + 1) & (w->capacity - 1);
    w->count--;
}

static int grow(struct window *w)
{
    size_t capacity = w->capacity ? 2 * w->capacity : 64;
    if (capacity > PTRDIFF_MAX / w->row_bytes)
        return -1;
    char *rows = malloc(capacity * w->row_bytes);
    if (!rows)
        return -1;
    for (int64_t i = 0; i < w->count; i++)
        memcpy(rows + (size_t)i * w->row_bytes, row_at(w, i), w->row_bytes);
    free(w->rows);
    w->rows = rows;
    w->capacity = capacity;
    w->head = 0;
    return 0;
}

static int64_t period_of(const struct window *w, int64_t now_ns)
{
    return now_ns - now_ns % w->length;
}

void window_advance(struct window *w, int64_t now_ns)
{
    if (now_ns > w->newest_ns)
        w->newest_ns = now_ns;
    now_ns = w->newest_ns;
    if (w->form == WINDOW_OF_TIME) {
        int64_t last_ns = now_ns - w->length;
        while (w->count && row_at(w, 0)->ts_ns <= last_ns)
            leave(w);
    } else if (w->form == WINDOW_OF_PERIOD && now_ns - w->period_begin_ns >= w->length) {
        w->period_begin_ns = period_of(w, now_ns);
        w->count = 0;
        w->changes++;
        memset(w->sums, 0, sizeof w->sums);
    }
}

int window_add(struct window *w, int64_t ts_ns, const double *values)
{
    window_advance(w, ts_ns);
    ts_ns = w->newest_ns;
    if (w->since_ns > ts_ns)
        w->since_ns = ts_ns;
    bool fits = true;
    for (int i = 0; i < w->columns; i++)
        fits = fits && fixed_fits(values[i]);
    for (int i = 0; i < w->products; i++)
        fits = fits && fixed_fits(values[w->factors[i][0]] * values[w->factors[i][1]]);
    if (!fits) {
        w->refused++;
        return 0;
    }
    if (w->form != WINDOW_OF_PERIOD) {
        if (w->form == WINDOW_OF_COUNT && w->count == w->length)
            leave(w);
        if ((size_t)w->count == w->capacity && grow(w) < 0)
            return -1;
        struct window_row *row = row_at(w, w->count);
        row->ts_ns = ts_ns;
        memcpy(row->columns, values, sizeof(double) * (size_t)w->columns);
    }
    w->count++;
    change_sums(w, values, false);
    return 1;
}

bool window_is_full(const struct window *w, int64_t now_ns)
{
    switch (w->form) {
    case WINDOW_OF_TIME:
        return w->since_ns != WINDOW_NEVER && now_ns - w->since_ns >= w->length;
    case WINDOW_OF_COUNT:
        return w->count == w->length;
    default:
        return w->since_ns <= w->period_begin_ns && now_ns >= w->since_ns;
    }
}

int64_t window_due_ns(const struct window *w, int64_t now_ns)
{
    if (w->since_ns == WINDOW_NEVER || w->form == WINDOW_OF_COUNT)
        return WINDOW_NEVER;
    if (w->form == WINDOW_OF_PERIOD)
        return period_of(w, now_ns) + w->length;
    int64_t leaves_ns = w->count ? row_at(w, 0)->ts_ns + w->length : WINDOW_NEVER;
    int64_t full_ns = w->since_ns + w->length;
    return full_ns > now_ns && full_ns < leaves_ns ? full_ns : leaves_ns;
}

double window_covariation(const struct window *w, uint64_t n, int p)
{
    return fixed_covariation(&w->sums[w->columns + p], &w->sums[w->factors[p][0]],
                             &w->sums[w->factors[p][1]], n);
}

void window_clear(struct window *w)
{
    free(w->rows);
    w->rows = NULL;
    w->capacity = 0;
    w->count = 0;
}
