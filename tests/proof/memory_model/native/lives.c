/* Scenarios of a region's life: it moves to a new file, its writer dies, its status, its snapshot. */
#include "scenarios.h"

#include "world.h"

/* ---- the names change: a new file, then the mark in the old one ---- */

static uint64_t last_of_first_file;

static void moved_begin(void)
{
    world_begin();
    make_file(1, 2, 3, WORD_FIRST, CONTROL_PUBLISHED | CONTROL_STATE | SLOTS);
    make_file(0, 2, 1, WORD_FIRST, CONTROL_PUBLISHED | CONTROL_STATE | SLOTS);
    make_page(ALONE, ALONE);
    open_writer(&writer, 0, 7);
    model_require(region_writer_start(&writer) == 0, NOT_CONTINUED, "a new file");
    open_reader(&reader, 0);
    last_of_first_file = 2;
}

static void writes_and_moves(void)
{
    publish_next(0);
    publish_next(0);
    move_to_file(1, (int)model_choose(2));
}

static int reading_file, is_latest;

static void follow(int result)
{
    if (result != REGION_MOVED)
        return;
    model_require(reading_file == 0, MOVED_EARLY, "the new file has not moved");
    model_require(reader.position == last_of_first_file, MOVED_EARLY, "records were left");
    open_reader(&reader, 1);
    reading_file = 1;
}

static void reads_and_follows(void)
{
    reading_file = 0;
    for (int i = 0; i < 3; i++)
        follow(take(&reader, reading_file, is_latest));
}

static void moved_ends(void)
{
    if (!reading_file) {
        read_to_end(&reader, 0);
        model_require(region_spin(&reader, 1) == REGION_MOVED, NOT_MOVED, "region_spin");
        int result = take(&reader, 0, is_latest);
        model_require(result == REGION_MOVED, NOT_MOVED, "after its last record");
        follow(result);
    }
    read_to_end(&reader, 1);
    check_taken(&reader, 0, writer.published);
}

static void moved_next_begin(void) { moved_begin(); is_latest = 0; }
static void moved_latest_begin(void) { moved_begin(); is_latest = 1; }
const struct scenario moved_next = {
    "moved_next", 2, 1, moved_next_begin, {writes_and_moves, reads_and_follows}, moved_ends};
const struct scenario moved_latest = {
    "moved_latest", 2, 1, moved_latest_begin, {writes_and_moves, reads_and_follows}, moved_ends};

/* ---- the writer dies at any access, and another goes on in the same file ---- */

static void restart_begin(void)
{
    world_begin();
    wall_steps_back = 1;
    make_file(0, 2, 1, WORD_EVENT | WORD_WRITER | WORD_WALL, CONTROL_PUBLISHED | SLOTS);
    make_page(ALONE, ALONE);
    open_writer(&writer, 0, 7);
    model_require(region_writer_start(&writer) == 0, NOT_CONTINUED, "a new file");
    open_reader(&reader, 0);
    is_latest = 0;
}

static void dies_and_goes_on(void)
{
    static jmp_buf killed;
    if (!setjmp(killed)) {
        model_may_die(&killed);
        publish_next(0);
        publish_next(0);
    }
    model_cannot_die();
    start_again(0);
    publish_next(0);
}

static void reads_two(void)
{
    take(&reader, 0, 0);
    take(&reader, 0, 0);
}

static void restart_ends(void)
{
    model_require(model_peek(&files[0].control.published) == writer.published, NOT_CONTINUED,
                  "the writer's count is another");
    read_to_end(&reader, 0);
    model_require(reader.position == writer.published, KILLED_LOSS, "a committed record");
    check_taken(&reader, 0, writer.published);
    check_final_snapshot(0);
}

const struct scenario restart = {
    "restart", 2, 1, restart_begin, {dies_and_goes_on, reads_two}, restart_ends};

/* ---- what the region shows of its writer ---- */

static uint64_t beats[4];

static void status_begin(void)
{
    world_begin();
    make_file(0, 2, 1, 0, CONTROL_PUBLISHED | CONTROL_STATE | CONTROL_BEAT | CONTROL_WRITER);
    make_page(ALONE, ALONE);
    open_writer(&writer, 0, 8);
    for (int i = 0; i < 4; i++)
        beats[i] = 0;
}

static void starts_and_beats(void)
{
    model_require(region_writer_start(&writer) == 0, NOT_CONTINUED, "a new file");
    beats[1] = last_mono_ns();
    publish_next(0);
    beats[2] = last_mono_ns();
    region_beat(&writer);
    beats[3] = last_mono_ns();
}

static uint64_t seen_beat[2], seen_published[2];

