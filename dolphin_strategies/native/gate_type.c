/* Gate: the Python type of a FactorStrategy's gate, one call from the bus to on_factors.
 *
 * What a FactorStrategy must remember from record to record lies in this object's struct,
 * because attributes of a class that inherits from a Nautilus class are slow.
 */
#include "gate.h"

#include <stddef.h>
#include <structmember.h>

static PyTypeObject *wrapper_type;
static PyGetSetDef *wrapped; /* of wrapper_type, its attribute `data` */
static PyObject *name_data;

static PyObject *gate_call(PyObject *self, PyObject *const *args, size_t nargsf,
                           PyObject *kwnames)
{
    struct gate *g = (struct gate *)self;
    if (PyVectorcall_NARGS(nargsf) != 1 || kwnames) {
        PyErr_SetString(PyExc_TypeError, "on_data: expected one positional argument");
        return NULL;
    }
    PyObject *data = args[0];
    PyObject *record = Py_IS_TYPE(data, wrapper_type) ? wrapped->get(data, wrapped->closure)
                                                      : PyObject_GetAttr(data, name_data);
    if (!record)
        return NULL;
    int result = gate_decide(g, data, record);
    Py_DECREF(record);
    if (result < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *gate_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"strategy", "max_age_ns", NULL};
    PyObject *strategy, *max_age_ns;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO:Gate", names, &strategy, &max_age_ns))
        return NULL;
    long long limit = 0;
    if (max_age_ns != Py_None) {
        limit = PyLong_AsLongLong(max_age_ns);
        if (limit == -1 && PyErr_Occurred())
            return NULL;
    }
    struct gate *g = (struct gate *)type->tp_alloc(type, 0);
    if (!g)
        return NULL;
    g->vectorcall = gate_call;
    g->strategy = Py_NewRef(strategy);
    g->has_max_age = max_age_ns != Py_None;
    g->max_age_ns = limit;
    return (PyObject *)g;
}

static int gate_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct gate *g = (struct gate *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(g->strategy);
    Py_VISIT(g->on_factors);
    Py_VISIT(g->schema);
    Py_VISIT(g->newest);
    Py_VISIT(g->factors);
    return 0;
}

static int gate_clear(PyObject *self)
{
    struct gate *g = (struct gate *)self;
    Py_CLEAR(g->strategy);
    Py_CLEAR(g->on_factors);
    Py_CLEAR(g->schema);
    Py_CLEAR(g->newest);
    Py_CLEAR(g->factors);
    return 0;
}

static void gate_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    gate_clear(self);
    PyMem_Free(((struct gate *)self)->required);
    type->tp_free(self);
    Py_DECREF(type);
}

/* require(indexes): which values a record must have; None: no record can have them */
static PyObject *gate_require(PyObject *self, PyObject *indexes)
{
    struct gate *g = (struct gate *)self;
    if (indexes == Py_None) {
        g->is_open = false;
        Py_RETURN_NONE;
    }
    PyObject *items = PySequence_Fast(indexes, "indexes: expected a sequence");
    if (!items)
        return NULL;
    Py_ssize_t count = PySequence_Fast_GET_SIZE(items);
    Py_ssize_t *required = PyMem_New(Py_ssize_t, count ? count : 1);
    if (!required) {
        Py_DECREF(items);
        return PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        required[i] = PyLong_AsSsize_t(PySequence_Fast_GET_ITEM(items, i));
        if (required[i] < 0 || required[i] > PY_SSIZE_T_MAX / 16) {
            if (!PyErr_Occurred())
                PyErr_Format(PyExc_ValueError, "indexes: expected positions, found %zd",
                             required[i]);
            PyMem_Free(required);
            Py_DECREF(items);
            return NULL;
        }
    }
    Py_DECREF(items);
    PyMem_Free(g->required);
    g->required = required;
    g->required_count = count;
    g->is_open = true;
    Py_RETURN_NONE;
}

