/* WindowSums: the Python type of a window, its exact sums, and how it is fed. */
#include "market.h"

PyTypeObject *feed_type;

static struct feed *feed_of(PyObject *self)
{
    return (struct feed *)self;
}

static struct window *window_of(PyObject *self)
{
    return &feed_of(self)->w;
}

/* One of three lengths. Returns 0, or -1 with an exception set. */
static int take_length(struct window *w, PyObject *const *lengths)
{
    static const enum window_form forms[] = {WINDOW_OF_TIME, WINDOW_OF_COUNT, WINDOW_OF_PERIOD};
    int given = 0;
    for (int i = 0; i < 3; i++) {
        if (lengths[i] == Py_None)
            continue;
        w->form = forms[i];
        w->length = PyLong_AsLongLong(lengths[i]);
        if (w->length == -1 && PyErr_Occurred())
            return -1;
        given++;
    }
    if (given != 1 || w->length < 1) {
        PyErr_SetString(PyExc_ValueError,
                        "expected one of window_ns, count and period_ns, above 0");
        return -1;
    }
    return 0;
}

/* Pairs of columns whose products are summed too. Returns 0, or -1 with an exception set. */
static int take_products(struct window *w, PyObject *products)
{
    Py_ssize_t count = PyTuple_GET_SIZE(products);
    if (count > WINDOW_PRODUCTS) {
        PyErr_Format(PyExc_ValueError, "products: expected at most %d", WINDOW_PRODUCTS);
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        int a, b;
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(products, i), "ii:products", &a, &b))
            return -1;
        if (a < 0 || b < 0 || a >= w->columns || b >= w->columns) {
            PyErr_SetString(PyExc_ValueError, "products: expected pairs of columns");
            return -1;
        }
        w->factors[i][0] = (uint8_t)a;
        w->factors[i][1] = (uint8_t)b;
    }
    w->products = (int)count;
    return 0;
}

/* A recipe states the columns and products itself. Returns 0, or -1 with an exception set. */
static int take_recipe(struct feed *f, int recipe, int64_t step_ns, PyObject *first)
{
    if (recipe < RECIPE_NONE || recipe > RECIPE_BASIS_GRID ||
        (recipe != RECIPE_NONE && (f->w.columns || f->w.products))) {
        PyErr_SetString(PyExc_ValueError, "recipe: expected one of the module's");
        return -1;
    }
    if (recipe == RECIPE_NONE)
        return 0;
    if (recipe_is_grid(recipe) ? step_ns < 1 || f->w.form != WINDOW_OF_TIME : step_ns != 0) {
        PyErr_SetString(PyExc_ValueError, "step_ns: expected for a grid, and only there");
        return -1;
    }
    bool has_two = recipe == RECIPE_IMPACT_GRID || recipe == RECIPE_BASIS_GRID;
    if (has_two ? !PyObject_TypeCheck(first, market_type) : first != Py_None) {
        PyErr_SetString(PyExc_TypeError, "first: expected a market for a grid of two");
        return -1;
    }
    f->recipe = recipe;
    f->step_ns = step_ns;
    f->first = has_two ? (struct market *)first : NULL;
    f->w.columns = recipe_columns(recipe);
    f->w.products = recipe_products(recipe, f->w.factors);
    f->mid = f->sample = f->last = f->bid = f->ask = NAN;
    f->other = recipe == RECIPE_BASIS_GRID ? NAN : 0;
    return 0;
}

static PyObject *window_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"columns", "window_ns", "count",   "period_ns", "products",
                            "recipe",  "step_ns",   "first", NULL};
    PyObject *lengths[3] = {Py_None, Py_None, Py_None}, *products = NULL, *first = Py_None;
    int columns, recipe = RECIPE_NONE;
    long long step_ns = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "i|$OOOO!iLO:WindowSums", names, &columns,
                                     &lengths[0], &lengths[1], &lengths[2], &PyTuple_Type,
                                     &products, &recipe, &step_ns, &first))
        return NULL;
    if (columns < 0 || columns > WINDOW_COLUMNS) {
        PyErr_Format(PyExc_ValueError, "columns: expected 0 to %d, found %d", WINDOW_COLUMNS,
                     columns);
        return NULL;
    }
    struct feed *f = (struct feed *)type->tp_alloc(type, 0);
    if (!f)
        return NULL;
    f->w.since_ns = WINDOW_NEVER;
    f->w.columns = columns;
    if (take_length(&f->w, lengths) < 0 || (products && take_products(&f->w, products) < 0) ||
        take_recipe(f, recipe, step_ns, first) < 0) {
        Py_DECREF(f);
        return NULL;
    }
    f->w.row_bytes = sizeof(struct window_row) + sizeof(double) * (size_t)f->w.columns;
    return (PyObject *)f;
}

static void window_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    window_clear(window_of(self));
    type->tp_free(self);
    Py_DECREF(type);
}

/* add(ts_ns, *columns) -> whether the row could be added */
static PyObject *call_add(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    struct window *w = window_of(self);
    if (n != w->columns + 1)
        return PyErr_Format(PyExc_TypeError, "add: expected %d arguments, found %zd",
                            w->columns + 1, n);
    int64_t ts_ns = PyLong_AsLongLong(args[0]);
    if (ts_ns == -1 && PyErr_Occurred())
        return NULL;
    double values[WINDOW_COLUMNS];
    for (int i = 0; i < w->columns; i++) {
        values[i] = PyFloat_AsDouble(args[i + 1]);
        if (values[i] == -1.0 && PyErr_Occurred())
            return NULL;
    }
    int result = window_add(w, ts_ns, values);
    return result < 0 ? PyErr_NoMemory() : PyBool_FromLong(result);
}

