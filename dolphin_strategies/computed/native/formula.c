#include "formula.h"

/* A market's value has no meaning while its newest data are not good. */
static double gated(const struct formula *f, double value)
{
    const struct market *m = f->markets[0];
    return m && !m->is_good ? NAN : value;
}

/* Whether all that came within the window was left out: that is no quiet market. */
static bool is_blind(struct formula *f, int64_t now_ns)
{
    const struct window *w = &f->feeds[0]->w;
    int64_t unusable_ns = f->markets[0] ? f->markets[0]->unusable_ns : 0;
    if (!unusable_ns || w->count)
        return false;
    if (w->form == WINDOW_OF_PERIOD)
        return unusable_ns >= w->period_begin_ns;
    if (now_ns - unusable_ns >= w->length)
        return false;
    if (unusable_ns + w->length < f->due_ns)
        f->due_ns = unusable_ns + w->length;
    return true;
}

static double column(const struct feed *feed, int i, bool is_full)
{
    return is_full ? fixed_round(&feed->w.sums[i]) : NAN;
}

static double imbalance(double a, double b)
{
    return a + b > 0 ? (a - b) / (a + b) : NAN;
}

static double microprice(const double *n)
{
    double both = n[QUOTE_BID_SIZE] + n[QUOTE_ASK_SIZE];
    if (!(both > 0))
        return NAN;
    double price =
        (n[QUOTE_BID] * n[QUOTE_ASK_SIZE] + n[QUOTE_ASK] * n[QUOTE_BID_SIZE]) / both;
    return (price / n[QUOTE_MID] - 1) * 1e4;
}

static double left(const struct feed *feed)
{
    return feed->w.has_left ? feed->w.left[0] : NAN;
}

static double vwap_distance(const struct formula *f, bool is_full)
{
    double size = column(f->feeds[0], 2, is_full), cost = column(f->feeds[0], 3, is_full);
    return size > 0 ? (f->markets[0]->number[0] / (cost / size) - 1) * f->scale : NAN;
}

/* It changes once a step, not with each trade; the products of long sums cost the most. */
static double slope(struct formula *f, bool is_full)
{
    const struct window *w = &f->feeds[0]->w;
    if (!is_full)
        return NAN;
    if (w->changes != f->slope_changes) {
        uint64_t steps = (uint64_t)f->weight;
        double variation = window_covariation(w, steps, 0);
        double covariation = window_covariation(w, steps, 1);
        f->slope = variation > 0 ? covariation / variation : NAN;
        f->slope_changes = w->changes;
    }
    return f->slope;
}

static double z_score(const struct formula *f, bool is_full)
{
    if (!is_full)
        return NAN;
    const struct window *w = &f->feeds[0]->w;
    double n = (double)w->count;
    double variation = window_covariation(w, (uint64_t)w->count, 0);
    if (!(variation > 0))
        return NAN;
    double basis = (f->markets[0]->number[0] / f->markets[1]->number[0] - 1) * 1e4;
    return (basis - fixed_round(&w->sums[0]) / n) / sqrt(variation / (n * (n - 1)));
}

static double lead(const struct formula *f)
{
    double ours = log(f->markets[0]->number[0] / left(f->feeds[0]));
    double others = log(f->markets[1]->number[0] / left(f->feeds[1]));
    return (ours - others) * f->scale;
}

double formula_value(struct formula *f, int64_t now_ns)
{
    f->due_ns = WINDOW_NEVER;
    for (int i = 0; i < 2 && f->feeds[i]; i++) {
        feed_advance(f->feeds[i], now_ns);
        int64_t due_ns = feed_due_ns(f->feeds[i], now_ns);
        if (due_ns < f->due_ns)
            f->due_ns = due_ns;
    }
    const struct feed *feed = f->feeds[0];
    bool is_full = feed && window_is_full(&feed->w, now_ns);
    if (is_full && is_blind(f, now_ns))
        return NAN;
    const double *n = f->markets[0] ? f->markets[0]->number : NULL;
    switch (f->kind) {
    case FORMULA_NUMBER:
        return n[f->column];
    case FORMULA_SPREAD:
        return (n[QUOTE_ASK] - n[QUOTE_BID]) / n[QUOTE_MID] * 1e4;
    case FORMULA_TOUCH_IMBALANCE:
        return imbalance(n[QUOTE_BID_SIZE], n[QUOTE_ASK_SIZE]);
    case FORMULA_MICROPRICE:
        return microprice(n);
    case FORMULA_OVER:
        return (n[0] / f->markets[1]->number[0] - 1) * f->scale;
    case FORMULA_IMBALANCE:
        return gated(f, imbalance(column(feed, 0, is_full), column(feed, 1, is_full)));
    case FORMULA_DIFFERENCE:
        return gated(f, column(feed, 0, is_full) - column(feed, 1, is_full));
    case FORMULA_TOTAL:
        return gated(f, column(feed, 0, is_full));
    case FORMULA_RATE:
        return gated(f, is_full ? (double)feed->w.count / f->weight : NAN);
    case FORMULA_CHANGE:
        return (n[0] / left(feed) - 1) * f->scale;
    case FORMULA_VOLATILITY:
        return gated(f, sqrt(f->weight * column(feed, f->column, is_full)) * f->scale);
    case FORMULA_VWAP:
        return vwap_distance(f, is_full);
    case FORMULA_SLOPE:
        return gated(f, slope(f, is_full));
    case FORMULA_Z_SCORE:
        return z_score(f, is_full);
    case FORMULA_LEAD:
        return lead(f);
    default:
        return NAN;
    }
}
