/* The offsets of an ExternalFactors' slots, read by its C code and by a FactorStrategy's gate. */
#ifndef DOLPHIN_RECORD_SLOTS_H
#define DOLPHIN_RECORD_SLOTS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* First those that are parameters of the constructor, in its order. */
enum record_slot {
    SLOT_SCHEMA,
    SLOT_PAYLOAD,
    SLOT_TS_EVENT,
    SLOT_TS_INIT,
    SLOT_SEQUENCE,
    SLOT_PUBLISHED_MONO_NS,
    SLOT_STREAM_ID,
    PARAMETER_COUNT,
    SLOT_ARRAY = PARAMETER_COUNT, /* empty until it is read */
    SLOT_COUNT,
};

/* The class, which lives as long as the process. */
extern PyTypeObject *record_type;
extern Py_ssize_t record_offsets[SLOT_COUNT];

/* Find the class and its slots. Returns 0, or -1 with an exception set, as the next two. */
int record_slots_find(void);

/* Give the class found its constructor and its end. */
int record_object_set(void);

/* Give the class found its answer to Nautilus. */
int record_class_set(void);

/* The value of a slot, borrowed; NULL with an exception set if it has none. */
static inline PyObject *record_slot(PyObject *record, enum record_slot slot)
{
    PyObject *value = *(PyObject **)((char *)record + record_offsets[slot]);
    if (!value)
        PyErr_SetString(PyExc_AttributeError, "an ExternalFactors without its values");
    return value;
}

#endif
