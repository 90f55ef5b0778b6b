/* Turns a bus error inside a mapping into -EIO.
 *
 * A file that someone truncates under a mapping raises SIGBUS at the next touch, and neither a
 * trader's node nor a producer may die of another process's mistake. The handler must find the
 * interrupted call, so this file, alone in the project, keeps state outside its arguments: one
 * pointer a thread.
 */
#include "region.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

/* "initial-exec": an offset from the thread's pointer, in place of a call at each look. */
static _Thread_local sigjmp_buf *volatile interrupted_call
    __attribute__((tls_model("initial-exec")));
static struct sigaction previous_action;

static void on_bus_error(int number, siginfo_t *info, void *context)
{
    if (interrupted_call)
        siglongjmp(*interrupted_call, 1);
    /* Not ours: the instruction runs again under the previous action. */
    sigaction(SIGBUS, &previous_action, NULL);
}

/* Install the handler unless it is in place. Returns 0 or -errno. */
int fault_guard_install(void)
{
    struct sigaction current;
    if (sigaction(SIGBUS, NULL, &current) < 0)
        return -errno;
    if ((current.sa_flags & SA_SIGINFO) && current.sa_sigaction == on_bus_error)
        return 0;
    previous_action = current;
    /* SA_NODEFER: the jump leaves the handler, so the signal must not stay blocked. */
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    return sigaction(SIGBUS, &action, NULL) < 0 ? -errno : 0;
}

/* Run body(argument). Returns its result, or -EIO if it touched what the file no longer has. */
int fault_guarded(int (*body)(void *), void *argument)
{
    sigjmp_buf here;
    if (sigsetjmp(here, 0)) {
        interrupted_call = NULL;
        return -EIO;
    }
    interrupted_call = &here;
    int result = body(argument);
    interrupted_call = NULL;
    return result;
}
