/* Evaluation: values at an instant, data on their way to markets, and records of the values. */
#ifndef DOLPHIN_EVALUATOR_H
#define DOLPHIN_EVALUATOR_H

#include "market.h"

struct evaluator {
    PyObject_HEAD
    Py_buffer values;
    Py_ssize_t count;
    struct place *places;
    int64_t due_ns, expiry_ns;
};

struct intake {
    PyObject_HEAD
    PyObject *slots; /* a dict: type of data -> a dict: instrument -> Market */
    PyObject *other; /* called with data of a type that is not there; returns whether it is used */
    int64_t ts_event, now_ns; /* the newest of all data, and the newest instant evaluated */
};

extern PyTypeObject *evaluator_type, *intake_type;

/* Bring the values to an instant. Returns whether any changed, or -1 with an exception set. */
int evaluator_bring(struct evaluator *e, int64_t now_ns);

/* Take over data. Returns whether any factor uses it, or -1 with an exception set. */
int intake_take(struct intake *in, PyObject *data);

/* Register the types in a module. Return 0, or -1 with an exception set. */
int add_evaluator_type(PyObject *module);
int add_intake_type(PyObject *module);
int add_records_type(PyObject *module);

#endif
