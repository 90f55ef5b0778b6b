/* The explorer: relacy's atomics behind the accesses of the shipped C, and its command line. */
/* Before relacy, which has macros for keywords and for names of functions. */
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

#include "machine.h"

#include <relacy/relacy.hpp>

namespace
{
constexpr int most_words = 128;
constexpr int most_cells = 40;
constexpr int most_rooms = 10;
constexpr size_t most_bytes = 2048;
constexpr uint64_t poison = 0xdbdbdbdbdbdbdbdb;
constexpr int16_t undeclared = -1;

struct word {
    uint64_t *address;
    const char *name;
    rl::atomic<uint64_t> *cell; /* null: alone */
    int stores;
};

struct room {
    uint8_t *begin;
    size_t size;
    const char *name;
    int16_t index_of[most_bytes];
};

const scenario *chosen;
bool is_random;
rl::atomic<uint64_t> *cells;
word words[most_words];
room rooms[most_rooms];
int word_count, room_count, cell_count;
jmp_buf *death[MODEL_THREADS];
uint64_t clock_ns;
const char *forbidden = "";
char detail_text[256];
char legend[most_words * 64];

void begin_execution(rl::atomic<uint64_t> *of_suite)
{
    cells = of_suite;
    word_count = room_count = cell_count = 0;
    clock_ns = 1000;
    for (jmp_buf *&each : death)
        each = nullptr;
    chosen->before();
}

void end_execution()
{
    for (int i = 0; i < word_count; i++)
        if (words[i].cell) {
            uint64_t plain;
            __builtin_memcpy(&plain, words[i].address, 4);
            if ((uint32_t)plain != (uint32_t)poison)
                model_forbid("a shared word written without an atomic store", words[i].name);
        }
    chosen->after();
}

template<int thread_count> struct suite : rl::test_suite<suite<thread_count>, thread_count> {
    rl::atomic<uint64_t> of_suite[most_cells];
    void before() { begin_execution(of_suite); }
    void thread(unsigned i)
    {
        chosen->thread[i]();
        death[i] = nullptr;
    }
    void after() { end_execution(); }
};

/* Null if the address is in no room: memory of one thread. */
word *find(const void *address)
{
    auto at = (const uint8_t *)address;
    for (int i = 0; i < room_count; i++) {
        room &r = rooms[i];
        if (at >= r.begin && at < r.begin + r.size) {
            int index = r.index_of[at - r.begin];
            if (index == undeclared)
                model_forbid("an access outside the record or control block", r.name);
            return &words[index];
        }
    }
    return nullptr;
}

void step()
{
    jmp_buf *&here = death[rl::thread_index()];
    if (!here)
        return;
    bool dies = is_random ? rl::rand(16) == 0 : rl::rand(2) == 1;
    if (dies) {
        jmp_buf *target = here;
        here = nullptr;
        longjmp(*target, 1);
    }
}

/* relacy keeps the last eight values of an atomic: with more, a load could miss an old one. */
void count_store(word *w)
{
    if (++w->stores > (int)rl::atomic_history_size && !is_random)
        model_forbid("a word stored more often than a scenario allows", w->name);
}

rl::memory_order of(int order, bool is_load, bool is_store)
{
    if (order == __ATOMIC_SEQ_CST)
        return !chosen->is_weak ? rl::mo_seq_cst
               : is_load && is_store ? rl::mo_acq_rel
               : is_load             ? rl::mo_acquire
                                     : rl::mo_release;
    bool acquires = order == __ATOMIC_ACQUIRE || order == __ATOMIC_CONSUME ||
                    order == __ATOMIC_ACQ_REL;
    bool releases = order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL;
    acquires = acquires && is_load;
    releases = releases && is_store;
    return acquires && releases ? rl::mo_acq_rel
           : acquires           ? rl::mo_acquire
           : releases           ? rl::mo_release
                                : rl::mo_relaxed;
}
}

