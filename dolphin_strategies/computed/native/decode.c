/* Nautilus's quotes and trades as numbers. */
#include <math.h>

#include "market.h"

enum name {
    TS_EVENT, TS_INIT, BID_PRICE, ASK_PRICE, BID_SIZE, ASK_SIZE, PRICE, SIZE, SIDE,
    PRECISION, NAMES
};

static const char *const texts[NAMES] = {
    "ts_event", "ts_init",   "bid_price", "ask_price",      "bid_size",
    "ask_size", "price",     "size",      "aggressor_side", "precision",
};
static PyObject *names[NAMES];

int decode_intern_names(void)
{
    for (int i = 0; i < NAMES; i++) {
        names[i] = PyUnicode_InternFromString(texts[i]);
        if (!names[i])
            return -1;
    }
    return 0;
}

/* Returns 0, or -1 with an exception set. */
static int read_stamps(PyObject *data, int64_t *instants)
{
    PyObject *ts_event = PyObject_GetAttr(data, names[TS_EVENT]);
    PyObject *ts_init = ts_event ? PyObject_GetAttr(data, names[TS_INIT]) : NULL;
    int result = ts_init ? market_read_instants(ts_event, ts_init, instants) : -1;
    Py_XDECREF(ts_event);
    Py_XDECREF(ts_init);
    return result;
}

/* The double that is nearest to a decimal number: Nautilus's conversion of a Price is often one
   off in its last bit (2.0.0rc7). Both operands of the division are exact. */
static double nearest_double(double value, long precision)
{
    static const double tens[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,
                                  1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16};
    if (precision < 0 || precision > 16)
        return value;
    double digits = nearbyint(value * tens[precision]);
    return fabs(digits) < 0x1p52 ? digits / tens[precision] : value;
}

/* Reads a Price or a Quantity, and its precision unless that is known (not below 0). Returns 0, or
   -1 with an exception set. */
static int read_number(PyObject *data, enum name name, double *value, long *precision)
{
    PyObject *number = PyObject_GetAttr(data, names[name]);
    if (!number)
        return -1;
    if (*precision < 0) {
        PyObject *digits = PyObject_GetAttr(number, names[PRECISION]);
        *precision = digits ? PyLong_AsLong(digits) : -1;
        Py_XDECREF(digits);
    }
    if (*precision >= 0)
        *value = nearest_double(PyFloat_AsDouble(number), *precision);
    Py_DECREF(number);
    return PyErr_Occurred() ? -1 : 0;
}

/* 1: the taker bought, -1: sold, 0: unknown. Returns 0, or -1 with an exception set. */
static int read_side(PyObject *data, double *value)
{
    PyObject *side = PyObject_GetAttr(data, names[SIDE]);
    PyObject *number = side ? PyNumber_Long(side) : NULL;
    long code = number ? PyLong_AsLong(number) : -1;
    Py_XDECREF(side);
    Py_XDECREF(number);
    if (code == -1 && PyErr_Occurred())
        return -1;
    *value = code == 1 ? 1 : code == 2 ? -1 : 0;
    return 0;
}

PyObject *market_take_quote(PyObject *self, PyObject *data)
{
    int64_t ts[2];
    double values[4];
    if (read_stamps(data, ts) < 0)
        return NULL;
    /* A quote has one precision for its prices and one for its sizes. */
    long precisions[2] = {-1, -1};
    for (int i = 0; i < 4; i++)
        if (read_number(data, BID_PRICE + i, &values[i], &precisions[i / 2]) < 0)
            return NULL;
    return market_put_quote((struct market *)self, ts, values);
}

PyObject *market_take_trade(PyObject *self, PyObject *data)
{
    int64_t ts[2];
    double values[3];
    long price_precision = -1, size_precision = -1;
    if (read_stamps(data, ts) < 0 || read_number(data, PRICE, &values[0], &price_precision) < 0 ||
        read_number(data, SIZE, &values[1], &size_precision) < 0 ||
        read_side(data, &values[2]) < 0)
        return NULL;
    return market_put_print((struct market *)self, ts, values);
}
