/* An attribute of the class ExternalFactors that Nautilus asks for with each record it wraps.
 *
 * It asks for type_name_static twice, by a name made anew each time, so CPython's cache of
 * attributes is never hit: the name is hashed and searched for in the metaclass and its bases
 * before it is found in the class. Here it is compared instead.
 */
#include "record_slots.h"

#include <stdbool.h>
#include <string.h>

static const char asked_for[] = "type_name_static";
static PyObject *answer;

static PyObject *get_attribute(PyObject *class, PyObject *name)
{
    if (class == (PyObject *)record_type && PyUnicode_CheckExact(name) &&
        PyUnicode_IS_COMPACT_ASCII(name) &&
        PyUnicode_GET_LENGTH(name) == sizeof asked_for - 1 &&
        !memcmp(PyUnicode_1BYTE_DATA(name), asked_for, sizeof asked_for - 1))
        return Py_NewRef(answer);
    return PyType_Type.tp_getattro(class, name);
}

static PyObject *give_name(PyObject *type_name, PyObject *ignored)
{
    return Py_NewRef(type_name);
}

static PyMethodDef giving_name = {asked_for, give_name, METH_NOARGS, NULL};

int record_class_set(void)
{
    PyTypeObject *metaclass = Py_TYPE(record_type);
    bool is_shared = metaclass == &PyType_Type || metaclass->tp_base == &PyType_Type;
    if (is_shared || (metaclass->tp_getattro != PyType_Type.tp_getattro &&
                      metaclass->tp_getattro != get_attribute)) {
        PyErr_Format(PyExc_TypeError, "ExternalFactors: expected a metaclass of its own, found %R",
                     metaclass);
        return -1;
    }
    PyObject *type_name = PyObject_CallMethod((PyObject *)record_type, asked_for, NULL);
    answer = type_name ? PyCFunction_New(&giving_name, type_name) : NULL;
    Py_XDECREF(type_name);
    if (!answer)
        return -1;
    metaclass->tp_getattro = get_attribute;
    return 0;
}