extern "C" {

void model_room(void *begin, size_t size, const char *name)
{
    RL_VERIFY(room_count < most_rooms && size <= most_bytes);
    room &r = rooms[room_count++];
    r.begin = (uint8_t *)begin;
    r.size = size;
    r.name = name;
    for (size_t i = 0; i < size; i++)
        r.index_of[i] = undeclared;
    __builtin_memset(begin, (int)(poison & 0xff), size);
}

void model_word(void *address, const char *name, uint64_t initial, model_kind kind)
{
    RL_VERIFY(word_count < most_words);
    word &w = words[word_count];
    w.address = (uint64_t *)address;
    w.name = name;
    w.cell = nullptr;
    if (kind == WATCHED) {
        RL_VERIFY(cell_count < most_cells);
        w.cell = &cells[cell_count++];
        w.stores = 1;
        w.cell->store(initial, rl::mo_relaxed, rl::debug_info(name, "initially", 0));
    } else {
        __builtin_memcpy(address, &initial, 8);
    }
    for (int i = 0; i < room_count; i++) {
        room &r = rooms[i];
        if ((uint8_t *)address >= r.begin && (uint8_t *)address < r.begin + r.size)
            r.index_of[(uint8_t *)address - r.begin] = (int16_t)word_count;
    }
    word_count++;
}

uint64_t model_load(const void *address, int order, const char *function, const char *file,
                    unsigned line)
{
    step();
    word *w = find(address);
    if (w && w->cell)
        return w->cell->load(of(order, true, false), rl::debug_info(function, file, line));
    uint64_t value;
    __builtin_memcpy(&value, address, 8);
    return value;
}

void model_store(void *address, uint64_t value, int order, const char *function,
                 const char *file, unsigned line)
{
    step();
    word *w = find(address);
    if (w && w->cell) {
        count_store(w);
        w->cell->store(value, of(order, false, true), rl::debug_info(function, file, line));
    } else {
        __builtin_memcpy(address, &value, 8);
    }
}

uint64_t model_update(void *address, int operation, uint64_t operand, int order,
                      const char *function, const char *file, unsigned line)
{
    step();
    word *w = find(address);
    rl::memory_order mo = of(order, true, true);
    rl::debug_info info(function, file, line);
    if (w && w->cell) {
        count_store(w);
        switch (operation) {
        case UPDATE_OR: return w->cell->fetch_or(operand, mo, info);
        case UPDATE_AND: return w->cell->fetch_and(operand, mo, info);
        case UPDATE_ADD: return w->cell->fetch_add(operand, mo, info);
        default: return w->cell->exchange(operand, mo, info);
        }
    }
    auto plain = (uint64_t *)address;
    uint64_t before = *plain;
    *plain = operation == UPDATE_OR    ? before | operand
             : operation == UPDATE_AND ? before & operand
             : operation == UPDATE_ADD ? before + operand
                                       : operand;
    return before;
}

/* A plain access of eight bytes is one of two halves where both are watched. */
static bool is_halved(const void *address)
{
    auto upper = (const uint8_t *)address + 4;
    for (int i = 0; i < word_count; i++)
        if ((uint8_t *)words[i].address == upper)
            return words[i].cell != nullptr;
    return false;
}

uint64_t model_plain_load(const void *address, const char *function, const char *file,
                          unsigned line)
{
    uint64_t value = model_load(address, __ATOMIC_RELAXED, function, file, line);
    if (is_halved(address)) {
        auto upper = (const uint8_t *)address + 4;
        value |= model_load(upper, __ATOMIC_RELAXED, function, file, line) << 32;
    }
    return value;
}

void *model_memcpy(void *to, const void *from, size_t size, const char *function,
                   const char *file, unsigned line)
{
    if (!find(to) && !find(from))
        return __builtin_memcpy(to, from, size);
    if (size != 8) {
        model_forbid("a plain copy of shared memory that is no word", function);
        return to;
    }
    uint64_t value;
    if (find(from))
        value = model_plain_load(from, function, file, line);
    else
        __builtin_memcpy(&value, from, 8);
    if (!find(to))
        return __builtin_memcpy(to, &value, 8);
    if (is_halved(to)) {
        model_store(to, (uint32_t)value, __ATOMIC_RELAXED, function, file, line);
        model_store((uint8_t *)to + 4, value >> 32, __ATOMIC_RELAXED, function, file, line);
    } else {
        model_store(to, value, __ATOMIC_RELAXED, function, file, line);
    }
    return to;
}

void model_fence(int order)
{
    rl::context &c = rl::ctx();
    if (order == __ATOMIC_SEQ_CST && !chosen->is_weak)
        c.atomic_thread_fence_seq_cst();
    else if (order == __ATOMIC_SEQ_CST || order == __ATOMIC_ACQ_REL)
        c.atomic_thread_fence_acq_rel();
    else if (order == __ATOMIC_ACQUIRE || order == __ATOMIC_CONSUME)
        c.atomic_thread_fence_acquire();
    else if (order == __ATOMIC_RELEASE)
        c.atomic_thread_fence_release();
}

uint64_t model_peek(const void *address)
{
    word *w = find(address);
    if (w && w->cell)
        return w->cell->load(rl::mo_relaxed, rl::debug_info("at the end", w->name, 0));
    uint64_t value;
    __builtin_memcpy(&value, address, 8);
    return value;
}

unsigned model_choose(unsigned limit) { return rl::rand(limit); }
unsigned model_thread(void) { return rl::thread_index(); }
uint64_t model_clock(void) { return clock_ns += 1; }
void model_may_die(jmp_buf *here) { death[rl::thread_index()] = here; }
void model_cannot_die(void) { death[rl::thread_index()] = nullptr; }

void model_forbid(const char *outcome, const char *detail)
{
    forbidden = outcome;
    snprintf(detail_text, sizeof detail_text, "%s", detail);
    size_t used = 0;
    for (int i = 0; i < word_count; i++)
        if (words[i].cell)
            used += (size_t)snprintf(legend + used, sizeof legend - used, "%p %s\n",
                                     (void *)words[i].cell, words[i].name);
    rl::ctx().fail_test(outcome, rl::test_result_user_assert_failed,
                        rl::debug_info(detail_text, chosen->name, 0));
}

}

