/* Every scenario, by name. */
#ifndef DOLPHIN_SCENARIOS_H
#define DOLPHIN_SCENARIOS_H

#include "machine.h"

extern const struct scenario next_event, next_wall, next_mono, next_writer, next_first, next_last,
    next_twice, next_all, next_behind, latest_first, latest_twice, latest_all, batch, batch_all, spin,
    two_readers, sleep_once, sleep_again, two_sleepers, sleep_moved, place_taken, sleeper_killed,
    waker_killed, moved_next, moved_latest, restart, status, alive, snapshot,
    snapshot_twice, slots, slots_more, asks_again;

#endif
