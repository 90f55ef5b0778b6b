/* What the scenarios and the intercepted C see of the explorer of memory orders. */
#ifndef DOLPHIN_MACHINE_H
#define DOLPHIN_MACHINE_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MODEL_THREADS 3

struct scenario {
    const char *name;
    int threads;
    /* Whether sequentially consistent is explored as acquire and release: then what holds needs
     * no total order. The checker's own total order is stronger than the standard's. */
    int is_weak;
    void (*before)(void);
    void (*thread[MODEL_THREADS])(void);
    void (*after)(void);
};

/* Ends with a null pointer. */
extern const struct scenario *const scenarios[];

enum model_kind { ALONE, WATCHED };

/* Words of a part of memory that threads share; every access elsewhere in it is forbidden. A
 * watched word is explored; one alone is an ordinary word whose accesses are no choices. */
void model_room(void *begin, size_t size, const char *name);
void model_word(void *address, const char *name, uint64_t initial, enum model_kind kind);

/* The scenario's own accesses: `order` is an __ATOMIC_ constant. */
uint64_t model_load(const void *address, int order, const char *function, const char *file,
                    unsigned line);
void model_store(void *address, uint64_t value, int order, const char *function,
                 const char *file, unsigned line);
uint64_t model_update(void *address, int operation, uint64_t operand, int order,
                      const char *function, const char *file, unsigned line);
uint64_t model_plain_load(const void *address, const char *function, const char *file,
                          unsigned line);
void *model_memcpy(void *to, const void *from, size_t size, const char *function,
                   const char *file, unsigned line);
void model_fence(int order);

#define HERE __func__, __FILE__, __LINE__
#define UPDATE_OR 0
#define UPDATE_AND 1
#define UPDATE_ADD 2
#define UPDATE_SWAP 3

/* After all threads have ended: what the word holds. */
uint64_t model_peek(const void *address);
/* A choice among 0 .. limit - 1, all of which are explored. */
unsigned model_choose(unsigned limit);
unsigned model_thread(void);
/* The outcome is forbidden: ends the execution. */
void model_forbid(const char *outcome, const char *detail);
static inline void model_require(int holds, const char *outcome, const char *detail)
{
    if (!holds)
        model_forbid(outcome, detail);
}

/* From here on the thread may be killed before any of its accesses; then it goes to `here`. */
void model_may_die(jmp_buf *here);
void model_cannot_die(void);

/* Nanoseconds of the clock: every reading is later than all before it, in any thread. */
uint64_t model_clock(void);

#ifdef __cplusplus
}
#endif
#endif
