/* Intake: passes data to the market of its type and instrument. */
#include "evaluator.h"

#include <stddef.h>
#include <structmember.h>

PyTypeObject *intake_type;

static PyObject *name_take, *name_instrument_id;

static struct intake *intake_of(PyObject *self)
{
    return (struct intake *)self;
}

/* Returns 0, or -1 with an exception set. */
static int take_into(struct intake *in, PyObject *state, PyObject *data)
{
    if (!PyObject_TypeCheck(state, market_type)) {
        PyErr_SetString(PyExc_TypeError, "slots: expected markets");
        return -1;
    }
    Py_INCREF(state);
    const struct market *m = (const struct market *)state;
    PyObject *result =
        m->take ? m->take(state, data) : PyObject_CallMethodOneArg(state, name_take, data);
    if (result) {
        /* Data that are left out came all the same, and time passed. */
        if (m->ts_event > in->ts_event)
            in->ts_event = m->ts_event;
        if (m->ts_init > in->now_ns)
            in->now_ns = m->ts_init;
        Py_DECREF(result);
    }
    Py_DECREF(state);
    return result ? 0 : -1;
}

/* The value of a key. A key that is the only one is compared at once: to hash an InstrumentId costs
 * more. Returns NULL if it is not there, or with an exception set. */
static PyObject *value_of(PyObject *dict, PyObject *key)
{
    PyObject *only, *value;
    Py_ssize_t at = 0;
    if (PyDict_GET_SIZE(dict) != 1 || !PyDict_Next(dict, &at, &only, &value))
        return PyDict_GetItemWithError(dict, key);
    Py_INCREF(only);
    int is_equal = PyObject_RichCompareBool(only, key, Py_EQ);
    Py_DECREF(only);
    return is_equal > 0 ? value : NULL;
}

int intake_take(struct intake *in, PyObject *data)
{
    PyObject *markets = PyDict_GetItemWithError(in->slots, (PyObject *)Py_TYPE(data));
    if (!markets) {
        PyObject *result = PyErr_Occurred() ? NULL : PyObject_CallOneArg(in->other, data);
        int is_used = result ? PyObject_IsTrue(result) : -1;
        Py_XDECREF(result);
        return is_used;
    }
    if (!PyDict_Check(markets)) {
        PyErr_SetString(PyExc_TypeError, "slots: expected a dict for each type");
        return -1;
    }
    PyObject *instrument_id = decode_attribute(data, name_instrument_id);
    if (!instrument_id)
        return -1;
    PyObject *state = value_of(markets, instrument_id);
    Py_DECREF(instrument_id);
    if (!state)
        return PyErr_Occurred() ? -1 : 0;
    return take_into(in, state, data) < 0 ? -1 : 1;
}

/* take(data) -> whether any factor uses it */
static PyObject *take(PyObject *self, PyObject *data)
{
    int is_used = intake_take(intake_of(self), data);
    return is_used < 0 ? NULL : PyBool_FromLong(is_used);
}

/* take_as(state, data) -> None: the data are of this market */
static PyObject *take_as(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    if (n != 2)
        return PyErr_Format(PyExc_TypeError, "take_as: expected 2 arguments, found %zd", n);
    if (take_into(intake_of(self), args[0], args[1]) < 0)
        return NULL;
    Py_RETURN_NONE;
}

/* evaluate(evaluator, now_ns) -> whether any value changed; an instant before the newest is that */
static PyObject *evaluate(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    if (n != 2 || !PyObject_TypeCheck(args[0], evaluator_type)) {
        PyErr_SetString(PyExc_TypeError, "evaluate: expected an Evaluator and an instant");
        return NULL;
    }
    int64_t now_ns = PyLong_AsLongLong(args[1]);
    if (now_ns == -1 && PyErr_Occurred())
        return NULL;
    struct intake *in = intake_of(self);
    if (now_ns > in->now_ns)
        in->now_ns = now_ns;
    int changed = evaluator_bring((struct evaluator *)args[0], in->now_ns);
    return changed < 0 ? NULL : PyBool_FromLong(changed);
}

static PyObject *intake_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    PyObject *slots, *other;
    if (!PyArg_ParseTuple(args, "O!O:Intake", &PyDict_Type, &slots, &other))
        return NULL;
    struct intake *in = (struct intake *)type->tp_alloc(type, 0);
    if (in) {
        in->slots = Py_NewRef(slots);
        in->other = Py_NewRef(other);
    }
    return (PyObject *)in;
}

static int intake_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(intake_of(self)->slots);
    Py_VISIT(intake_of(self)->other);
    return 0;
}

static int intake_clear(PyObject *self)
{
    /* The dict stays: nothing that finds this object may find it without one. */
    Py_XSETREF(intake_of(self)->other, Py_NewRef(Py_None));
    return 0;
}

static void intake_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(intake_of(self)->slots);
    Py_XDECREF(intake_of(self)->other);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"take", take, METH_O, NULL},
    {"evaluate", _PyCFunction_CAST(evaluate), METH_FASTCALL, NULL},
    {"take_as", _PyCFunction_CAST(take_as), METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef members[] = {
    {"ts_event", Py_T_LONGLONG, offsetof(struct intake, ts_event), Py_READONLY, NULL},
    {"now_ns", Py_T_LONGLONG, offsetof(struct intake, now_ns), Py_READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, intake_new},
    {Py_tp_traverse, intake_traverse},
    {Py_tp_clear, intake_clear},
    {Py_tp_dealloc, intake_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "dolphin_strategies.computed.states._engine.Intake",
    .basicsize = sizeof(struct intake),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

int add_intake_type(PyObject *module)
{
    name_take = PyUnicode_InternFromString("take");
    name_instrument_id = PyUnicode_InternFromString("instrument_id");
    if (!name_take || !name_instrument_id)
        return -1;
    intake_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
    return intake_type ? PyModule_AddType(module, intake_type) : -1;
}
