/* Evaluator: brings the values of many factors to an instant, touching only those that change. */
#include "evaluator.h"

#include "formula.h"

#include <stddef.h>
#include <structmember.h>

struct place {
    PyObject *factor;        /* a ComputedFactor */
    PyObject *value_at;      /* its method; NULL if it is a formula */
    struct formula *formula; /* NULL: it is Python */
    PyObject *markets;       /* a tuple: those that the value depends on */
    PyObject *lives;         /* a tuple: those whose age is compared with the time to live */
    bool lives_while_any;
    bool is_ended; /* the input is too old, or there was none */
    int64_t life_ns, end_ns, due_ns;
    uint64_t seen, lives_seen; /* sums of versions */
    double low, high;
    uint64_t out_of_range, failed;
};

PyTypeObject *evaluator_type;

static PyObject *name_due_ns;

static struct evaluator *evaluator_of(PyObject *self)
{
    return (struct evaluator *)self;
}

static struct market *market_at(PyObject *markets, Py_ssize_t i)
{
    return (struct market *)PyTuple_GET_ITEM(markets, i);
}

static uint64_t versions(PyObject *markets)
{
    uint64_t sum = 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(markets); i++)
        sum += market_at(markets, i)->version;
    return sum;
}

/* The instant at which the input is too old; 0: there was none. */
static int64_t end_ns(const struct place *p)
{
    int64_t from_ns = p->lives_while_any ? 0 : WINDOW_NEVER;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(p->lives); i++) {
        int64_t ts_event = market_at(p->lives, i)->ts_event;
        if (p->lives_while_any ? ts_event > from_ns : ts_event < from_ns)
            from_ns = ts_event;
    }
    if (from_ns == 0 || from_ns > WINDOW_NEVER - p->life_ns)
        return from_ns ? WINDOW_NEVER : 0;
    return from_ns + p->life_ns;
}

/* Bad data must not end a run: what they make a Python factor raise is no value. */
static int is_bad_number(void)
{
    return PyErr_ExceptionMatches(PyExc_ArithmeticError) ||
           PyErr_ExceptionMatches(PyExc_ValueError);
}

/* Returns 0 with the value, or -1 with an exception set. */
static int value_of(struct place *p, int64_t now_ns, double *value)
{
    if (p->formula) {
        *value = formula_value(p->formula, now_ns);
        p->due_ns = p->formula->due_ns;
        return 0;
    }
    PyObject *now = PyLong_FromLongLong(now_ns);
    PyObject *result = now ? PyObject_CallOneArg(p->value_at, now) : NULL;
    Py_XDECREF(now);
    *value = result ? PyFloat_AsDouble(result) : -1;
    Py_XDECREF(result);
    if (*value == -1 && PyErr_Occurred()) {
        if (!is_bad_number())
            return -1;
        PyErr_Clear();
        p->failed++;
        *value = NAN;
    }
    PyObject *due_ns = PyObject_GetAttr(p->factor, name_due_ns);
    if (!due_ns)
        return -1;
    p->due_ns = PyLong_AsLongLong(due_ns);
    Py_DECREF(due_ns);
    return p->due_ns == -1 && PyErr_Occurred() ? -1 : 0;
}

int evaluator_bring(struct evaluator *e, int64_t now_ns)
{
    double *values = e->values.buf;
    bool changed = false;
    e->due_ns = e->expiry_ns = WINDOW_NEVER;
    /* Places of the same markets, which mostly follow each other, have one tuple. */
    PyObject *markets = NULL;
    uint64_t seen = 0;
    for (Py_ssize_t i = 0; i < e->count; i++) {
        struct place *p = &e->places[i];
        if (p->markets != markets) {
            markets = p->markets;
            seen = versions(markets);
        }
        uint64_t lives_seen = p->lives == markets ? seen : versions(p->lives);
        if (lives_seen != p->lives_seen)
            p->end_ns = end_ns(p);
        bool is_ended = now_ns >= p->end_ns;
        if (seen != p->seen || is_ended != p->is_ended || now_ns >= p->due_ns) {
            p->due_ns = WINDOW_NEVER;
            double value = NAN;
            if (!is_ended && value_of(p, now_ns, &value) < 0)
                return -1;
            if (!(p->low <= value && value <= p->high)) {
                p->out_of_range += !isnan(value);
                value = NAN;
            }
            if (value != values[i] && !(isnan(value) && isnan(values[i]))) {
                values[i] = value;
                changed = true;
            }
            p->seen = seen;
            p->is_ended = is_ended;
        }
        p->lives_seen = lives_seen;
        if (p->due_ns < e->due_ns)
            e->due_ns = p->due_ns;
        if (!is_ended && p->end_ns < e->expiry_ns)
            e->expiry_ns = p->end_ns;
    }
    return changed;
}

/* counts() -> for each factor, values out of range and numbers that could not be computed */
static PyObject *counts(PyObject *self, PyObject *ignored)
{
    struct evaluator *e = evaluator_of(self);
    PyObject *list = PyList_New(e->count);
    for (Py_ssize_t i = 0; list && i < e->count; i++) {
        PyObject *pair = Py_BuildValue("(KK)", (unsigned long long)e->places[i].out_of_range,
                                       (unsigned long long)e->places[i].failed);
        if (!pair)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, i, pair);
    }
    return list;
}

static bool are_markets(PyObject *tuple)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++)
        if (!PyObject_TypeCheck(PyTuple_GET_ITEM(tuple, i), market_type))
            return false;
    return PyTuple_GET_SIZE(tuple) > 0;
}

