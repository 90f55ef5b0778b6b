/* The calls of the hot path as plain Python builtins.
 *
 * The rest of the C is called through cffi, whose call (tuple, conversions, errno, giving up and
 * retaking the interpreter's lock) costs about 150 ns: more than the work done here. Structs and
 * buffers arrive as addresses that Python keeps alive. None of these calls blocks, but for the
 * spin_ns of a read.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "region.h"

#include <errno.h>

static void *pointer_of(PyObject *address)
{
    return PyLong_AsVoidPtr(address);
}

static int has_arguments(Py_ssize_t found, Py_ssize_t expected)
{
    if (found == expected)
        return 1;
    PyErr_Format(PyExc_TypeError, "expected %zd arguments, found %zd", expected, found);
    return 0;
}

/* An instant in UNIX nanoseconds; -1 with an exception set if it is not one. */
static int64_t instant_of(PyObject *object)
{
    int overflow;
    long long instant = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow || (instant < 0 && !PyErr_Occurred()))
        PyErr_Format(PyExc_ValueError,
                     "ts_event: expected UNIX nanoseconds from 0 to 2**63 - 1, found %S", object);
    return instant < 0 ? -1 : instant;
}

/* publish(writer, values, ts_event) -> 0 or -errno */
static PyObject *publish(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    if (!has_arguments(n, 3))
        return NULL;
    int64_t ts_event = instant_of(args[2]);
    if (ts_event < 0)
        return NULL;
    return PyLong_FromLong(
        region_publish(pointer_of(args[0]), pointer_of(args[1]), ts_event));
}

/* publish_dict(writer, factor_dict, dict, ts_event) -> 0 or -errno; -EAGAIN: not all plain */
static PyObject *publish_dict(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    if (!has_arguments(n, 4))
        return NULL;
    struct region_writer *w = pointer_of(args[0]);
    struct factor_dict *d = pointer_of(args[1]);
    int64_t ts_event = instant_of(args[3]);
    if (ts_event < 0)
        return NULL;
    if (!w->control)
        return PyLong_FromLong(-EBADF);
    if (!PyDict_CheckExact(args[2]))
        return PyLong_FromLong(-EAGAIN);
    struct factor_dict before = *d;
    int result = factor_dict_gather(d, args[2]);
    if (PyErr_Occurred())
        return NULL;
    if (result == 0)
        result = region_publish(w, d->values, ts_event);
    if (result < 0) {
        /* Only what was published is counted. */
        *d = before;
    }
    return PyLong_FromLong(result);
}

/* A result that is no record: None if there is nothing, or if the writer overtook the reader again
 * and again, which means "not now"; else the code. */
static PyObject *no_record(int result)
{
    if (result == REGION_NOTHING || result == -EAGAIN)
        Py_RETURN_NONE;
    return PyLong_FromLong(result);
}

/* What the reader keeps to make records of: (class, schema, clock, stream_id). */
enum { CLASS, SCHEMA, CLOCK, STREAM_ID, MAKING_SIZE };

/* class(schema, payload, ts_event, ts_init, sequence, published_mono_ns, stream_id) */
static PyObject *make_record(PyObject *making, PyObject *payload,
                             const struct region_record *header)
{
    PyObject *ts_init = PyObject_CallNoArgs(PyTuple_GET_ITEM(making, CLOCK));
    if (!ts_init)
        return NULL;
    /* 0 is "unknown"; a damaged stamp is that too. */
    int64_t published_mono_ns = header->published_mono_ns > 0 ? header->published_mono_ns : 0;
    PyObject *arguments[] = {
        PyTuple_GET_ITEM(making, SCHEMA),
        payload,
        /* Unsigned, as Nautilus takes it, so that a damaged stamp is at least no exception there. */
        PyLong_FromUnsignedLongLong((uint64_t)header->ts_event),
        ts_init,
        PyLong_FromUnsignedLongLong(header->sequence),
        PyLong_FromLongLong(published_mono_ns),
        PyTuple_GET_ITEM(making, STREAM_ID),
    };
    PyObject *record = NULL;
    if (arguments[2] && arguments[4] && arguments[5])
        record = PyObject_Vectorcall(PyTuple_GET_ITEM(making, CLASS), arguments, 7, NULL);
    for (int i = 2; i <= 5; i++)
        Py_XDECREF(arguments[i]);
    return record;
}

typedef int read_function(struct region_reader *, struct region_record *, double *);

