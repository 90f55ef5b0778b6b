/* The newest market data of one input, and what is fed by it. */
#ifndef DOLPHIN_MARKET_H
#define DOLPHIN_MARKET_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "window.h"

enum { MARKET_NUMBERS = 5 };
enum quote_number { QUOTE_MID, QUOTE_BID, QUOTE_ASK, QUOTE_BID_SIZE, QUOTE_ASK_SIZE };
enum print_number { PRINT_PRICE, PRINT_SIZE, PRINT_SIDE, PRINT_COINS };

struct market {
    PyObject_HEAD
    int64_t ts_init;           /* of the newest data; 0: none */
    int64_t ts_event;          /* likewise, at most ts_init: the age counts from here */
    int64_t since_ns;          /* ts_init of the first data; WINDOW_NEVER: none */
    uint64_t version;          /* changes with everything here */
    int64_t crossed, backward, invalid;
    int64_t unusable_ns;       /* ts_init of the newest print that was left out; 0: none */
    double number[MARKET_NUMBERS]; /* 0: the mid, or the price, or the one number */
    double multiplier;             /* NaN: the definition is not known */
    double units;                  /* coins that a price is of: 1000 for 1000PEPE; else 1 */
    bool is_inverse;
    bool is_good;
    PyObject *nodes; /* a tuple of windows and callables */
    PyCFunction take; /* the type's take where it is a method in C; NULL: it is Python */
};

/* How a window takes a market's data. */
enum recipe {
    RECIPE_NONE, /* rows are added by Python */
    RECIPE_ARRIVALS,
    RECIPE_FLOW,
    RECIPE_COIN_FLOW,
    RECIPE_ORDER_FLOW,
    RECIPE_NUMBER,
    RECIPE_RETURNS,
    RECIPE_RETURN_GRID,
    RECIPE_IMPACT_GRID,
    RECIPE_BASIS_GRID,
};

struct feed {
    PyObject_HEAD
    struct window w;
    enum recipe recipe;
    int64_t step_ns, at_ns;     /* of a grid: distance of its points, the last one */
    const struct market *first; /* of two markets; compared, never followed */
    double mid, other;          /* the newest */
    double sample;              /* at the last point of the grid */
    double last;                /* what the recipe remembers of the row before */
    double bid, ask, bid_coins, ask_coins;
};

extern PyTypeObject *market_type, *feed_type, *formula_type;

/* Columns and products of a recipe's rows; columns are below 0 for RECIPE_NONE. */
int recipe_columns(enum recipe recipe);
int recipe_products(enum recipe recipe, uint8_t factors[WINDOW_PRODUCTS][2]);
bool recipe_is_grid(enum recipe recipe);

/* Take over a market's newest data. Returns 0, or -1 if there is no memory. */
int feed_take(struct feed *f, const struct market *m);

/* Bring a feed to an instant: its grid, then its window. Returns as feed_take. */
int feed_advance(struct feed *f, int64_t now_ns);

/* The next instant at which a feed changes without data. */
int64_t feed_due_ns(const struct feed *f, int64_t now_ns);

/* ts_event and ts_init as a market takes them. Returns 0, or -1 with an exception set. */
int market_read_instants(PyObject *ts_event, PyObject *ts_init, int64_t *instants);

/* Take over bid, ask and their sizes, or price, size and side. Return a bool, False if the data
 * were left out, or NULL with an exception set. */
PyObject *market_put_quote(struct market *m, const int64_t *ts, const double *values);
PyObject *market_put_print(struct market *m, const int64_t *ts, const double *values);

/* take_quote(QuoteTick) and take_trade(TradeTick), which do this. */
PyObject *market_take_quote(PyObject *self, PyObject *data);
PyObject *market_take_trade(PyObject *self, PyObject *data);

/* Find the names that the data have. Returns 0, or -1 with an exception set. */
int decode_intern_names(void);

/* PyObject_GetAttr without the search for a name, which is interned, in the type. */
PyObject *decode_attribute(PyObject *data, PyObject *name);

/* Register the types in a module. Return 0, or -1 with an exception set. */
int add_market_type(PyObject *module);
int add_feed_type(PyObject *module);
int add_formula_type(PyObject *module);

#endif