static bool are_same(PyObject *some, PyObject *others)
{
    Py_ssize_t count = PyTuple_GET_SIZE(some);
    bool result = count == PyTuple_GET_SIZE(others);
    for (Py_ssize_t i = 0; result && i < count; i++)
        result = PyTuple_GET_ITEM(some, i) == PyTuple_GET_ITEM(others, i);
    return result;
}

/* Let a place have the tuples of an earlier one where the markets are the same. */
static void share_tuples(struct evaluator *e, struct place *p)
{
    for (struct place *q = e->places; q < p; q++)
        if (are_same(q->markets, p->markets))
            Py_SETREF(p->markets, Py_NewRef(q->markets));
    if (are_same(p->markets, p->lives))
        Py_SETREF(p->lives, Py_NewRef(p->markets));
}

/* Returns 0, or -1 with an exception set. */
static int take_place(struct place *p, PyObject *given)
{
    PyObject *factor, *formula, *markets, *lives;
    int any;
    long long life_ns;
    if (!PyArg_ParseTuple(given, "OOO!O!pLdd:place", &factor, &formula, &PyTuple_Type, &markets,
                          &PyTuple_Type, &lives, &any, &life_ns, &p->low, &p->high))
        return -1;
    if (!are_markets(markets) || !are_markets(lives) || life_ns < 0 ||
        (formula != Py_None && !PyObject_TypeCheck(formula, formula_type))) {
        PyErr_SetString(PyExc_TypeError, "place: expected a factor, its formula and its markets");
        return -1;
    }
    p->factor = Py_NewRef(factor);
    p->markets = Py_NewRef(markets);
    p->lives = Py_NewRef(lives);
    p->lives_while_any = any;
    p->life_ns = life_ns;
    p->due_ns = WINDOW_NEVER;
    p->seen = p->lives_seen = UINT64_MAX;
    p->is_ended = true;
    if (formula != Py_None)
        p->formula = (struct formula *)Py_NewRef(formula);
    else
        p->value_at = PyObject_GetAttrString(factor, "value_at");
    return p->formula || p->value_at ? 0 : -1;
}

static PyObject *evaluator_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    PyObject *values, *places;
    if (!PyArg_ParseTuple(args, "OO!:Evaluator", &values, &PyTuple_Type, &places))
        return NULL;
    struct evaluator *e = (struct evaluator *)type->tp_alloc(type, 0);
    if (!e)
        return NULL;
    Py_ssize_t count = PyTuple_GET_SIZE(places);
    e->due_ns = e->expiry_ns = WINDOW_NEVER;
    if (PyObject_GetBuffer(values, &e->values, PyBUF_WRITABLE | PyBUF_FORMAT) < 0)
        goto fail;
    if (strcmp(e->values.format ? e->values.format : "B", "d") != 0 ||
        e->values.len != count * (Py_ssize_t)sizeof(double)) {
        PyErr_SetString(PyExc_ValueError, "values: expected one float64 for each factor");
        goto fail;
    }
    e->places = PyMem_Calloc(count ? (size_t)count : 1, sizeof *e->places);
    if (!e->places) {
        PyErr_NoMemory();
        goto fail;
    }
    for (; e->count < count; e->count++) {
        if (take_place(&e->places[e->count], PyTuple_GET_ITEM(places, e->count)) < 0) {
            e->count++;
            goto fail;
        }
        share_tuples(e, &e->places[e->count]);
    }
    return (PyObject *)e;
fail:
    Py_DECREF(e);
    return NULL;
}

static int evaluator_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct evaluator *e = evaluator_of(self);
    Py_VISIT(Py_TYPE(self));
    for (Py_ssize_t i = 0; i < e->count; i++) {
        Py_VISIT(e->places[i].factor);
        Py_VISIT(e->places[i].value_at);
        Py_VISIT((PyObject *)e->places[i].formula);
        Py_VISIT(e->places[i].markets);
        Py_VISIT(e->places[i].lives);
    }
    return 0;
}

static void evaluator_dealloc(PyObject *self)
{
    struct evaluator *e = evaluator_of(self);
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    for (Py_ssize_t i = 0; i < e->count; i++) {
        Py_XDECREF(e->places[i].factor);
        Py_XDECREF(e->places[i].value_at);
        Py_XDECREF(e->places[i].formula);
        Py_XDECREF(e->places[i].markets);
        Py_XDECREF(e->places[i].lives);
    }
    PyMem_Free(e->places);
    if (e->values.obj)
        PyBuffer_Release(&e->values);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"counts", counts, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef members[] = {
    {"due_ns", Py_T_LONGLONG, offsetof(struct evaluator, due_ns), Py_READONLY, NULL},
    {"expiry_ns", Py_T_LONGLONG, offsetof(struct evaluator, expiry_ns), Py_READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, evaluator_new},       {Py_tp_traverse, evaluator_traverse},
    {Py_tp_dealloc, evaluator_dealloc}, {Py_tp_methods, methods},
    {Py_tp_members, members},         {0, NULL},
};

static PyType_Spec spec = {
    .name = "dolphin_strategies.computed.states._engine.Evaluator",
    .basicsize = sizeof(struct evaluator),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

int add_evaluator_type(PyObject *module)
{
    name_due_ns = PyUnicode_InternFromString("due_ns");
    if (!name_due_ns)
        return -1;
    evaluator_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, NULL);
    return evaluator_type ? PyModule_AddType(module, evaluator_type) : -1;
}
