/* How an ExternalFactors is made and freed: one C call each, with memory that is used again.
 *
 * The class is Python and works without this file. A call of it goes through type.__call__,
 * object.__new__, a lookup of __init__ and seven assignments, and its end through a search for
 * finalizers, weak references and the slots of each base; the functions here do what those do
 * for a class with these slots and nothing else. Other calls are left to them.
 */
#include "record_slots.h"

/* Nearly always one record is made before the next is freed; a spinning feed keeps a few. */
#define SPARES 16

static PyObject *zero;
static PyObject *spares[SPARES]; /* freed, without members; used under the interpreter's lock */
static int spare_count;

static PyObject **member_of(PyObject *record, int slot)
{
    return (PyObject **)((char *)record + record_offsets[slot]);
}

static PyObject *make_in_general(PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    PyObject *positional = PyTuple_New(n);
    if (!positional)
        return NULL;
    for (Py_ssize_t i = 0; i < n; i++)
        PyTuple_SET_ITEM(positional, i, Py_NewRef(args[i]));
    PyObject *keywords = kwnames ? PyDict_New() : NULL;
    int failed = kwnames && !keywords;
    for (Py_ssize_t i = 0; kwnames && !failed && i < PyTuple_GET_SIZE(kwnames); i++)
        failed = PyDict_SetItem(keywords, PyTuple_GET_ITEM(kwnames, i), args[n + i]) < 0;
    PyObject *record =
        failed ? NULL : PyType_Type.tp_call((PyObject *)record_type, positional, keywords);
    Py_DECREF(positional);
    Py_XDECREF(keywords);
    return record;
}

static PyObject *make(PyObject *type, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    Py_ssize_t n = PyVectorcall_NARGS(nargsf);
    if (kwnames || n <= SLOT_TS_INIT || n > PARAMETER_COUNT)
        return make_in_general(args, n, kwnames);
    PyObject *record;
    if (spare_count) {
        record = PyObject_Init(spares[--spare_count], record_type);
    } else {
        record = PyObject_GC_New(PyObject, record_type);
        if (!record)
            return NULL;
        *member_of(record, SLOT_ARRAY) = NULL;
    }
    for (Py_ssize_t i = 0; i < PARAMETER_COUNT; i++)
        *member_of(record, i) = Py_NewRef(i < n ? args[i] : zero);
    PyObject_GC_Track(record);
    return record;
}

/* Also called for the part of a subclass's object that is an ExternalFactors. */
static void end(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    Py_TRASHCAN_BEGIN(self, end)
    PyTypeObject *type = Py_TYPE(self);
    for (int i = 0; i < SLOT_COUNT; i++)
        Py_CLEAR(*member_of(self, i));
    if (type == record_type && spare_count < SPARES)
        spares[spare_count++] = self;
    else
        type->tp_free(self);
    Py_DECREF(type);
    Py_TRASHCAN_END
}

int record_object_set(void)
{
    /* What end() does not know it would not free. */
    Py_ssize_t size = sizeof(PyObject) + SLOT_COUNT * sizeof(PyObject *);
    if (record_type->tp_basicsize != size || record_type->tp_dictoffset ||
        record_type->tp_weaklistoffset || record_type->tp_finalize || record_type->tp_del) {
        PyErr_SetString(PyExc_TypeError, "ExternalFactors: expected its slots and nothing else");
        return -1;
    }
    zero = PyLong_FromLong(0);
    record_type->tp_vectorcall = make;
    record_type->tp_dealloc = end;
    return 0;
}
