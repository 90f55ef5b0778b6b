/* Gathering the values of a Python dict of factors without a Python loop. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "region.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* The value of a plain number. Other objects of which Python can make a number are left to the
 * careful way in Python; None, text and containers are not among them. */
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

/* Factor names are ASCII, so a key with wider characters is not a factor name. */
static int same_text(PyObject *key, PyObject *name)
{
    if (key == name)
        return 1;
    Py_ssize_t length = PyUnicode_GET_LENGTH(name);
    return PyUnicode_GET_LENGTH(key) == length && PyUnicode_KIND(key) == PyUnicode_1BYTE_KIND &&
           memcmp(PyUnicode_1BYTE_DATA(key), PyUnicode_1BYTE_DATA(name), (size_t)length) == 0;
}

/* Fill d->values from the dict in one walk. Runs no Python code, so nothing can change the dict
 * meanwhile. Returns 0, or -EAGAIN if a key or value needs the careful way. */
int factor_dict_gather(struct factor_dict *d, void *dict)
{
    PyObject *const *keys = (PyObject *const *)d->keys;
    PyObject *index_by_name = (PyObject *)d->index_by_name;
    PyObject *key, *value;
    Py_ssize_t where = 0;
    uint32_t expected = 0, found = 0, skipped_names = 0, skipped_values = 0;

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
            if (at == FACTOR_SKIPPED) {
                skipped_names++;
                continue;
            }
            if (at == FACTOR_WITHOUT_NUMBER) {
                if (PyNumber_Check(value))
                    return -EAGAIN;
                skipped_values++;
                continue;
            }
            index = (uint32_t)at;
        }
        expected = index + 1;
        if (!plain_number(value, d->values + index)) {
            if (PyNumber_Check(value))
                return -EAGAIN;
            continue;
        }
        found++;
    }
    d->missing_values += d->factor_count - found;
    d->skipped_names += skipped_names;
    d->skipped_values += skipped_values;
    return 0;
}
