/* The state that a gate keeps between records, and its decision on the next record. */
#ifndef DOLPHIN_GATE_H
#define DOLPHIN_GATE_H

#include "record_slots.h"

#include <stdbool.h>
#include <stdint.h>

struct gate {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *strategy;
    PyObject *on_factors; /* NULL: to be looked up at the next record */
    PyObject *schema;     /* of the accepted records; NULL: none yet */
    PyObject *newest;     /* NULL: none yet */
    PyObject *factors;    /* the newest record that passed; NULL: none to trade on */
    uint64_t fresh_until_ns;
    int64_t max_age_ns;
    bool has_max_age;
    bool alert_is_set;
    bool is_open; /* false: no schema yet, or it lacks a required factor */
    Py_ssize_t required_count;
    Py_ssize_t *required; /* positions in a record */
};

/* Intern the names of the strategy's methods. Returns 0, or -1 with an exception set. */
int gate_intern_names(void);

/* Decide on the record that was in a CustomData. Returns 0, or -1 with an exception set. */
int gate_decide(struct gate *g, PyObject *data, PyObject *record);

#endif
