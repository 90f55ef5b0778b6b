/* Records: at which instants evaluated factors give a record, and rows of many records. */
#include "evaluator.h"

#include <stddef.h>
#include <structmember.h>

struct records {
    PyObject_HEAD
    struct intake *intake;
    struct evaluator *evaluator;
    int64_t keep_alive_ns;
    int64_t evaluated_ns; /* the instant of the last evaluation */
    int64_t made_ns;      /* of the last record */
    int64_t ts_event;     /* of the last record */
    long long count;
    char *rows; /* ts_event, ts_init, then the values, of each record that is held */
    size_t held, room;
};

static struct records *records_of(PyObject *self)
{
    return (struct records *)self;
}

/* Returns whether there is a record, or -1 with an exception set. */
static int evaluate_at(struct records *r, int64_t now_ns)
{
    struct intake *in = r->intake;
    r->evaluated_ns = now_ns;
    if (now_ns > in->now_ns)
        in->now_ns = now_ns;
    int changed = evaluator_bring(r->evaluator, in->now_ns);
    if (changed < 0)
        return -1;
    if (!changed && (in->ts_event <= r->ts_event || now_ns - r->made_ns < r->keep_alive_ns))
        return 0;
    r->made_ns = now_ns;
    r->ts_event = in->ts_event;
    r->count++;
    return 1;
}

/* The next instant, not evaluated yet, at which an input becomes too old. */
static int64_t expiry_ns(const struct records *r)
{
    int64_t at_ns = r->evaluator->expiry_ns;
    return at_ns > r->evaluated_ns ? at_ns : WINDOW_NEVER;
}

static size_t row_bytes(const struct records *r)
{
    return 2 * sizeof(int64_t) + (size_t)r->evaluator->values.len;
}

/* Evaluate, and hold the record if there is one. Returns 0, or -1 with an exception set. */
static int hold_at(struct records *r, int64_t at_ns)
{
    int is_made = evaluate_at(r, at_ns);
    if (is_made <= 0)
        return is_made;
    if (r->held == r->room) {
        size_t room = r->room ? 2 * r->room : 1024;
        char *rows = PyMem_Realloc(r->rows, room * row_bytes(r));
        if (!rows) {
            PyErr_NoMemory();
            return -1;
        }
        r->rows = rows;
        r->room = room;
    }
    int64_t stamps[] = {r->intake->ts_event, at_ns};
    char *row = r->rows + r->held++ * row_bytes(r);
    memcpy(row, stamps, sizeof stamps);
    memcpy(row + sizeof stamps, r->evaluator->values.buf, (size_t)r->evaluator->values.len);
    return 0;
}

/* Returns 0, or -1 with an exception set. */
static int expire_before(struct records *r, int64_t until_ns)
{
    for (int64_t at_ns; (at_ns = expiry_ns(r)) < until_ns;)
        if (hold_at(r, at_ns) < 0)
            return -1;
    return 0;
}

/* Returns whether any of the data is used, or -1 with an exception set. */
static int take_some(struct records *r, PyObject *data, int64_t first, int64_t end)
{
    int is_used = 0;
    if (end < first) {
        PyErr_SetString(PyExc_IndexError, "take: expected ends that do not fall");
        return -1;
    }
    for (int64_t i = first; i < end; i++) {
        PyObject *datum = PyList_GetItemRef(data, (Py_ssize_t)i);
        int result = datum ? intake_take(r->intake, datum) : -1;
        Py_XDECREF(datum);
        if (result < 0)
            return -1;
        is_used |= result;
    }
    return is_used;
}

/* Returns 0, or -1 with an exception set. */
static int take_groups(struct records *r, PyObject *data, Py_ssize_t groups,
                       const Py_buffer *columns)
{
    const int64_t *ends = columns[0].buf, *expiries = columns[1].buf, *instants = columns[2].buf;
    int64_t first = 0;
    for (Py_ssize_t i = 0; i < groups; first = ends[i++]) {
        if (expire_before(r, expiries[i]) < 0)
            return -1;
        int is_used = take_some(r, data, first, ends[i]);
        if (is_used < 0 || (is_used && hold_at(r, instants[i]) < 0))
            return -1;
    }
    return 0;
}

