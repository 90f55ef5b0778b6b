/* The extension module _engine: the types of market data, windows, formulas, evaluation and records. */
#include "evaluator.h"

static int engine_exec(PyObject *module)
{
    if (decode_intern_names() < 0)
        return -1;
    if (add_market_type(module) < 0 || add_feed_type(module) < 0)
        return -1;
    if (add_formula_type(module) < 0 || add_evaluator_type(module) < 0)
        return -1;
    return add_intake_type(module) < 0 ? -1 : add_records_type(module);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, engine_exec},
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
    {0, NULL},
};

static PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "dolphin_strategies.computed.states._engine",
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__engine(void)
{
    return PyModuleDef_Init(&module);
}
