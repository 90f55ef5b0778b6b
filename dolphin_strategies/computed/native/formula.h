/* The formulas of the factors that change with every quote or trade. */
#ifndef DOLPHIN_FORMULA_H
#define DOLPHIN_FORMULA_H

#include "market.h"

enum formula_kind {
    FORMULA_NUMBER,          /* of the market */
    FORMULA_SPREAD,          /* of the touch, bps */
    FORMULA_TOUCH_IMBALANCE, /* of its sizes */
    FORMULA_MICROPRICE,      /* over the mid, bps */
    FORMULA_OVER,            /* the number over that of the second market, less 1 */
    FORMULA_IMBALANCE,       /* of the window's first two columns */
    FORMULA_DIFFERENCE,      /* of them */
    FORMULA_TOTAL,           /* of its first column */
    FORMULA_RATE,            /* of its rows */
    FORMULA_CHANGE,          /* the number over the last that left the window, less 1 */
    FORMULA_VOLATILITY,      /* the root of a column */
    FORMULA_VWAP,            /* the number over the average price of a flow, less 1 */
    FORMULA_SLOPE,           /* of column 1 over column 0, over n rows */
    FORMULA_Z_SCORE,         /* of the basis of two markets among the window's rows */
    FORMULA_LEAD,            /* log return of a market less that of the second */
    FORMULA_KINDS,
};

struct formula {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    enum formula_kind kind;
    struct market *markets[2]; /* NULL: none */
    struct feed *feeds[2];
    double weight; /* seconds of a rate, n of a slope, weight of a volatility's sum */
    double scale;
    int column;
    uint64_t slope_changes; /* of the window, when its slope was computed */
    double slope;
    int64_t due_ns; /* the next instant at which the value changes without data */
};

/* The value at an instant; NaN: none. */
double formula_value(struct formula *f, int64_t now_ns);

#endif