/* begin(ts_ns): data are complete from this instant, although there were no rows */
static PyObject *call_begin(PyObject *self, PyObject *argument)
{
    struct window *w = window_of(self);
    int64_t ts_ns = PyLong_AsLongLong(argument);
    if (ts_ns == -1 && PyErr_Occurred())
        return NULL;
    if (ts_ns < w->since_ns)
        w->since_ns = ts_ns;
    Py_RETURN_NONE;
}

/* Returns 0 with the window brought to the instant, or -1 with an exception set. */
static int advance_to(PyObject *self, PyObject *argument)
{
    int64_t now_ns = PyLong_AsLongLong(argument);
    if (now_ns == -1 && PyErr_Occurred())
        return -1;
    if (feed_advance(feed_of(self), now_ns) < 0) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

/* sums(now_ns) -> a float for each column and product; NaN while the window is not full */
static PyObject *call_sums(PyObject *self, PyObject *argument)
{
    struct window *w = window_of(self);
    if (advance_to(self, argument) < 0)
        return NULL;
    bool is_full = window_is_full(w, w->newest_ns);
    int n = w->columns + w->products;
    PyObject *sums = PyTuple_New(n);
    for (int i = 0; sums && i < n; i++) {
        PyObject *sum = PyFloat_FromDouble(is_full ? fixed_round(&w->sums[i]) : NAN);
        if (!sum)
            Py_CLEAR(sums);
        else
            PyTuple_SET_ITEM(sums, i, sum);
    }
    return sums;
}

/* count(now_ns) -> rows in the window; -1 while it is not full */
static PyObject *call_count(PyObject *self, PyObject *argument)
{
    struct window *w = window_of(self);
    if (advance_to(self, argument) < 0)
        return NULL;
    return PyLong_FromLongLong(window_is_full(w, w->newest_ns) ? w->count : -1);
}

/* left(now_ns) -> column 0 of the row that left last; NaN: none has left */
static PyObject *call_left(PyObject *self, PyObject *argument)
{
    struct window *w = window_of(self);
    if (advance_to(self, argument) < 0)
        return NULL;
    return PyFloat_FromDouble(w->has_left && w->columns ? w->left[0] : NAN);
}

/* covariation(now_ns, product, n) -> n * sum of a * b - sum of a * sum of b; NaN: not full */
static PyObject *call_covariation(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    struct window *w = window_of(self);
    if (count != 3)
        return PyErr_Format(PyExc_TypeError, "covariation: expected 3 arguments, found %zd",
                            count);
    long product = PyLong_AsLong(args[1]);
    unsigned long long n = PyLong_AsUnsignedLongLong(args[2]);
    if (PyErr_Occurred() || advance_to(self, args[0]) < 0)
        return NULL;
    if (product < 0 || product >= w->products)
        return PyErr_Format(PyExc_ValueError, "product: expected 0 to %d", w->products - 1);
    bool is_full = window_is_full(w, w->newest_ns);
    return PyFloat_FromDouble(is_full ? window_covariation(w, n, (int)product) : NAN);
}

static PyObject *get_due_ns(PyObject *self, void *closure)
{
    struct feed *f = feed_of(self);
    return PyLong_FromLongLong(feed_due_ns(f, f->w.newest_ns));
}

static PyObject *get_since_ns(PyObject *self, void *closure)
{
    return PyLong_FromLongLong(window_of(self)->since_ns);
}

static PyObject *get_refused(PyObject *self, void *closure)
{
    return PyLong_FromUnsignedLongLong(window_of(self)->refused);
}

static PyMethodDef window_methods[] = {
    {"add", _PyCFunction_CAST(call_add), METH_FASTCALL, NULL},
    {"begin", call_begin, METH_O, NULL},
    {"sums", call_sums, METH_O, NULL},
    {"count", call_count, METH_O, NULL},
    {"left", call_left, METH_O, NULL},
    {"covariation", _PyCFunction_CAST(call_covariation), METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef window_attributes[] = {
    {"due_ns", get_due_ns, NULL, NULL, NULL},
    {"since_ns", get_since_ns, NULL, NULL, NULL},
    {"refused", get_refused, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot window_slots[] = {
    {Py_tp_new, window_new},
    {Py_tp_dealloc, window_dealloc},
    {Py_tp_methods, window_methods},
    {Py_tp_getset, window_attributes},
    {0, NULL},
};

static PyType_Spec window_spec = {
    .name = "dolphin_strategies.computed.states._engine.WindowSums",
    .basicsize = sizeof(struct feed),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = window_slots,
};

int add_feed_type(PyObject *module)
{
    static const struct {
        const char *name;
        enum recipe recipe;
    } recipes[] = {
        {"ARRIVALS", RECIPE_ARRIVALS},       {"FLOW", RECIPE_FLOW},
        {"COIN_FLOW", RECIPE_COIN_FLOW},     {"ORDER_FLOW", RECIPE_ORDER_FLOW},
        {"NUMBER", RECIPE_NUMBER},           {"RETURNS", RECIPE_RETURNS},
        {"RETURN_GRID", RECIPE_RETURN_GRID}, {"IMPACT_GRID", RECIPE_IMPACT_GRID},
        {"BASIS_GRID", RECIPE_BASIS_GRID},
    };
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++)
        if (PyModule_AddIntConstant(module, recipes[i].name, recipes[i].recipe) < 0)
            return -1;
    feed_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &window_spec, NULL);
    return feed_type ? PyModule_AddType(module, feed_type) : -1;
}