static bool is_int64(const Py_buffer *column)
{
    const char *format = column->format ? column->format : "";
    return column->itemsize == 8 && (strcmp(format, "l") == 0 || strcmp(format, "q") == 0);
}

/* take(data, ends, expire_before_ns, instants_ns): hold the records of groups of data */
static PyObject *take(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    if (n != 4 || !PyList_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "take: expected a list and three arrays of int64");
        return NULL;
    }
    Py_buffer columns[3];
    int opened = 0, result = 0;
    while (opened < 3 && result == 0) {
        Py_buffer *column = &columns[opened];
        result = PyObject_GetBuffer(args[opened + 1], column, PyBUF_CONTIG_RO | PyBUF_FORMAT);
        opened += result == 0;
        if (result == 0 && (!is_int64(column) || column->len != columns[0].len)) {
            PyErr_SetString(PyExc_ValueError, "take: expected three int64 arrays of one length");
            result = -1;
        }
    }
    if (result == 0)
        result = take_groups(records_of(self), args[0], columns[0].len / 8, columns);
    while (opened > 0)
        PyBuffer_Release(&columns[--opened]);
    if (result < 0)
        return NULL;
    Py_RETURN_NONE;
}

/* expire(until_ns): hold the records of inputs that become too old before an instant */
static PyObject *expire(PyObject *self, PyObject *argument)
{
    int64_t until_ns = PyLong_AsLongLong(argument);
    if ((until_ns == -1 && PyErr_Occurred()) || expire_before(records_of(self), until_ns) < 0)
        return NULL;
    Py_RETURN_NONE;
}

/* take_rows() -> the held records as bytes; they are held no more */
static PyObject *take_rows(PyObject *self, PyObject *ignored)
{
    struct records *r = records_of(self);
    PyObject *rows =
        PyBytes_FromStringAndSize(r->rows, (Py_ssize_t)(r->held * row_bytes(r)));
    if (rows)
        r->held = 0;
    return rows;
}

/* evaluate(now_ns) -> whether there is a record, of the evaluator's values */
static PyObject *evaluate(PyObject *self, PyObject *now)
{
    int64_t now_ns = PyLong_AsLongLong(now);
    if (now_ns == -1 && PyErr_Occurred())
        return NULL;
    int is_made = evaluate_at(records_of(self), now_ns);
    return is_made < 0 ? NULL : PyBool_FromLong(is_made);
}

static PyObject *get_expiry_ns(PyObject *self, void *closure)
{
    return PyLong_FromLongLong(expiry_ns(records_of(self)));
}

static PyObject *records_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    PyObject *intake, *evaluator;
    long long keep_alive_ns;
    if (!PyArg_ParseTuple(args, "O!O!L:Records", intake_type, &intake, evaluator_type, &evaluator,
                          &keep_alive_ns))
        return NULL;
    struct records *r = (struct records *)type->tp_alloc(type, 0);
    if (r) {
        r->intake = (struct intake *)Py_NewRef(intake);
        r->evaluator = (struct evaluator *)Py_NewRef(evaluator);
        r->keep_alive_ns = keep_alive_ns;
    }
    return (PyObject *)r;
}

static int records_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT((PyObject *)records_of(self)->intake);
    Py_VISIT((PyObject *)records_of(self)->evaluator);
    return 0;
}

static void records_dealloc(PyObject *self)
{
    struct records *r = records_of(self);
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(r->intake);
    Py_XDECREF(r->evaluator);
    PyMem_Free(r->rows);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"evaluate", evaluate, METH_O, NULL},
    {"expire", expire, METH_O, NULL},
    {"take", _PyCFunction_CAST(take), METH_FASTCALL, NULL},
    {"take_rows", take_rows, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef attributes[] = {
    {"expiry_ns", get_expiry_ns, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef members[] = {
    {"records", Py_T_LONGLONG, offsetof(struct records, count), Py_READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, records_new},         {Py_tp_traverse, records_traverse},
    {Py_tp_dealloc, records_dealloc}, {Py_tp_methods, methods},
    {Py_tp_getset, attributes},       {Py_tp_members, members},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "dolphin_strategies.computed.states._engine.Records",
    .basicsize = sizeof(struct records),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

int add_records_type(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &spec, NULL);
    int result = type ? PyModule_AddType(module, (PyTypeObject *)type) : -1;
    Py_XDECREF(type);
    return result;
}