static bool explore(rl::test_params &params)
{
    switch (chosen->threads) {
    case 2: return rl::simulate<suite<2>>(params);
    default: return rl::simulate<suite<3>>(params);
    }
}

/* explorer SCENARIO full|random|COUNT-OF-SWITCHES EXECUTIONS FIRST FILE: prints one line, the
 * executions and the forbidden outcome if there is one, whose history goes to FILE; without
 * arguments, the names. */
int main(int argc, char **argv)
{
    if (argc != 6) {
        for (const scenario *const *s = scenarios; *s; s++)
            printf("%s\n", (*s)->name);
        return 0;
    }
    for (const scenario *const *s = scenarios; *s; s++)
        if (!strcmp((*s)->name, argv[1]))
            chosen = *s;
    if (!chosen)
        return 2;
    rl::ostringstream output, nowhere; /* std's would use the allocator under test */
    rl::test_params params;
    params.output_stream = &output;
    params.progress_stream = &nowhere;
    is_random = !strcmp(argv[2], "random");
    uint64_t count = strtoull(argv[3], nullptr, 10), first = strtoull(argv[4], nullptr, 10);
    params.search_type = is_random                  ? rl::sched_random
                         : strcmp(argv[2], "full") ? rl::sched_bound
                                                   : rl::sched_full;
    params.context_bound = (unsigned)atoi(argv[2]);
    if (is_random) {
        params.iteration_count = first + count - 1;
        params.initial_state = std::to_string(first).c_str();
    }
    bool held = explore(params);
    uint64_t executions = params.stop_iteration - (is_random ? first - 1 : 0);
    if (held) {
        printf("%llu\n", (unsigned long long)executions);
        return 0;
    }
    if (!*forbidden)
        forbidden = rl::test_result_str(params.test_result);
    printf("%llu %s: %s\n", (unsigned long long)executions, forbidden, detail_text);
    std::ofstream(argv[5]) << "scenario " << chosen->name << ": " << forbidden << " ("
                           << detail_text << ")\nwords:\n"
                           << legend << "\n"
                           << output.str();
    return 1;
}
