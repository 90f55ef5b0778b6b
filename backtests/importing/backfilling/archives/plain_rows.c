/* plain_rows: lines of plain numbers as the buffers of Arrow's columns, in one pass.
 *
 * Plain is what exchanges write: unsigned digits with at most one point, true or false, one comma
 * between cells and one line feed after a row. Everything else (an empty cell, a quote, a sign, an
 * exponent, a carriage return, more digits than fit) is left to a full parser: None is returned.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "Arrow's buffers are little-endian");

enum {
    MOST_COLUMNS = 32,
    MOST_DIGITS = 18, /* below 2**63, and below 10**38 as a decimal with 16 digits after the point */
    SCALE = 16,
    MOST_BYTES = 1 << 30, /* offsets of text are int32 */
};

struct column {
    char kind; /* 'd' decimal128(38, 16), 'i' int64, 'b' boolean, 't' text of digits, '-' left out */
    char *values;
    int32_t *offsets;
    int32_t length;
};

static const uint64_t powers[SCALE + 1] = {
    1u, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u, 100000000u, 1000000000u,
    10000000000u, 100000000000u, 1000000000000u, 10000000000000u, 100000000000000u,
    1000000000000000u, 10000000000000000u,
};

/* A run of digits, of any length: the caller looks at the length before it trusts the value. */
static inline const char *skip_digits(const char *at, uint64_t *value)
{
    unsigned digit;
    uint64_t found = *value;
    while ((digit = (unsigned)(unsigned char)*at - '0') <= 9) {
        found = found * 10 + digit;
        at++;
    }
    *value = found;
    return at;
}

static inline const char *decimal_cell(const char *at, char *into)
{
    uint64_t value = 0;
    const char *end = skip_digits(at, &value);
    Py_ssize_t count = end - at, decimals = 0;
    if (!count)
        return NULL;
    if (*end == '.') {
        const char *point = end;
        end = skip_digits(point + 1, &value);
        decimals = end - point - 1;
        if (!decimals || decimals > SCALE)
            return NULL;
    }
    if (count + decimals > MOST_DIGITS)
        return NULL;
    unsigned __int128 raw = (unsigned __int128)value * powers[SCALE - decimals];
    memcpy(into, &raw, sizeof raw);
    return end;
}

static inline const char *integer_cell(const char *at, char *into)
{
    uint64_t value = 0;
    const char *end = skip_digits(at, &value);
    if (end == at || end - at > MOST_DIGITS)
        return NULL;
    memcpy(into, &value, sizeof value);
    return end;
}

static inline const char *boolean_cell(const char *at, char *bits, Py_ssize_t row)
{
    /* Each comparison ends at the NUL behind the text. */
    if ((at[0] == 't' || at[0] == 'T') && at[1] == 'r' && at[2] == 'u' && at[3] == 'e') {
        bits[row >> 3] |= (char)(1 << (row & 7));
        return at + 4;
    }
    if ((at[0] == 'f' || at[0] == 'F') && at[1] == 'a' && at[2] == 'l' && at[3] == 's' &&
        at[4] == 'e')
        return at + 5;
    return NULL;
}

static inline const char *text_cell(const char *at, struct column *column, Py_ssize_t row)
{
    const char *end = at;
    while (*end >= '0' && *end <= '9')
        end++;
    Py_ssize_t count = end - at;
    if (!count || count > MOST_DIGITS)
        return NULL;
    memcpy(column->values + column->length, at, (size_t)count);
    column->length += (int32_t)count;
    column->offsets[row + 1] = column->length;
    return end;
}

static const char is_word[256] = {
    ['-'] = 1,
    ['.'] = 1,
    ['0' ... '9'] = 1,
    ['A' ... 'Z'] = 1,
    ['a' ... 'z'] = 1,
};

/* A cell that nobody reads: letters, digits, points and minus signs. */
static inline const char *left_out_cell(const char *at)
{
    const char *start = at;
    while (is_word[(unsigned char)*at])
        at++;
    return at == start ? NULL : at;
}

/* Whether every row is plain. A NUL lies behind the text, and is part of no cell. */
static int read_rows(const char *text, Py_ssize_t size, struct column *columns, int count,
                     Py_ssize_t rows)
{
    const char *at = text, *end = text + size;
    for (Py_ssize_t row = 0; row < rows; row++) {
        for (int i = 0; i < count; i++) {
            struct column *column = &columns[i];
            if (i && *at++ != ',')
                return 0;
            switch (column->kind) {
            case 'd':
                at = decimal_cell(at, column->values + row * 16);
                break;
            case 'i':
                at = integer_cell(at, column->values + row * 8);
                break;
            case 'b':
                at = boolean_cell(at, column->values, row);
                break;
            case 't':
                at = text_cell(at, column, row);
                break;
            default:
                at = left_out_cell(at);
            }
            if (!at)
                return 0;
        }
        if (*at == '\n')
            at++;
        else if (at != end)
            return 0;
    }
    return at == end;
}

