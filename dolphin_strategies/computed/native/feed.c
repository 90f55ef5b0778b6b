/* How windows are fed. */
#include "market.h"

static const struct {
    int columns, products;
    bool is_grid;
    uint8_t factors[2][2];
} recipes[] = {
    [RECIPE_NONE] = {-1, 0, false, {{0}}},
    [RECIPE_ARRIVALS] = {0, 0, false, {{0}}},
    [RECIPE_FLOW] = {4, 0, false, {{0}}},       /* bought, sold, size, price * size */
    [RECIPE_COIN_FLOW] = {4, 0, false, {{0}}},  /* bought, sold, what each cost */
    [RECIPE_ORDER_FLOW] = {1, 0, false, {{0}}}, /* coins */
    [RECIPE_NUMBER] = {1, 0, false, {{0}}},
    [RECIPE_RETURNS] = {2, 0, false, {{0}}},    /* r * r, |r| * |r before| */
    [RECIPE_RETURN_GRID] = {2, 0, true, {{0}}}, /* the same */
    [RECIPE_IMPACT_GRID] = {2, 2, true, {{0, 0}, {0, 1}}}, /* coins, change of the mid */
    [RECIPE_BASIS_GRID] = {1, 1, true, {{0, 0}}},          /* bps */
};

int recipe_columns(enum recipe recipe)
{
    return recipes[recipe].columns;
}

int recipe_products(enum recipe recipe, uint8_t factors[WINDOW_PRODUCTS][2])
{
    memcpy(factors, recipes[recipe].factors, sizeof recipes[recipe].factors);
    return recipes[recipe].products;
}

bool recipe_is_grid(enum recipe recipe)
{
    return recipes[recipe].is_grid;
}

static int add(struct feed *f, int64_t ts_ns, const double *row)
{
    return window_add(&f->w, ts_ns, row) < 0 ? -1 : 0;
}

static void begin(struct feed *f, int64_t ts_ns)
{
    if (ts_ns < f->w.since_ns)
        f->w.since_ns = ts_ns;
}

static int take_print(struct feed *f, const struct market *m)
{
    double price = m->number[PRINT_PRICE], size = m->number[PRINT_SIZE];
    double side = m->number[PRINT_SIDE], coins = m->number[PRINT_COINS];
    if (f->recipe == RECIPE_FLOW) {
        double row[] = {side > 0 ? size : 0, side < 0 ? size : 0, size, price * size};
        return add(f, m->ts_init, row);
    }
    if (isnan(coins))
        return 0;
    double bought = side > 0 ? coins : 0, sold = side < 0 ? coins : 0;
    double row[] = {bought, sold, price * bought, price * sold};
    return add(f, m->ts_init, row);
}

static double coins_of(const struct market *m, double size, double price)
{
    return m->is_inverse ? size * m->multiplier / price : size * m->multiplier;
}

static int take_order_flow(struct feed *f, const struct market *m)
{
    if (isnan(m->multiplier))
        return 0;
    double bid = m->number[QUOTE_BID], ask = m->number[QUOTE_ASK];
    double bid_coins = coins_of(m, m->number[QUOTE_BID_SIZE], bid);
    double ask_coins = coins_of(m, m->number[QUOTE_ASK_SIZE], ask);
    double flow = 0;
    if (bid >= f->bid)
        flow += bid_coins;
    if (bid <= f->bid)
        flow -= f->bid_coins;
    if (ask <= f->ask)
        flow -= ask_coins;
    if (ask >= f->ask)
        flow += f->ask_coins;
    bool is_first = isnan(f->bid);
    f->bid = bid;
    f->ask = ask;
    f->bid_coins = bid_coins;
    f->ask_coins = ask_coins;
    if (is_first) {
        begin(f, m->ts_init);
        return 0;
    }
    return add(f, m->ts_init, &flow);
}

/* Add a return to a window of them. */
static int add_return(struct feed *f, int64_t ts_ns, double size)
{
    double row[] = {size * size, size * f->last};
    f->last = size;
    return add(f, ts_ns, row);
}

static int take_return(struct feed *f, const struct market *m)
{
    double before = f->mid;
    f->mid = m->number[QUOTE_MID];
    if (isnan(before)) {
        begin(f, m->ts_init);
        f->last = 0;
        return 0;
    }
    return add_return(f, m->ts_init, f->mid != before ? fabs(log(f->mid / before)) : 0);
}

