/* Market: the Python type of a market's newest data. */
#include "market.h"

#include <structmember.h>

PyTypeObject *market_type;

/* In the year 2116; a later stamp counts as this one, so that lengths can be added to it. */
#define LATEST_NS (INT64_C(1) << 62)

static struct market *market_of(PyObject *self)
{
    return (struct market *)self;
}

/* Take over the stamp of an event, which never goes back. */
static void stamp(struct market *m, int64_t ts_event)
{
    if (ts_event > m->ts_event)
        m->ts_event = ts_event;
    if (m->since_ns == WINDOW_NEVER)
        m->since_ns = m->ts_init;
    m->version++;
}

/* Whether an event is older than the newest. Its arrival is an instant in any case. */
static bool is_backward(struct market *m, const int64_t *ts)
{
    if (ts[1] > m->ts_init)
        m->ts_init = ts[1];
    bool result = ts[0] < m->ts_event;
    m->backward += result;
    return result;
}

/* Pass the newest data to all that remember earlier data. Returns 0, or -1 with an exception. */
static int feed_nodes(struct market *m)
{
    /* A node may replace the tuple. */
    PyObject *nodes = Py_NewRef(m->nodes);
    int result = 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(nodes) && result == 0; i++) {
        PyObject *node = PyTuple_GET_ITEM(nodes, i);
        if (Py_IS_TYPE(node, feed_type)) {
            result = feed_take((struct feed *)node, m);
            if (result < 0)
                PyErr_NoMemory();
        } else {
            PyObject *none = PyObject_CallNoArgs(node);
            result = none ? 0 : -1;
            Py_XDECREF(none);
        }
    }
    Py_DECREF(nodes);
    return result;
}

/* ts_event and ts_init. Returns 0, or -1 with an exception set. */
int market_read_instants(PyObject *ts_event, PyObject *ts_init, int64_t *instants)
{
    PyObject *given[] = {ts_event, ts_init};
    for (int i = 0; i < 2; i++) {
        int overflow;
        instants[i] = PyLong_AsLongLongAndOverflow(given[i], &overflow);
        if (instants[i] == -1 && PyErr_Occurred())
            return -1;
        if (overflow || instants[i] > LATEST_NS || instants[i] < 0)
            instants[i] = overflow > 0 || instants[i] > 0 ? LATEST_NS : 0;
    }
    /* 0: the venue gives none. After ts_init: its clock is ahead of ours. */
    if (instants[0] == 0 || instants[0] > instants[1])
        instants[0] = instants[1];
    return 0;
}

/* Two instants and then numbers. Returns 0, or -1 with an exception set. */
static int read_arguments(PyObject *const *args, Py_ssize_t n, int numbers, int64_t *instants,
                          double *values)
{
    if (n != 2 + numbers) {
        PyErr_Format(PyExc_TypeError, "expected %d arguments, found %zd", 2 + numbers, n);
        return -1;
    }
    for (int i = 0; i < numbers; i++) {
        values[i] = PyFloat_AsDouble(args[2 + i]);
        if (values[i] == -1.0 && PyErr_Occurred())
            return -1;
    }
    return market_read_instants(args[0], args[1], instants);
}

PyObject *market_put_quote(struct market *m, const int64_t *ts, const double *values)
{
    if (is_backward(m, ts))
        Py_RETURN_FALSE;
    stamp(m, ts[0]);
    double bid = values[0] / m->units, ask = values[1] / m->units;
    m->is_good = 0 < bid && bid < ask && ask < 1e300;
    if (m->is_good) {
        double numbers[] = {(bid + ask) / 2, bid, ask, values[2], values[3]};
        memcpy(m->number, numbers, sizeof numbers);
        if (feed_nodes(m) < 0)
            return NULL;
        Py_RETURN_TRUE;
    }
    if (0 < ask && ask <= bid)
        m->crossed++;
    else
        m->invalid++;
    for (int i = 0; i < MARKET_NUMBERS; i++)
        m->number[i] = NAN;
    Py_RETURN_TRUE;
}

PyObject *market_put_print(struct market *m, const int64_t *ts, const double *values)
{
    is_backward(m, ts);
    stamp(m, ts[0]);
    double price = values[0] / m->units, size = values[1];
    if (!(price > 0 && size > 0)) {
        m->invalid++;
        m->unusable_ns = ts[1];
        Py_RETURN_TRUE;
    }
    double coins = m->is_inverse ? size * m->multiplier / price : size * m->multiplier;
    double numbers[] = {price, size, values[2], coins};
    memcpy(m->number, numbers, sizeof numbers);
    m->is_good = true;
    if (feed_nodes(m) < 0)
        return NULL;
    Py_RETURN_TRUE;
}

/* put_print(ts_event, ts_init, price, size, side) -> True */
static PyObject *put_print(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    int64_t ts[2];
    double values[3];
    if (read_arguments(args, n, 3, ts, values) < 0)
        return NULL;
    return market_put_print(market_of(self), ts, values);
}

