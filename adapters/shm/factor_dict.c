/* Publishing a Python dict of factors without a Python loop. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "region.h"

#include <errno.h>
#include <math.h>

/* The value of a plain number; everything else is left to the careful way in Python. */
static int plain_number(PyObject *object, double *value)
{
    if (PyFloat_Check(object)) {
        *value = PyFloat_AS_DOUBLE(object);
        return 1;
    }
    if (PyLong_Check(object)) {
        *value = PyLong_AsDouble(object);
        if (*value == -1.0 && PyErr_Occurred()) {
            PyErr_Clear();
            return 0;
        }
        return 1;
    }
    return 0;
}

static int same_text(PyObject *a, PyObject *b)
{
    return a == b || (PyUnicode_GET_LENGTH(a) == PyUnicode_GET_LENGTH(b) &&
                      PyUnicode_Compare(a, b) == 0);
}

/* Fill d->values from the dict in one walk. Runs no Python code, so nothing can change the dict
 * meanwhile. Returns 0, or -EAGAIN if a key or value needs the careful way. */
static int gather(struct factor_dict *d, PyObject *dict)
{
    PyObject **keys = (PyObject **)d->keys;
    PyObject *index_by_name = (PyObject *)d->index_by_name;
    PyObject *key, *value;
    Py_ssize_t where = 0;
    uint32_t expected = 0, found = 0, skipped = 0;

    for (uint32_t i = 0; i < d->factor_count; i++)
        d->values[i] = NAN;
    while (PyDict_Next(dict, &where, &key, &value)) {
        uint32_t index = expected;
        if (!PyUnicode_CheckExact(key))
            return -EAGAIN;
        if (index >= d->factor_count || !same_text(key, keys[index])) {
            if (PyUnicode_GET_LENGTH(key) && PyUnicode_READ_CHAR(key, 0) == '_')
                continue;
            PyObject *known = PyDict_GetItemWithError(index_by_name, key);
            if (!known)
                return -EAGAIN;
            long at = PyLong_AsLong(known);
            if (at < 0) {
                skipped++;
                continue;
            }
            index = (uint32_t)at;
        }
        expected = index + 1;
        if (value == Py_None)
            continue;
        if (!plain_number(value, d->values + index))
            return -EAGAIN;
        found++;
    }
    d->missing_values += d->factor_count - found;
    d->skipped_names += skipped;
    return 0;
}

/* Publish the factors of a dict (its address). Returns as region_publish does, or -EAGAIN with
 * nothing changed when the dict has a key or value that is not plain. */
int factor_dict_publish(struct region_writer *w, struct factor_dict *d, uint64_t dict,
                        int64_t ts_event)
{
    if (!w->control)
        return -EBADF;
    /* cffi released the lock of the interpreter around this call. */
    PyGILState_STATE state = PyGILState_Ensure();
    int result = gather(d, (PyObject *)dict);
    PyGILState_Release(state);
    return result < 0 ? result : region_publish(w, d->values, ts_event);
}
