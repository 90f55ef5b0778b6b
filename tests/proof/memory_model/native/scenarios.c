/* The table of scenarios. */
#include "scenarios.h"

#include <stddef.h>

const struct scenario *const scenarios[] = {
    &next_event, &next_wall, &next_mono, &next_writer, &next_first, &next_last, &next_twice,
    &next_all, &next_behind, &latest_first, &latest_twice, &latest_all, &batch, &batch_all, &spin,
    &two_readers, &sleep_once, &sleep_again, &two_sleepers, &sleep_moved, &place_taken,
    &sleeper_killed, &waker_killed, &moved_next, &moved_latest, &restart, &status, &alive,
    &snapshot, &snapshot_twice, &slots, &slots_more, &asks_again, NULL,
};