/* put_number(ts_event, ts_init, number) -> False: it was left out; NaN: not usable */
static PyObject *put_number(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    struct market *m = market_of(self);
    int64_t ts[2];
    double number;
    if (read_arguments(args, n, 1, ts, &number) < 0)
        return NULL;
    if (is_backward(m, ts))
        Py_RETURN_FALSE;
    stamp(m, ts[0]);
    m->number[0] = number;
    m->is_good = !isnan(number);
    if (m->is_good && feed_nodes(m) < 0)
        return NULL;
    Py_RETURN_TRUE;
}

/* set_definition(multiplier, is_inverse, units): what a size of one means, NaN: not known; and of
 * how many coins prices are */
static PyObject *set_definition(PyObject *self, PyObject *args)
{
    struct market *m = market_of(self);
    double multiplier, units;
    int is_inverse;
    if (!PyArg_ParseTuple(args, "dpd:set_definition", &multiplier, &is_inverse, &units))
        return NULL;
    if (!(units > 0)) {
        PyErr_SetString(PyExc_ValueError, "units: expected more than 0");
        return NULL;
    }
    m->multiplier = multiplier;
    m->units = units;
    m->is_inverse = is_inverse;
    m->version++;
    Py_RETURN_NONE;
}

static int market_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(market_of(self)->nodes);
    return 0;
}

static int market_clear(PyObject *self)
{
    Py_CLEAR(market_of(self)->nodes);
    return 0;
}

static void market_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    market_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

/* Returns a type's method of one argument, if it has it and it is written in C. */
static PyCFunction method_in_c(PyTypeObject *type, const char *name)
{
    PyObject *found = PyObject_GetAttrString((PyObject *)type, name);
    PyErr_Clear();
    const PyMethodDef *method = NULL;
    if (found && Py_IS_TYPE(found, &PyMethodDescr_Type))
        method = ((PyMethodDescrObject *)found)->d_method;
    Py_XDECREF(found);
    return method && method->ml_flags == METH_O ? method->ml_meth : NULL;
}

static PyObject *market_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    struct market *m = (struct market *)type->tp_alloc(type, 0);
    if (!m)
        return NULL;
    m->since_ns = WINDOW_NEVER;
    m->multiplier = NAN;
    m->units = 1;
    m->take = method_in_c(type, "take");
    for (int i = 0; i < MARKET_NUMBERS; i++)
        m->number[i] = NAN;
    m->nodes = PyTuple_New(0);
    if (!m->nodes)
        Py_CLEAR(m);
    return (PyObject *)m;
}

static PyObject *get_nodes(PyObject *self, void *closure)
{
    return Py_NewRef(market_of(self)->nodes);
}

static int set_nodes(PyObject *self, PyObject *value, void *closure)
{
    if (!value || !PyTuple_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "nodes: expected a tuple");
        return -1;
    }
    Py_SETREF(market_of(self)->nodes, Py_NewRef(value));
    return 0;
}

static PyMethodDef methods[] = {
    {"take_quote", market_take_quote, METH_O, NULL},
    {"take_trade", market_take_trade, METH_O, NULL},
    {"put_print", _PyCFunction_CAST(put_print), METH_FASTCALL, NULL},
    {"put_number", _PyCFunction_CAST(put_number), METH_FASTCALL, NULL},
    {"set_definition", set_definition, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef attributes[] = {
    {"nodes", get_nodes, set_nodes, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

#define NUMBER(i) (offsetof(struct market, number) + sizeof(double) * (i))

static PyMemberDef members[] = {
    {"ts_event", Py_T_LONGLONG, offsetof(struct market, ts_event), Py_READONLY, NULL},
    {"ts_init", Py_T_LONGLONG, offsetof(struct market, ts_init), Py_READONLY, NULL},
    {"since_ns", Py_T_LONGLONG, offsetof(struct market, since_ns), Py_READONLY, NULL},
    {"crossed", Py_T_LONGLONG, offsetof(struct market, crossed), 0, NULL},
    {"backward", Py_T_LONGLONG, offsetof(struct market, backward), 0, NULL},
    {"invalid", Py_T_LONGLONG, offsetof(struct market, invalid), 0, NULL},
    {"is_good", Py_T_BOOL, offsetof(struct market, is_good), Py_READONLY, NULL},
    {"multiplier", Py_T_DOUBLE, offsetof(struct market, multiplier), Py_READONLY, NULL},
    {"units", Py_T_DOUBLE, offsetof(struct market, units), Py_READONLY, NULL},
    {"is_inverse", Py_T_BOOL, offsetof(struct market, is_inverse), Py_READONLY, NULL},
    {"number", Py_T_DOUBLE, NUMBER(0), Py_READONLY, NULL},
    {"number_1", Py_T_DOUBLE, NUMBER(1), Py_READONLY, NULL},
    {"number_2", Py_T_DOUBLE, NUMBER(2), Py_READONLY, NULL},
    {"number_3", Py_T_DOUBLE, NUMBER(3), Py_READONLY, NULL},
    {"number_4", Py_T_DOUBLE, NUMBER(4), Py_READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, market_new},
    {Py_tp_traverse, market_traverse},
    {Py_tp_clear, market_clear},
    {Py_tp_dealloc, market_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_getset, attributes},
    {Py_tp_members, members},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "dolphin_strategies.computed.states._engine.Market",
    .basicsize = sizeof(struct market),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

int add_market_type(PyObject *module)
{
    market_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
    return market_type ? PyModule_AddType(module, market_type) : -1;
}