/* The points of the grid after the last one: made of the newest mid, as there was no data
 * between them. first_ns: the first of them; last_ns: the last. */
static int sample_returns(struct feed *f, int64_t first_ns, int64_t last_ns)
{
    double before = f->sample;
    if (isnan(f->mid))
        return 0;
    f->sample = f->mid;
    if (isnan(before)) {
        begin(f, first_ns);
        f->last = 0;
        return 0;
    }
    int result = 0;
    if (f->mid != before)
        result = add_return(f, first_ns, fabs(log(f->mid / before)));
    else
        f->last = 0;
    if (last_ns > first_ns)
        f->last = 0;
    return result;
}

static int sample_impact(struct feed *f, int64_t first_ns)
{
    double before = f->sample, coins = f->other;
    f->sample = f->mid;
    f->other = 0;
    if (isnan(f->mid))
        return 0;
    if (isnan(coins)) {
        /* The coins of a trade were not known: the window begins after it. */
        f->w.since_ns = first_ns;
        return 0;
    }
    if (isnan(before)) {
        begin(f, first_ns);
        return 0;
    }
    double row[] = {coins, f->mid - before};
    return row[0] != 0 || row[1] != 0 ? add(f, first_ns, row) : 0;
}

static int sample_basis(struct feed *f, int64_t first_ns, int64_t last_ns)
{
    if (isnan(f->last))
        return 0;
    begin(f, first_ns);
    if (last_ns - first_ns > f->w.length)
        first_ns = last_ns - f->w.length / f->step_ns * f->step_ns;
    for (int64_t ns = first_ns; ns <= last_ns; ns += f->step_ns)
        if (add(f, ns, &f->last) < 0)
            return -1;
    return 0;
}

static int advance_grid(struct feed *f, int64_t now_ns)
{
    int64_t last_ns = now_ns - now_ns % f->step_ns, first_ns = f->at_ns + f->step_ns;
    if (last_ns < first_ns)
        return 0;
    f->at_ns = last_ns;
    if (f->recipe == RECIPE_RETURN_GRID)
        return sample_returns(f, first_ns, last_ns);
    if (f->recipe == RECIPE_IMPACT_GRID)
        return sample_impact(f, first_ns);
    return sample_basis(f, first_ns, last_ns);
}

static int take_on_grid(struct feed *f, const struct market *m)
{
    int result = advance_grid(f, m->ts_init);
    bool is_first = !f->first || m == f->first;
    if (f->recipe == RECIPE_IMPACT_GRID && !is_first)
        f->other += m->number[PRINT_SIDE] * m->number[PRINT_COINS];
    else if (is_first)
        f->mid = m->number[0];
    else
        f->other = m->number[0];
    if (f->recipe == RECIPE_BASIS_GRID) {
        double basis = (f->mid / f->other - 1) * 1e4;
        if (!isnan(basis))
            f->last = basis;
    }
    return result;
}

int feed_take(struct feed *f, const struct market *m)
{
    switch (f->recipe) {
    case RECIPE_NONE:
        return 0;
    case RECIPE_ARRIVALS:
        return add(f, m->ts_init, NULL);
    case RECIPE_FLOW:
    case RECIPE_COIN_FLOW:
        return take_print(f, m);
    case RECIPE_ORDER_FLOW:
        return take_order_flow(f, m);
    case RECIPE_NUMBER:
        return add(f, m->ts_init, &m->number[0]);
    case RECIPE_RETURNS:
        return take_return(f, m);
    default:
        return take_on_grid(f, m);
    }
}

int feed_advance(struct feed *f, int64_t now_ns)
{
    int result = recipes[f->recipe].is_grid ? advance_grid(f, now_ns) : 0;
    window_advance(&f->w, now_ns);
    return result;
}

int64_t feed_due_ns(const struct feed *f, int64_t now_ns)
{
    int64_t due_ns = window_due_ns(&f->w, now_ns);
    if (!recipes[f->recipe].is_grid)
        return due_ns;
    bool is_pending = f->recipe == RECIPE_BASIS_GRID    ? !isnan(f->last)
                      : f->recipe == RECIPE_IMPACT_GRID ? f->other != 0 || f->mid != f->sample
                                                        : f->mid != f->sample;
    int64_t next_ns = is_pending ? f->at_ns + f->step_ns : WINDOW_NEVER;
    return due_ns < next_ns ? due_ns : next_ns;
}
