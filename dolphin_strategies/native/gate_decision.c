/* The decision on each record: frequent cases are handled here, rare ones (another schema, a
 * loss, a recovery, an alert, a message) call a method of the strategy.
 */
#include "gate.h"

#include <math.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "a payload is little-endian, and is read as it lies"
#endif

static PyObject *name_on_factors, *name_on_message, *name_accept, *name_lose, *name_regain,
    *name_set_alert;

int gate_intern_names(void)
{
    const struct {
        PyObject **place;
        const char *name;
    } interned[] = {
        {&name_on_factors, "on_factors"},
        {&name_on_message, "_on_message"},
        {&name_accept, "_accept"},
        {&name_lose, "_lose"},
        {&name_regain, "_regain"},
        {&name_set_alert, "_set_alert"},
    };
    for (size_t i = 0; i < sizeof interned / sizeof *interned; i++)
        if (!(*interned[i].place = PyUnicode_InternFromString(interned[i].name)))
            return -1;
    return 0;
}

/* Call a method of the strategy; arg may be NULL. A new reference, or NULL. */
static PyObject *call(struct gate *g, PyObject *name, PyObject *arg)
{
    if (!g->strategy) {
        PyErr_SetString(PyExc_RuntimeError, "the gate's strategy is gone");
        return NULL;
    }
    PyObject *strategy = Py_NewRef(g->strategy);
    PyObject *result = arg ? PyObject_CallMethodOneArg(strategy, name, arg)
                           : PyObject_CallMethodNoArgs(strategy, name);
    Py_DECREF(strategy);
    return result;
}

/* Call a method whose result is not needed. Returns 0 or -1. */
static int call_only(struct gate *g, PyObject *name, PyObject *arg)
{
    PyObject *result = call(g, name, arg);
    Py_XDECREF(result);
    return result ? 0 : -1;
}

static int lose(struct gate *g)
{
    return g->factors ? call_only(g, name_lose, NULL) : 0;
}

/* An instant in UNIX nanoseconds, unsigned as in Nautilus. Returns 0 or -1. */
static int instant_of(PyObject *record, enum record_slot slot, uint64_t *instant)
{
    PyObject *value = record_slot(record, slot);
    if (!value)
        return -1;
    if (PyLong_Check(value)) {
        /* Of its digits; PyLong_AsUnsignedLongLong goes byte by byte, eight times slower. */
        _Static_assert(sizeof(unsigned long) == sizeof *instant, "64 bits");
        *instant = PyLong_AsUnsignedLong(value);
    } else {
        PyObject *integer = PyNumber_Index(value);
        if (!integer)
            return -1;
        *instant = PyLong_AsUnsignedLong(integer);
        Py_DECREF(integer);
    }
    return *instant == UINT64_MAX && PyErr_Occurred() ? -1 : 0;
}

/* Whether every required factor has a value: 1, 0, or -1 with an exception set. */
static int is_complete(struct gate *g, PyObject *record)
{
    if (!g->is_open)
        return 0;
    if (!g->required_count)
        return 1;
    PyObject *payload = record_slot(record, SLOT_PAYLOAD);
    if (!payload)
        return -1;
    if (!PyBytes_Check(payload)) {
        PyErr_Format(PyExc_TypeError, "payload: expected bytes, found %T", payload);
        return -1;
    }
    const char *values = PyBytes_AS_STRING(payload);
    Py_ssize_t size = PyBytes_GET_SIZE(payload);
    for (Py_ssize_t i = 0; i < g->required_count; i++) {
        Py_ssize_t at = 8 * g->required[i];
        if (at + 8 > size) {
            PyErr_Format(PyExc_ValueError, "payload: expected at least %zd bytes, found %zd",
                         at + 8, size);
            return -1;
        }
        double value;
        memcpy(&value, values + at, 8);
        if (isnan(value))
            return 0;
    }
    return 1;
}

/* Whether the record is fresh; stores until when. Returns 1, 0, or -1. */
static int is_fresh(struct gate *g, PyObject *record)
{
    uint64_t ts_event, ts_init;
    if (instant_of(record, SLOT_TS_EVENT, &ts_event) < 0 ||
        instant_of(record, SLOT_TS_INIT, &ts_init) < 0)
        return -1;
    /* Decided by the stamps, not by when the alert fires, so that a replay decides the same. */
    if (ts_init > g->fresh_until_ns && lose(g) < 0)
        return -1;
    /* An event time in the future extends the freshness no further than the current time. */
    __int128 fresh_until_ns = (__int128)(ts_event < ts_init ? ts_event : ts_init) + g->max_age_ns;
    if (ts_init > fresh_until_ns)
        return 0;
    g->fresh_until_ns = fresh_until_ns < UINT64_MAX ? (uint64_t)fresh_until_ns : UINT64_MAX;
    if (!g->alert_is_set && call_only(g, name_set_alert, NULL) < 0)
        return -1;
    return 1;
}

/* Pass the record to on_factors. Returns 0 or -1. */
static int give(struct gate *g, PyObject *record)
{
    if (!g->on_factors) {
        if (!g->strategy) {
            PyErr_SetString(PyExc_RuntimeError, "the gate's strategy is gone");
            return -1;
        }
        g->on_factors = PyObject_GetAttr(g->strategy, name_on_factors);
        if (!g->on_factors)
            return -1;
    }
    /* The call may cause on_factors to be looked up again. */
    PyObject *on_factors = Py_NewRef(g->on_factors);
    PyObject *args[] = {NULL, record};
    PyObject *result =
        PyObject_Vectorcall(on_factors, args + 1, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    Py_DECREF(on_factors);
    Py_XDECREF(result);
    return result ? 0 : -1;
}

int gate_decide(struct gate *g, PyObject *data, PyObject *record)
{
    if (!Py_IS_TYPE(record, record_type))
        return call_only(g, name_on_message, record);
    PyObject *schema = record_slot(record, SLOT_SCHEMA);
    if (!schema)
        return -1;
    if (schema != g->schema) {
        PyObject *accepted = call(g, name_accept, data);
        if (!accepted)
            return -1;
        int is_accepted = PyObject_IsTrue(accepted);
        Py_DECREF(accepted);
        if (is_accepted <= 0)
            return is_accepted;
    }
    int result = is_complete(g, record);
    if (result <= 0)
        return result < 0 ? -1 : lose(g);
    if (record == g->newest)
        return 0;
    Py_XSETREF(g->newest, Py_NewRef(record));
    if (g->has_max_age && (result = is_fresh(g, record)) <= 0)
        return result;
    if (!g->factors && call_only(g, name_regain, record) < 0)
        return -1;
    Py_XSETREF(g->factors, Py_NewRef(record));
    return give(g, record);
}
