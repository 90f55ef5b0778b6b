/* Where the slots of an ExternalFactors lie. */
#include "record_slots.h"

#include <structmember.h>

PyTypeObject *record_type;
Py_ssize_t record_offsets[SLOT_COUNT];

static const char *const names[SLOT_COUNT] = {
    "schema",   "payload",           "ts_event",  "ts_init",
    "sequence", "published_mono_ns", "stream_id", "_array",
};

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
    record_type = (PyTypeObject *)class;
    return 0;
}
