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

/* How a type written in C or Rust reads an attribute; get is NULL where it is read otherwise. A
 * type that is here is kept, so that no other one can take its address. */
struct reader {
    PyTypeObject *type;
    PyObject *name;
    getter get;
    void *closure;
};
static struct reader readers[64];

int decode_intern_names(void)
{
    for (int i = 0; i < NAMES; i++) {
        names[i] = PyUnicode_InternFromString(texts[i]);
        if (!names[i])
            return -1;
    }
    return 0;
}

static void find_reader(struct reader *r, PyTypeObject *type, PyObject *name)
{
    PyObject *found = PyObject_GetAttr((PyObject *)type, name);
    PyErr_Clear();
    r->get = NULL;
    /* Only of a type that has no __getattribute__ of its own. */
    if (found && Py_IS_TYPE(found, &PyGetSetDescr_Type) &&
        type->tp_getattro == PyObject_GenericGetAttr) {
        const PyGetSetDef *attribute = ((PyGetSetDescrObject *)found)->d_getset;
        r->get = attribute->get;
        r->closure = attribute->closure;
    }
    Py_XDECREF(found);
    Py_XSETREF(r->name, Py_NewRef(name));
    Py_XSETREF(r->type, (PyTypeObject *)Py_NewRef((PyObject *)type));
}

PyObject *decode_attribute(PyObject *data, PyObject *name)
{
    PyTypeObject *type = Py_TYPE(data);
    size_t at = ((uintptr_t)type >> 4 ^ (uintptr_t)name >> 4) * 0x9E3779B1u >> 16;
    struct reader *r = &readers[at % (sizeof readers / sizeof *readers)];
    if (r->type != type || r->name != name)
        find_reader(r, type, name);
    return r->get ? r->get(data, r->closure) : PyObject_GetAttr(data, name);
}

/* Returns 0, or -1 with an exception set. */
static int read_stamps(PyObject *data, int64_t *instants)
{
    PyObject *ts_event = decode_attribute(data, names[TS_EVENT]);
    PyObject *ts_init = ts_event ? decode_attribute(data, names[TS_INIT]) : NULL;
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
    PyObject *number = decode_attribute(data, names[name]);
    if (!number)
        return -1;
    if (*precision < 0) {
        PyObject *digits = decode_attribute(number, names[PRECISION]);
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
    static const double values[] = {0, 1, -1};
    static PyObject *known[3]; /* each side is one object: its number is asked for once */
    PyObject *side = decode_attribute(data, names[SIDE]);
    long code = 0;
    while (code < 3 && (!side || side != known[code]))
        code++;
    if (side && code == 3) {
        PyObject *number = PyNumber_Long(side);
        code = number ? PyLong_AsLong(number) : -1;
        Py_XDECREF(number);
        if (!PyErr_Occurred() && code >= 0 && code < 3)
            Py_XSETREF(known[code], Py_NewRef(side));
    }
    Py_XDECREF(side);
    *value = code >= 0 && code < 3 ? values[code] : 0;
    return PyErr_Occurred() ? -1 : 0;
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
