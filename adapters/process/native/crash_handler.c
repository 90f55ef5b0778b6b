/* _crash_handler: tells a watch, a process of its own, that this one has crashed, and waits for it.
 *
 * A crash is a signal that the process cannot ignore: SIGABRT, with which NautilusTrader ends a
 * call from a wrong thread or with a wrong name, SIGSEGV and their kind. Without a handler it ends
 * the process on the spot: the position stays open, and whoever started it sees only a number.
 *
 * A call that aborts in a thread other than the main one harms nobody else: NautilusTrader checks
 * the thread before it does anything. That thread is held for ever, without the interpreter's lock,
 * and the main thread can stop the node as usual.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { FAILED = 1, WAIT_MS = 5000, STACK_BYTES = 1 << 16 };

static const int crashes[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};

/* What the watch reads: one write, which a pipe keeps whole. */
struct crash {
    uint64_t thread; /* Python's identifier of it */
    uint32_t number;
    uint32_t is_held; /* 1: the thread is held, and the others go on */
};

static struct {
    int fd;
    pid_t pid;
    pthread_t main_thread;
} the = {.fd = -1};

static void on_crash(int number)
{
    if (getpid() != the.pid) {
        /* A fork of the process: its end is its own. */
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    int is_held = number == SIGABRT && !pthread_equal(pthread_self(), the.main_thread);
    struct crash crash = {(uint64_t)pthread_self(), (uint32_t)number, (uint32_t)is_held};
    ssize_t written;
    do
        written = write(the.fd, &crash, sizeof crash);
    while (written < 0 && errno == EINTR);
    if (written != sizeof crash) {
        static const char text[] = "crashed, and no watch is there to say where\n";
        written = write(STDERR_FILENO, text, sizeof text - 1);
        _exit(FAILED);
    }
    if (is_held) {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, NULL);
        if (PyThreadState_GetUnchecked() != NULL)
            (void)PyEval_SaveThread();
        for (;;)
            pause();
    }
    /* The watch ends the process through the thread that waits for its byte. */
    struct timespec pause = {WAIT_MS / 1000, WAIT_MS % 1000 * 1000000L};
    while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
        ;
    _exit(FAILED);
}

/* exit() of C: whoever calls it in the midst of a run does not choose the code. */
static void on_exit_of_c(void)
{
    if (the.fd >= 0 && getpid() == the.pid)
        _exit(FAILED);
}

/* Handle crashes from now on, and tell them through a descriptor; -1: as before. */
static PyObject *tell(PyObject *module, PyObject *argument)
{
    static char *stack;
    (void)module;
    long fd = PyLong_AsLong(argument);
    if (fd == -1 && PyErr_Occurred())
        return NULL;
    the.fd = (int)fd;
    the.pid = getpid();
    the.main_thread = pthread_self();
    /* A handler of an overflown stack needs another one; it serves this thread alone. */
    if (stack == NULL && (stack = malloc(STACK_BYTES)) == NULL)
        return PyErr_NoMemory();
    static int is_registered;
    if (!is_registered && atexit(on_exit_of_c) == 0)
        is_registered = 1;
    stack_t other = {.ss_sp = stack, .ss_size = STACK_BYTES};
    if (sigaltstack(&other, NULL) < 0)
        return PyErr_SetFromErrno(PyExc_OSError);
    struct sigaction action = {.sa_flags = SA_ONSTACK};
    if (fd >= 0)
        action.sa_handler = on_crash;
    else
        action.sa_handler = SIG_DFL;
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        if (sigaction(crashes[i], &action, NULL) < 0)
            return PyErr_SetFromErrno(PyExc_OSError);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"tell", tell, METH_O, "Tell crashes through a descriptor; -1: no more."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_crash_handler",
    .m_size = 0,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit__crash_handler(void)
{
    return PyModuleDef_Init(&module);
}
