/* Says of each access of the builtins whether their thread has the interpreter's lock.
 *
 * The compiler calls these functions at every load and store of what is built with
 * -fsanitize=thread; ThreadSanitizer itself is not there.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static unsigned long with_lock, without_lock;

unsigned long accesses_with_lock(void)
{
    return __atomic_load_n(&with_lock, __ATOMIC_RELAXED);
}

unsigned long accesses_without_lock(void)
{
    return __atomic_load_n(&without_lock, __ATOMIC_RELAXED);
}

static void look(void)
{
    __atomic_fetch_add(PyGILState_Check() ? &with_lock : &without_lock, 1, __ATOMIC_RELAXED);
}

#define ACCESS(name) void __tsan_##name(void *address) { look(); }
#define BOTH(size) ACCESS(read##size) ACCESS(write##size)
BOTH(1)
BOTH(2)
BOTH(4)
BOTH(8)
BOTH(16)
#define UNALIGNED(size) ACCESS(unaligned_read##size) ACCESS(unaligned_write##size)
UNALIGNED(2)
UNALIGNED(4)
UNALIGNED(8)
UNALIGNED(16)

void __tsan_read_range(void *address, unsigned long size) { look(); }
void __tsan_write_range(void *address, unsigned long size) { look(); }
void __tsan_func_entry(void *caller) {}
void __tsan_func_exit(void) {}
void __tsan_init(void) {}
