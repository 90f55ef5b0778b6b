/* The slots of an ExternalFactors, and its constructor as one C call.
 *
 * The class is Python and works without this file. A call of it goes through type.__call__,
 * object.__new__, a lookup of __init__ and seven assignments; the function here does what they
 * do for positional arguments, and leaves every other call to them.
 */
#include "record_slots.h"

#include <structmember.h>

PyTypeObject *record_type;
Py_ssize_t record_offsets[SLOT_COUNT];

static const char *const names[SLOT_COUNT] = {
    "schema",   "payload",           "ts_event",  "ts_init",
    "sequence", "published_mono_ns", "stream_id",
};

static PyObject *zero;

static PyObject *make(PyObject *type, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    Py_ssize_t n = PyVectorcall_NARGS(nargsf);
    if (kwnames || n <= SLOT_TS_INIT || n > SLOT_COUNT) {
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
            failed ? NULL : PyType_Type.tp_call(type, positional, keywords);
        Py_DECREF(positional);
        Py_XDECREF(keywords);
        return record;
    }
    PyObject *record = record_type->tp_alloc(record_type, 0);
    if (!record)
        return NULL;
    for (Py_ssize_t i = 0; i < SLOT_COUNT; i++)
        *(PyObject **)((char *)record + record_offsets[i]) = Py_NewRef(i < n ? args[i] : zero);
    return record;
}

int record_slots_find(void)
{
    PyObject *module = PyImport_ImportModule("dolphin_strategies.factors.external_factors");
    if (!module)
        return -1;
    PyObject *class = PyObject_GetAttrString(module, "ExternalFactors");
    Py_DECREF(module);
    if (!class)
        return -1;
    for (int i = 0; i < SLOT_COUNT; i++) {
        PyObject *found = PyObject_GetAttrString(class, names[i]);
        if (!found)
            return -1;
        const PyMemberDef *member =
            Py_IS_TYPE(found, &PyMemberDescr_Type) ? ((PyMemberDescrObject *)found)->d_member
                                                   : NULL;
        if (!member || member->type != Py_T_OBJECT_EX) {
            PyErr_Format(PyExc_TypeError, "ExternalFactors.%s: expected a slot, found %R",
                         names[i], found);
            Py_DECREF(found);
            return -1;
        }
        record_offsets[i] = member->offset;
        Py_DECREF(found);
    }
    zero = PyLong_FromLong(0);
    record_type = (PyTypeObject *)class;
    record_type->tp_vectorcall = make;
    return 0;
}
