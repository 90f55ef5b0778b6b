/* _exit_thread: a thread that ends the process on request, whoever holds the interpreter's lock.
 *
 * The thread is no Python thread: it never takes the lock (GIL), so a C call that keeps it for
 * ever, or a loop in Python, cannot hold it up.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

/* Wait for one byte and exit with it as the code; at the end of the file, only end the thread. */
static void *exit_at_byte(void *argument)
{
    int fd = (int)(intptr_t)argument;
    unsigned char code;
    ssize_t got;
    do
        got = read(fd, &code, 1);
    while (got < 0 && errno == EINTR);
    if (got == 1)
        _exit(code);
    close(fd);
    return NULL;
}

static PyObject *start(PyObject *module, PyObject *argument)
{
    (void)module;
    long fd = PyLong_AsLong(argument);
    if (fd == -1 && PyErr_Occurred())
        return NULL;
    pthread_t thread;
    sigset_t all, before;
    /* The new thread inherits the mask: signals stay with Python's threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread, NULL, exit_at_byte, (void *)(intptr_t)fd);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        errno = error;
        return PyErr_SetFromErrno(PyExc_OSError);
    }
    pthread_detach(thread);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"start", start, METH_O, "Exit with the first byte read from a descriptor, which it owns."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_exit_thread",
    .m_size = 0,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit__exit_thread(void)
{
    return PyModuleDef_Init(&module);
}