/* resolve(): look on_factors up again at the next record */
static PyObject *gate_resolve(PyObject *self, PyObject *ignored)
{
    Py_CLEAR(((struct gate *)self)->on_factors);
    Py_RETURN_NONE;
}

static PyMethodDef gate_methods[] = {
    {"require", gate_require, METH_O, NULL},
    {"resolve", gate_resolve, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int set_object(PyObject **place, PyObject *value)
{
    Py_XSETREF(*place, value && value != Py_None ? Py_NewRef(value) : NULL);
    return 0;
}

static int set_schema(PyObject *self, PyObject *value, void *closure)
{
    return set_object(&((struct gate *)self)->schema, value);
}

static int set_factors(PyObject *self, PyObject *value, void *closure)
{
    return set_object(&((struct gate *)self)->factors, value);
}

static PyObject *get_schema(PyObject *self, void *closure)
{
    PyObject *schema = ((struct gate *)self)->schema;
    return Py_NewRef(schema ? schema : Py_None);
}

static PyObject *get_factors(PyObject *self, void *closure)
{
    PyObject *factors = ((struct gate *)self)->factors;
    return Py_NewRef(factors ? factors : Py_None);
}

static PyGetSetDef gate_attributes[] = {
    {"schema", get_schema, set_schema, NULL, NULL},
    {"factors", get_factors, set_factors, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef gate_members[] = {
    {"fresh_until_ns", Py_T_ULONGLONG, offsetof(struct gate, fresh_until_ns), Py_READONLY, NULL},
    {"alert_is_set", Py_T_BOOL, offsetof(struct gate, alert_is_set), 0, NULL},
    {"is_open", Py_T_BOOL, offsetof(struct gate, is_open), Py_READONLY, NULL},
    {"__vectorcalloffset__", Py_T_PYSSIZET, offsetof(struct gate, vectorcall), Py_READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot gate_slots[] = {
    {Py_tp_new, gate_new},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_traverse, gate_traverse},
    {Py_tp_clear, gate_clear},
    {Py_tp_dealloc, gate_dealloc},
    {Py_tp_methods, gate_methods},
    {Py_tp_members, gate_members},
    {Py_tp_getset, gate_attributes},
    {0, NULL},
};

static PyType_Spec gate_spec = {
    .name = "dolphin_strategies._gate.Gate",
    .basicsize = sizeof(struct gate),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
    .slots = gate_slots,
};

/* Find CustomData and how it gives what it wraps. Returns 0 or -1. */
static int find_wrapper(void)
{
    PyObject *module = PyImport_ImportModule("nautilus_trader.model");
    if (!module)
        return -1;
    PyObject *class = PyObject_GetAttrString(module, "CustomData");
    Py_DECREF(module);
    PyObject *attribute = class ? PyObject_GetAttr(class, name_data) : NULL;
    if (!attribute)
        return -1;
    if (!PyType_Check(class) || !Py_IS_TYPE(attribute, &PyGetSetDescr_Type)) {
        PyErr_Format(PyExc_TypeError, "CustomData.data: expected a getter, found %R", attribute);
        return -1;
    }
    wrapper_type = (PyTypeObject *)class;
    wrapped = ((PyGetSetDescrObject *)attribute)->d_getset;
    Py_DECREF(attribute);
    return 0;
}

static int gate_exec(PyObject *module)
{
    name_data = PyUnicode_InternFromString("data");
    if (!name_data || gate_intern_names() < 0)
        return -1;
    if (record_slots_find() < 0 || record_object_set() < 0 || record_class_set() < 0 ||
        find_wrapper() < 0)
        return -1;
    PyObject *type = PyType_FromSpec(&gate_spec);
    int result = type ? PyModule_AddType(module, (PyTypeObject *)type) : -1;
    Py_XDECREF(type);
    return result;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, gate_exec},
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
    {0, NULL},
};

static PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "dolphin_strategies._gate",
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__gate(void)
{
    return PyModuleDef_Init(&module);
}
