/* decimal_checks: what holds for every value of an Arrow array of decimal128(38, 16). */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "Arrow's buffers are little-endian");

enum { SCALE = 16, VALUE_BYTES = 16 };

typedef __int128 value;
typedef unsigned __int128 word;

static inline value value_at(const char *values, Py_ssize_t i)
{
    value found;
    memcpy(&found, values + i * VALUE_BYTES, sizeof found);
    return found;
}

static int all_positive(const char *values, Py_ssize_t count)
{
    int found = 1;
    for (Py_ssize_t i = 0; i < count; i++)
        found &= value_at(values, i) > 0;
    return found;
}

/* A multiple of an odd number, times its inverse modulo 2**128, is the quotient; anything else
 * becomes larger than any quotient (Granlund and Montgomery 1994, section 9). */
static int all_multiples(const char *values, Py_ssize_t count, int zeros)
{
    word five = 1;
    for (int i = 0; i < zeros; i++)
        five *= 5;
    word inverse = five; /* right in its lowest three bits; each step doubles them */
    for (int i = 0; i < 6; i++)
        inverse *= 2 - five * inverse;
    const word most = ~(word)0 / five;
    const uint64_t twos = ((uint64_t)1 << zeros) - 1;
    int found = 1;
    for (Py_ssize_t i = 0; i < count; i++) {
        value signed_value = value_at(values, i);
        word v = signed_value < 0 ? -(word)signed_value : (word)signed_value;
        found &= !((uint64_t)v & twos) & (v * inverse <= most);
    }
    return found;
}

/* The values of an array without missing ones; NULL with an exception if the buffer is short. */
static const char *values_of(const Py_buffer *buffer, Py_ssize_t first, Py_ssize_t count)
{
    Py_ssize_t held = buffer->len / VALUE_BYTES;
    if (first < 0 || count < 0 || first > held || count > held - first) {
        PyErr_Format(PyExc_ValueError, "values: expected %zd behind the first %zd, found %zd",
                     count, first, held);
        return NULL;
    }
    return (const char *)buffer->buf + first * VALUE_BYTES;
}

static PyObject *are_positive(PyObject *module, PyObject *arguments)
{
    Py_buffer buffer;
    Py_ssize_t first, count;
    if (!PyArg_ParseTuple(arguments, "y*nn:are_positive", &buffer, &first, &count))
        return NULL;
    int found = -1;
    const char *values = values_of(&buffer, first, count);
    if (values) {
        Py_BEGIN_ALLOW_THREADS
        found = all_positive(values, count);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&buffer);
    return found < 0 ? NULL : PyBool_FromLong(found);
}

static PyObject *have_at_most(PyObject *module, PyObject *arguments)
{
    Py_buffer buffer;
    Py_ssize_t first, count;
    int decimals;
    if (!PyArg_ParseTuple(arguments, "y*nni:have_at_most", &buffer, &first, &count, &decimals))
        return NULL;
    int found = -1;
    const char *values = values_of(&buffer, first, count);
    if (values && (decimals < 0 || decimals > SCALE))
        PyErr_Format(PyExc_ValueError, "decimals: expected 0 to %d, found %d", SCALE, decimals);
    else if (values) {
        Py_BEGIN_ALLOW_THREADS
        found = all_multiples(values, count, SCALE - decimals);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&buffer);
    return found < 0 ? NULL : PyBool_FromLong(found);
}

static PyMethodDef methods[] = {
    {"are_positive", are_positive, METH_VARARGS, "See _decimal_checks.pyi."},
    {"have_at_most", have_at_most, METH_VARARGS, "See _decimal_checks.pyi."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "backtests.importing.backfilling.formats._decimal_checks",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__decimal_checks(void)
{
    return PyModuleDef_Init(&module);
}