static Py_ssize_t lines_of(const char *text, Py_ssize_t size)
{
    const char *at = text, *end = text + size;
    Py_ssize_t lines = size && end[-1] != '\n';
    while ((at = memchr(at, '\n', (size_t)(end - at)))) {
        lines++;
        if (++at == end)
            break;
    }
    return lines;
}

/* The memory of the columns: objects of the caller's, and what is written through. */
struct memory {
    PyObject *allocate;
    PyObject *buffers;
    Py_buffer views[2 * MOST_COLUMNS];
    int count;
};

static void release(struct memory *memory)
{
    while (memory->count)
        PyBuffer_Release(&memory->views[--memory->count]);
}

/* A new buffer of at least this size, whose content is of no meaning yet. */
static char *new_buffer(struct memory *memory, Py_ssize_t size)
{
    PyObject *buffer = PyObject_CallFunction(memory->allocate, "n", size);
    if (!buffer)
        return NULL;
    int failed = PyList_Append(memory->buffers, buffer);
    Py_DECREF(buffer);
    Py_buffer *view = &memory->views[memory->count];
    if (failed || PyObject_GetBuffer(buffer, view, PyBUF_WRITABLE) < 0)
        return NULL;
    memory->count++;
    if (view->len < size) {
        PyErr_Format(PyExc_ValueError, "allocate: expected %zd bytes, found %zd", size, view->len);
        return NULL;
    }
    return view->buf;
}

static int make_buffers(struct memory *memory, struct column *column, Py_ssize_t size,
                        Py_ssize_t rows)
{
    Py_ssize_t most = size < rows * MOST_DIGITS ? size : rows * MOST_DIGITS;
    switch (column->kind) {
    case 'd':
        return (column->values = new_buffer(memory, rows * 16)) != NULL;
    case 'i':
        return (column->values = new_buffer(memory, rows * 8)) != NULL;
    case 'b':
        if (!(column->values = new_buffer(memory, (rows + 7) / 8)))
            return 0;
        memset(column->values, 0, (size_t)(rows + 7) / 8);
        return 1;
    case 't':
        column->offsets = (int32_t *)(void *)new_buffer(memory, (rows + 1) * 4);
        if (!column->offsets)
            return 0;
        column->offsets[0] = 0;
        return (column->values = new_buffer(memory, most)) != NULL;
    case '-':
        return 1;
    default:
        PyErr_Format(PyExc_ValueError, "kinds: expected d, i, b, t or -, found %c", column->kind);
        return 0;
    }
}

static PyObject *plain_rows(PyObject *module, PyObject *arguments)
{
    PyObject *text;
    const char *kinds;
    Py_ssize_t count;
    struct memory memory = {0};
    if (!PyArg_ParseTuple(arguments, "Ss#O:plain_rows", &text, &kinds, &count, &memory.allocate))
        return NULL;
    if (count < 1 || count > MOST_COLUMNS) {
        PyErr_Format(PyExc_ValueError, "kinds: expected 1 to %d, found %zd", MOST_COLUMNS, count);
        return NULL;
    }
    const char *bytes = PyBytes_AS_STRING(text);
    Py_ssize_t size = PyBytes_GET_SIZE(text), rows = lines_of(bytes, size);
    if (size > MOST_BYTES)
        Py_RETURN_NONE;
    /* A row has a cell and a comma or line feed for each column: fewer bytes are no such rows. */
    if (size + 1 < rows * count * 2)
        Py_RETURN_NONE;
    struct column columns[MOST_COLUMNS] = {0};
    if (!(memory.buffers = PyList_New(0)))
        return NULL;
    for (int i = 0; i < count; i++) {
        columns[i].kind = kinds[i];
        if (!make_buffers(&memory, &columns[i], size, rows)) {
            release(&memory);
            Py_DECREF(memory.buffers);
            return NULL;
        }
    }
    int is_plain;
    Py_BEGIN_ALLOW_THREADS
    is_plain = read_rows(bytes, size, columns, (int)count, rows);
    Py_END_ALLOW_THREADS
    release(&memory);
    if (!is_plain) {
        Py_DECREF(memory.buffers);
        Py_RETURN_NONE;
    }
    return Py_BuildValue("(nN)", rows, memory.buffers);
}

static PyMethodDef methods[] = {
    {"plain_rows", plain_rows, METH_VARARGS, "See _plain_rows.pyi."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
    {0, NULL},
};

static PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "backtests.importing.backfilling.archives._plain_rows",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__plain_rows(void)
{
    return PyModuleDef_Init(&module);
}