static PyObject *read_with(read_function *read, PyObject *const *args, Py_ssize_t n)
{
    if (!has_arguments(n, 3))
        return NULL;
    struct region_reader *r = pointer_of(args[0]);
    long long spin_ns = PyLong_AsLongLong(args[1]);
    if (spin_ns == -1 && PyErr_Occurred())
        return NULL;
    if (!PyTuple_CheckExact(args[2]) || PyTuple_GET_SIZE(args[2]) != MAKING_SIZE) {
        PyErr_SetString(PyExc_TypeError, "expected (class, schema, clock, stream_id)");
        return NULL;
    }
    if (spin_ns > 0) {
        int seen;
        if (r->is_closing)
            return PyLong_FromLong(-EBADF);
        /* Others get the interpreter meanwhile: Nautilus's own threads need it. */
        r->watching++;
        Py_BEGIN_ALLOW_THREADS
        seen = region_spin(r, spin_ns);
        Py_END_ALLOW_THREADS
        r->watching--;
        if (seen != REGION_RECORD)
            return no_record(seen);
    }
    union {
        struct region_record record;
        uint8_t bytes[REGION_RECORD_HEADER];
    } header;
    PyObject *payload = PyBytes_FromStringAndSize(NULL, 8 * (Py_ssize_t)r->factor_count);
    if (!payload)
        return NULL;
    int result = read(r, &header.record, (double *)PyBytes_AS_STRING(payload));
    PyObject *got = result == REGION_RECORD ? make_record(args[2], payload, &header.record)
                                            : no_record(result);
    Py_DECREF(payload);
    return got;
}

/* read_latest(reader, spin_ns, making) -> a record, None for nothing, or a result code; watches up
 * to spin_ns for a record to come */
static PyObject *read_latest(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    return read_with(region_read_latest, args, n);
}

/* read_next(reader, spin_ns, making), likewise */
static PyObject *read_next(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    return read_with(region_read_next, args, n);
}

/* read_latest_into(reader, values) -> sequence, 0 for nothing new or "not now", or a negative
 * result code; a moved region gives -ESTALE, because its positive code would look like a sequence */
static PyObject *read_latest_into(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    if (!has_arguments(n, 2))
        return NULL;
    union {
        struct region_record record;
        uint8_t bytes[REGION_RECORD_HEADER];
    } header;
    int result =
        region_read_latest(pointer_of(args[0]), &header.record, pointer_of(args[1]));
    if (result == REGION_RECORD)
        return PyLong_FromUnsignedLongLong(header.record.sequence);
    if (result == -EAGAIN)
        result = REGION_NOTHING;
    return PyLong_FromLong(result == REGION_MOVED ? -ESTALE : result);
}

/* close_reader(reader) -> whether no call reads any more; False while one still watches */
static PyObject *close_reader(PyObject *module, PyObject *const *args, Py_ssize_t n)
{
    if (!has_arguments(n, 1))
        return NULL;
    struct region_reader *r = pointer_of(args[0]);
    r->is_closing = 1;
    if (r->control && r->watching)
        Py_RETURN_FALSE;
    r->control = NULL;
    Py_RETURN_TRUE;
}

static PyMethodDef calls[] = {
    {"publish", (PyCFunction)(void *)publish, METH_FASTCALL, NULL},
    {"publish_dict", (PyCFunction)(void *)publish_dict, METH_FASTCALL, NULL},
    {"read_latest", (PyCFunction)(void *)read_latest, METH_FASTCALL, NULL},
    {"read_next", (PyCFunction)(void *)read_next, METH_FASTCALL, NULL},
    {"read_latest_into", (PyCFunction)(void *)read_latest_into, METH_FASTCALL, NULL},
    {"close_reader", (PyCFunction)(void *)close_reader, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

/* Put the calls into a Python dict (its address). Returns 0 or -errno. */
int python_calls_into(uint64_t namespace)
{
    /* cffi released the lock of the interpreter around this call. */
    PyGILState_STATE state = PyGILState_Ensure();
    int result = 0;
    for (PyMethodDef *call = calls; call->ml_name && !result; call++) {
        PyObject *function = PyCFunction_New(call, NULL);
        if (!function ||
            PyDict_SetItemString((PyObject *)namespace, call->ml_name, function) < 0)
            result = -ENOMEM;
        Py_XDECREF(function);
    }
    PyErr_Clear();
    PyGILState_Release(state);
    return result;
}
