/* Formula: the Python type of a formula, called with an instant. */
#include "formula.h"

#include <stddef.h>
#include <structmember.h>

PyTypeObject *formula_type;

static struct formula *formula_of(PyObject *self)
{
    return (struct formula *)self;
}

static const struct {
    const char *name;
    int markets, feeds; /* how many it needs at least */
} kinds[FORMULA_KINDS] = {
    [FORMULA_NUMBER] = {"number", 1, 0},
    [FORMULA_SPREAD] = {"spread", 1, 0},
    [FORMULA_TOUCH_IMBALANCE] = {"touch_imbalance", 1, 0},
    [FORMULA_MICROPRICE] = {"microprice", 1, 0},
    [FORMULA_OVER] = {"over", 2, 0},
    [FORMULA_IMBALANCE] = {"imbalance", 0, 1},
    [FORMULA_DIFFERENCE] = {"difference", 0, 1},
    [FORMULA_TOTAL] = {"total", 0, 1},
    [FORMULA_RATE] = {"rate", 0, 1},
    [FORMULA_CHANGE] = {"change", 1, 1},
    [FORMULA_VOLATILITY] = {"volatility", 0, 1},
    [FORMULA_VWAP] = {"vwap", 1, 1},
    [FORMULA_SLOPE] = {"slope", 0, 1},
    [FORMULA_Z_SCORE] = {"z_score", 2, 1},
    [FORMULA_LEAD] = {"lead", 2, 2},
};

static PyObject *formula_call(PyObject *self, PyObject *const *args, size_t nargsf,
                              PyObject *names)
{
    if (PyVectorcall_NARGS(nargsf) != 1 || names)
        return PyErr_Format(PyExc_TypeError, "Formula: expected an instant");
    int64_t now_ns = PyLong_AsLongLong(args[0]);
    if (now_ns == -1 && PyErr_Occurred())
        return NULL;
    return PyFloat_FromDouble(formula_value(formula_of(self), now_ns));
}

/* Take up to two objects of a type. Returns 0, or -1 with an exception set. */
static int take_objects(PyObject *given, PyTypeObject *type, int least, PyObject **places)
{
    Py_ssize_t n = PyTuple_GET_SIZE(given);
    if (n < least || n > 2) {
        PyErr_Format(PyExc_ValueError, "expected %d to 2 of %s, found %zd", least,
                     type->tp_name, n);
        return -1;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = PyTuple_GET_ITEM(given, i);
        if (!PyObject_TypeCheck(item, type)) {
            PyErr_Format(PyExc_TypeError, "expected %s, found %R", type->tp_name, item);
            return -1;
        }
        places[i] = Py_NewRef(item);
    }
    return 0;
}

/* A window must have the columns and products that a formula reads. */
static bool has_columns(const struct formula *f)
{
    const struct window *w = f->feeds[0] ? &f->feeds[0]->w : NULL;
    switch (f->kind) {
    case FORMULA_IMBALANCE:
    case FORMULA_DIFFERENCE:
        return w->columns >= 2;
    case FORMULA_TOTAL:
        return w->columns >= 1;
    case FORMULA_VOLATILITY:
        return f->column >= 0 && f->column < w->columns;
    case FORMULA_VWAP:
        return w->columns >= 4;
    case FORMULA_SLOPE:
        return w->products >= 2;
    case FORMULA_Z_SCORE:
        return w->products >= 1;
    case FORMULA_NUMBER:
        return f->column >= 0 && f->column < MARKET_NUMBERS;
    default:
        return true;
    }
}

static PyObject *formula_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"kind", "markets", "feeds", "weight", "scale", "column", NULL};
    const char *name;
    PyObject *markets, *feeds;
    double weight = 1, scale = 1;
    int column = 0, kind = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "sO!O!|ddi:Formula", names, &name,
                                     &PyTuple_Type, &markets, &PyTuple_Type, &feeds, &weight,
                                     &scale, &column))
        return NULL;
    while (kind < FORMULA_KINDS && strcmp(kinds[kind].name, name) != 0)
        kind++;
    if (kind == FORMULA_KINDS)
        return PyErr_Format(PyExc_ValueError, "kind: there is no formula %s", name);
    struct formula *f = (struct formula *)type->tp_alloc(type, 0);
    if (!f)
        return NULL;
    f->vectorcall = formula_call;
    f->kind = kind;
    f->weight = weight;
    f->slope = NAN;
    f->scale = scale;
    f->column = column;
    f->due_ns = WINDOW_NEVER;
    int result = take_objects(markets, market_type, kinds[kind].markets, (PyObject **)f->markets);
    if (result == 0)
        result = take_objects(feeds, feed_type, kinds[kind].feeds, (PyObject **)f->feeds);
    if (result == 0 && !has_columns(f)) {
        PyErr_Format(PyExc_ValueError, "%s: the window lacks columns", name);
        result = -1;
    }
    if (result < 0)
        Py_CLEAR(f);
    return (PyObject *)f;
}

static int formula_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    for (int i = 0; i < 2; i++) {
        Py_VISIT((PyObject *)formula_of(self)->markets[i]);
        Py_VISIT((PyObject *)formula_of(self)->feeds[i]);
    }
    return 0;
}

static void formula_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    for (int i = 0; i < 2; i++) {
        Py_XDECREF(formula_of(self)->markets[i]);
        Py_XDECREF(formula_of(self)->feeds[i]);
    }
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef members[] = {
    {"due_ns", Py_T_LONGLONG, offsetof(struct formula, due_ns), Py_READONLY, NULL},
    {"__vectorcalloffset__", Py_T_PYSSIZET, offsetof(struct formula, vectorcall), Py_READONLY,
     NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, formula_new},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_traverse, formula_traverse},
    {Py_tp_dealloc, formula_dealloc},
    {Py_tp_members, members},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "dolphin_strategies.computed.states._engine.Formula",
    .basicsize = sizeof(struct formula),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
    .slots = slots,
};

int add_formula_type(PyObject *module)
{
    formula_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
    return formula_type ? PyModule_AddType(module, formula_type) : -1;
}
