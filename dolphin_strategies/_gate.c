/* Gate: one call from a record on the bus to the author's on_factors.
 *
 * What a FactorStrategy must remember from record to record lies in this object's struct,
 * because attributes of a class that inherits from a Nautilus class are slow. The frequent
 * decisions are made here; whatever happens seldom (another schema, a loss, a recovery, an
 * alert, a message) is a method of the strategy.
 */
#include "record_slots.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <structmember.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "a payload is little-endian, and is read as it lies"
#endif

struct gate {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *strategy;
    PyObject *on_factors; /* NULL: to be looked up at the next record */
    PyObject *schema;     /* of the records that are let in; NULL: none yet */
    PyObject *newest;     /* NULL: none yet */
    PyObject *factors;    /* the newest that passed; NULL: none to trade on */
    uint64_t fresh_until_ns;
    int64_t max_age_ns;
    bool has_max_age;
    bool alert_is_set;
    bool is_open; /* false: the schema lacks a required factor */
    Py_ssize_t required_count;
    Py_ssize_t *required; /* positions in a record */
};

static PyTypeObject *wrapper_type;
static PyGetSetDef *wrapped; /* of wrapper_type, its attribute `data` */

static PyObject *name_data, *name_on_factors, *name_on_message, *name_accept, *name_lose,
    *name_regain, *name_set_alert;

/* Call a method of the strategy; arg may be NULL. A new reference, or NULL. */
static PyObject *call(struct gate *g, PyObject *name, PyObject *arg)
{
    if (!g->strategy) {
        PyErr_SetString(PyExc_RuntimeError, "the gate's strategy is gone");
        return NULL;
    }
    PyObject *strategy = Py_NewRef(g->strategy);
    PyObject *result = arg ? PyObject_CallMethodOneArg(strategy, name, arg)
                           : PyObject_CallMethodNoArgs(strategy, name);
    Py_DECREF(strategy);
    return result;
}

/* The same where the result is nothing. Returns 0 or -1. */
static int tell(struct gate *g, PyObject *name, PyObject *arg)
{
    PyObject *result = call(g, name, arg);
    Py_XDECREF(result);
    return result ? 0 : -1;
}

static int lose(struct gate *g)
{
    return g->factors ? tell(g, name_lose, NULL) : 0;
}

/* An instant in UNIX nanoseconds, unsigned as in Nautilus. Returns 0 or -1. */
static int instant_of(PyObject *record, enum record_slot slot, uint64_t *instant)
{
    PyObject *value = record_slot(record, slot);
    if (!value)
        return -1;
    if (PyLong_Check(value)) {
        *instant = PyLong_AsUnsignedLongLong(value);
    } else {
        PyObject *integer = PyNumber_Index(value);
        if (!integer)
            return -1;
        *instant = PyLong_AsUnsignedLongLong(integer);
        Py_DECREF(integer);
    }
    return *instant == UINT64_MAX && PyErr_Occurred() ? -1 : 0;
}

/* Whether every required factor has a value: 1, 0, or -1 with an exception set. */
static int is_complete(struct gate *g, PyObject *record)
{
    if (!g->is_open)
        return 0;
    if (!g->required_count)
        return 1;
    PyObject *payload = record_slot(record, SLOT_PAYLOAD);
    if (!payload)
        return -1;
    if (!PyBytes_Check(payload)) {
        PyErr_Format(PyExc_TypeError, "payload: expected bytes, found %T", payload);
        return -1;
    }
    const char *values = PyBytes_AS_STRING(payload);
    Py_ssize_t size = PyBytes_GET_SIZE(payload);
    for (Py_ssize_t i = 0; i < g->required_count; i++) {
        Py_ssize_t at = 8 * g->required[i];
        if (at + 8 > size) {
            PyErr_Format(PyExc_ValueError, "payload: expected at least %zd bytes, found %zd",
                         at + 8, size);
            return -1;
        }
        double value;
        memcpy(&value, values + at, 8);
        if (isnan(value))
            return 0;
    }
    return 1;
}

/* Whether the record is young enough; keeps until when it is. 1, 0, or -1. */
static int is_fresh(struct gate *g, PyObject *record)
{
    uint64_t ts_event, ts_init;
    if (instant_of(record, SLOT_TS_EVENT, &ts_event) < 0 ||
        instant_of(record, SLOT_TS_INIT, &ts_init) < 0)
        return -1;
    /* By the data, not by how late the alert is: a replay decides the same. */
    if (ts_init > g->fresh_until_ns && lose(g) < 0)
        return -1;
    /* An event time of the future gives no more time than one of now. */
    __int128 fresh_until_ns = (__int128)(ts_event < ts_init ? ts_event : ts_init) + g->max_age_ns;
    if (ts_init > fresh_until_ns)
        return 0;
    g->fresh_until_ns = fresh_until_ns < UINT64_MAX ? (uint64_t)fresh_until_ns : UINT64_MAX;
    if (!g->alert_is_set && tell(g, name_set_alert, NULL) < 0)
        return -1;
    return 1;
}

/* Give the record to the author. Returns 0 or -1. */
static int give(struct gate *g, PyObject *record)
{
    if (!g->on_factors) {
        if (!g->strategy) {
            PyErr_SetString(PyExc_RuntimeError, "the gate's strategy is gone");
            return -1;
        }
        g->on_factors = PyObject_GetAttr(g->strategy, name_on_factors);
        if (!g->on_factors)
            return -1;
    }
    /* The author may have it looked up again meanwhile. */
    PyObject *on_factors = Py_NewRef(g->on_factors);
    PyObject *args[] = {NULL, record};
    PyObject *result =
        PyObject_Vectorcall(on_factors, args + 1, 1 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    Py_DECREF(on_factors);
    Py_XDECREF(result);
    return result ? 0 : -1;
}

/* Decide on what was in a CustomData. Returns 0 or -1. */
static int decide(struct gate *g, PyObject *data, PyObject *record)
{
    if (!Py_IS_TYPE(record, record_type))
        return tell(g, name_on_message, record);
    PyObject *schema = record_slot(record, SLOT_SCHEMA);
    if (!schema)
        return -1;
    if (schema != g->schema) {
        PyObject *accepted = call(g, name_accept, data);
        if (!accepted)
            return -1;
        int is_accepted = PyObject_IsTrue(accepted);
        Py_DECREF(accepted);
        if (is_accepted <= 0)
            return is_accepted;
    }
    int result = is_complete(g, record);
    if (result <= 0)
        return result < 0 ? -1 : lose(g);
    if (record == g->newest)
        return 0;
    Py_XSETREF(g->newest, Py_NewRef(record));
    if (g->has_max_age && (result = is_fresh(g, record)) <= 0)
        return result;
    if (!g->factors && tell(g, name_regain, record) < 0)
        return -1;
    Py_XSETREF(g->factors, Py_NewRef(record));
    return give(g, record);
}

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
    int result = decide(g, data, record);
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
    const struct {
        PyObject **place;
        const char *name;
    } interned[] = {
        {&name_data, "data"},           {&name_on_factors, "on_factors"},
        {&name_on_message, "_on_message"}, {&name_accept, "_accept"},
        {&name_lose, "_lose"},          {&name_regain, "_regain"},
        {&name_set_alert, "_set_alert"},
    };
    for (size_t i = 0; i < sizeof interned / sizeof *interned; i++)
        if (!(*interned[i].place = PyUnicode_InternFromString(interned[i].name)))
            return -1;
    if (record_slots_find() < 0 || find_wrapper() < 0)
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
