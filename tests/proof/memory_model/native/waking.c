/* Scenarios of sleeping and waking: no record comes without waking a reader that asked for it. */
#include "scenarios.h"

#include "world.h"

static int result_of[2], requests, may_give_up;

static void begin(uint32_t records_before)
{
    world_begin();
    make_file(0, 4, 1, 0, CONTROL_PUBLISHED | CONTROL_STATE);
    make_page(WATCHED, WATCHED);
    open_writer(&writer, 0, 7);
    model_require(region_writer_start(&writer) == 0, NOT_CONTINUED, "a new file");
    fifo_writes = 0; /* a start wakes every place */
    open_reader(&reader, 0);
    open_reader(&other, 0);
    while (records_before--)
        publish_next(0);
    reader.position = other.position = writer.published;
    result_of[0] = result_of[1] = REGION_RECORD;
    requests = 0;
    may_give_up = 0;
}

static void writes_one(void) { publish_next(0); }

static void writes_up_to_two(void)
{
    for (unsigned left = model_choose(3); left > 0; left--)
        publish_next(0);
}

/* As the Python code does: what came before the request is drained, then it is made. */
static void go_to_sleep(struct region_reader *r, uint32_t slot)
{
    drain_fifo(slot);
    requests++;
    result_of[slot] = region_sleep(r, &page, slot);
    check_result(result_of[slot]);
}

static void sleeps(void) { go_to_sleep(&reader, 0); }
static void other_sleeps(void) { go_to_sleep(&other, 1); }

/* A reader that times out looks again and asks again, or takes its request back for good. */
static void sleeps_again(void)
{
    for (int round = 0; round < 2; round++) {
        go_to_sleep(&reader, 0);
        if (result_of[0] == REGION_RECORD)
            take(&reader, 0, 0);
    }
    if (may_give_up && model_choose(2)) {
        region_awake(&page, 0);
        result_of[0] = REGION_RECORD;
    }
}

static void check_sleeper(const struct region_reader *r, uint32_t slot)
{
    uint64_t bit = model_peek(&page.sleeping) & 1ull << slot;
    uint64_t bytes = fifo_bytes_of(slot);
    uint64_t published = model_peek(&files[0].control.published);
    if (result_of[slot] == REGION_NOTHING) {
        model_require(published == r->position || bytes, LOST_WAKE, "a record, and no byte");
        model_require(bit || bytes, LOST_WAKE, "asleep without a request");
    } else {
        model_require(!bit, LEAKED_BIT, "awake, and the bit is set");
    }
    model_require(fifo_writes <= requests, UNASKED, "more bytes than requests");
    model_require(!sigpipe_is_pending, UNASKED, "a SIGPIPE left to the program");
}

static void one_ends(void) { check_sleeper(&reader, 0); }

static void two_end(void)
{
    check_sleeper(&reader, 0);
    check_sleeper(&other, 1);
}

static void once_begin(void) { begin(0); }
static void give_up_begin(void) { begin(0); may_give_up = 1; }
const struct scenario sleep_once = {"sleep_once", 2, 0, once_begin, {writes_one, sleeps}, one_ends};
const struct scenario sleep_again = {
    "sleep_again", 2, 0, give_up_begin, {writes_up_to_two, sleeps_again}, one_ends};
const struct scenario two_sleepers = {
    "two_sleepers", 3, 0, once_begin, {writes_up_to_two, sleeps, other_sleeps}, two_end};

/* ---- a reader that asks again as soon as it is woken does not hold the writer ---- */

static void at_once_begin(void)
{
    begin(0);
    asks_at_once = 1;
}

static void at_once_ends(void)
{
    model_require(fifo_writes <= 1, UNASKED, "one record, and more than one byte");
}

const struct scenario asks_again = {
    "asks_again", 2, 0, at_once_begin, {writes_one, sleeps}, at_once_ends};

/* ---- the file moves while a reader sleeps in it ---- */

static void moved_begin(void)
{
    begin(1);
    make_file(1, 4, 2, 0, CONTROL_PUBLISHED);
}

static void moves_and_writes(void)
{
    move_to_file(1, (int)model_choose(2));
}

static void moved_ends(void)
{
    model_require(result_of[0] != REGION_NOTHING || fifo_bytes_of(0), LOST_WAKE,
                  "a record in the next file, and no byte");
    model_require(result_of[0] != REGION_RECORD, MOVED_EARLY, "region_sleep saw a record");
    if (result_of[0] == REGION_MOVED)
        model_require(!(model_peek(&page.sleeping) & 1), LEAKED_BIT, "moved, and the bit is set");
}

const struct scenario sleep_moved = {
    "sleep_moved", 2, 0, moved_begin, {moves_and_writes, sleeps}, moved_ends};

/* ---- a reader takes the place of one that was killed ---- */

static void place_begin(void)
{
    begin(0);
    model_update(&page.sleeping, UPDATE_OR, 1, __ATOMIC_SEQ_CST, HERE);
    writer.fifo_fd[0] = 10;
    writer.fifo_generation[0] = 1;
    fifo_is_dead[0] = 1;
}

static void takes_the_place(void)
{
    model_update(&fifo_at_path[0], UPDATE_SWAP, 2, __ATOMIC_ACQ_REL, HERE);
    model_store(&page.waiter[0].generation, 2, __ATOMIC_RELAXED, HERE);
    sleeps();
}

static void place_ends(void)
{
    requests++; /* the killed reader's */
    check_sleeper(&reader, 0);
}

const struct scenario place_taken = {
    "place_taken", 2, 0, place_begin, {writes_one, takes_the_place}, place_ends};

/* ---- a reader is killed anywhere in its call ---- */

static void is_killed(void)
{
    jmp_buf killed;
    if (!setjmp(killed)) {
        model_may_die(&killed);
        sleeps();
        region_awake(&page, 0);
    }
    model_cannot_die();
}

/* The bit that it left costs one write, and is gone then. */
static void killed_ends(void)
{
    fifo_is_dead[0] = 1;
    publish_next(0);
    model_require(!model_peek(&page.sleeping), LEAKED_BIT, "after the next record");
    model_require(!sigpipe_is_pending, UNASKED, "a SIGPIPE left to the program");
    int before = fifo_writes;
    publish_next(0);
    model_require(fifo_writes == before, UNASKED, "a killed reader is paid for twice");
}

const struct scenario sleeper_killed = {
    "sleeper_killed", 2, 0, once_begin, {writes_one, is_killed}, killed_ends};

/* ---- the writer is killed anywhere, and another one goes on ---- */

static void dies_and_goes_on(void)
{
    static jmp_buf killed;
    if (!setjmp(killed)) {
        model_may_die(&killed);
        publish_next(0);
    }
    model_cannot_die();
    start_again(0);
    publish_next(0);
}

static void wake_killed_ends(void)
{
    requests += 2; /* a start wakes every place, as its reader may have been left without a byte */
    check_sleeper(&reader, 0);
}

const struct scenario waker_killed = {
    "waker_killed", 2, 0, once_begin, {dies_and_goes_on, sleeps}, wake_killed_ends};