static void looks(void)
{
    for (int i = 0; i < 2; i++) {
        uint64_t state, pid;
        int result = region_status(&files[0].control, &state, &pid, &seen_beat[i],
                                   &seen_published[i]);
        model_require(result == 0, STATUS_OLD, "region_status");
        if (state == REGION_LIVE) {
            uint64_t writer_id =
                model_load(&files[0].control.writer_id, __ATOMIC_RELAXED, HERE);
            model_require(pid == writer.writer_pid && writer_id == 8, STATUS_OLD, "live");
            model_require(seen_beat[i] > 0, STATUS_OLD, "live without a heartbeat");
        }
    }
}

static void status_ends(void)
{
    int at[2] = {-1, -1};
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 4; k++)
            if (seen_beat[i] == beats[k])
                at[i] = k;
    model_require(at[0] >= 0 && at[1] >= at[0], WRONG_BEAT, "as shown to a reader");
    model_require(seen_published[0] <= seen_published[1] && seen_published[1] <= 1, ORDER,
                  "published as shown to a reader");
    uint64_t state, pid, beat, published;
    region_status(&files[0].control, &state, &pid, &beat, &published);
    model_require(state == REGION_LIVE && pid == 1008 && published == 1, STATUS_OLD, "at the end");
    model_require(beat == beats[3], WRONG_BEAT, "at the end");
    model_require(beats[1] && beats[2] > beats[1] && beats[3] > beats[2], WRONG_BEAT, "clock");
    region_set_state(&files[0].control, REGION_CLOSED);
    model_require(model_peek(&files[0].control.state) == REGION_CLOSED, STATUS_OLD, "closed");
}

const struct scenario status = {
    "status", 2, 1, status_begin, {starts_and_beats, looks}, status_ends};

/* A record is a sign of life too. */
static void starts_and_writes(void)
{
    model_require(region_writer_start(&writer) == 0, NOT_CONTINUED, "a new file");
    publish_next(0);
    beats[0] = last_mono_ns();
}

static void alive_ends(void)
{
    model_require(model_peek(&files[0].control.heartbeat_mono_ns) == beats[0], WRONG_BEAT,
                  "of the newest record");
}

const struct scenario alive = {
    "alive", 2, 1, status_begin, {starts_and_writes, looks}, alive_ends};

/* ---- the snapshot, as the page of the region's format tells to read it ---- */

static void snapshot_begin(void)
{
    world_begin();
    make_file(0, 2, 1, 0, SNAPSHOT);
    make_page(ALONE, ALONE);
    open_writer(&writer, 0, 7);
    model_require(region_writer_start(&writer) == 0, NOT_CONTINUED, "a new file");
}

static void writes_two(void)
{
    publish_next(0);
    publish_next(0);
}

static int looks_at_snapshot;
static uint64_t seen_time[2], seen_value[2][FACTORS];

static void reads_snapshot(void)
{
    const struct world_file *f = &files[0];
    seen_time[0] = seen_time[1] = 0;
    for (int i = 0; i < looks_at_snapshot; i++) {
        uint64_t before = model_load(f->snapshot, __ATOMIC_ACQUIRE, HERE);
        for (int k = 0; k < FACTORS; k++)
            seen_value[i][k] = model_plain_load(f->snapshot + f->value_offsets[k], HERE);
        model_fence(__ATOMIC_ACQUIRE);
        uint64_t after = model_load(f->snapshot, __ATOMIC_RELAXED, HERE);
        seen_time[i] = before == after ? before : 0;
    }
}

static void snapshot_ends(void)
{
    uint64_t last = 0;
    for (int i = 0; i < 2; i++) {
        if (!seen_time[i])
            continue;
        uint64_t n = 1;
        while (n < 3 && (uint64_t)truth[n].wall_ns != seen_time[i])
            n++;
        model_require(n < 3, SNAPSHOT_TORN, "a time of no record");
        model_require(n >= last, ORDER, "an older snapshot after a newer one");
        last = n;
        for (int k = 0; k < FACTORS; k++)
            model_require(seen_value[i][k] == bits_of(value_of(n, 0, k)), SNAPSHOT_TORN,
                          "a value of another record");
    }
    check_final_snapshot(0);
}

static void once_begin(void) { snapshot_begin(); looks_at_snapshot = 1; }
static void twice_begin(void) { snapshot_begin(); looks_at_snapshot = 2; }
const struct scenario snapshot = {
    "snapshot", 2, 1, once_begin, {writes_two, reads_snapshot}, snapshot_ends};
const struct scenario snapshot_twice = {
    "snapshot_twice", 2, 1, twice_begin, {writes_two, reads_snapshot}, snapshot_ends};
