/* follower PATH COUNT: reads every record until COUNT are published, checks each value of each,
 * and prints what it received, lost and found torn as JSON.
 */
#include "region_file.h"
#include "orderings.h"

#include <errno.h>

#define SILENCE_LIMIT_NS 5000000000

static int is_whole(const struct region_record *header, const double *values, uint32_t count)
{
    uint64_t wrong = 0;
    for (uint32_t i = 0; i < count; i++)
        wrong += values[i] != value_of(header->sequence, i);
    return !wrong;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    uint64_t count = strtoull(argv[2], NULL, 10);
    uint32_t value_offsets[REGION_MAX_FACTORS];
    const uint8_t *file = map_whole(argv[1], 0);
    size_t control_at = walk_snapshot(file, value_offsets);
    const struct region_control *control = (const struct region_control *)(file + control_at);
    struct region_reader r = {
        .control = control,
        .ring = file + control_at + REGION_CONTROL_SIZE,
        .factor_count = control->factor_count,
        .record_size = control->record_size,
        .capacity = control->capacity,
        .position = load_published(&control->published),
    };
    if (fault_guard_install())
        fail("fault_guard_install");
    puts("ready");
    fflush(stdout);

    union {
        struct region_record record;
        uint8_t bytes[REGION_RECORD_HEADER];
    } header;
    double values[REGION_MAX_FACTORS];
    uint64_t last = r.position + count;
    uint64_t torn = 0, misplaced = 0, worst_lag = 0;
    int64_t worst_pause_ns = 0, looked_ns = now_ns(), heard_ns = looked_ns;
    int has_begun = 0;
    while (r.position < last) {
        uint64_t position = r.position, lost = r.lost;
        int result = region_read_next(&r, &header.record, values);
        int64_t now = now_ns();
        if (has_begun && now - looked_ns > worst_pause_ns)
            worst_pause_ns = now - looked_ns;
        looked_ns = now;
        if (result == REGION_RECORD) {
            has_begun = 1;
            heard_ns = now;
            torn += !is_whole(&header.record, values, r.factor_count);
            misplaced += header.record.sequence != position + 1 + (r.lost - lost);
            uint64_t lag = load_published(&control->published) - r.position;
            if (lag > worst_lag)
                worst_lag = lag;
        } else if (result != REGION_NOTHING && result != -EAGAIN) {
            errno = result < 0 ? -result : ESTALE;
            fail("region_read_next");
        } else if (now - heard_ns > SILENCE_LIMIT_NS && has_begun) {
            errno = ETIMEDOUT;
            fail("no record for 5 s");
        }
    }
    printf("{\"received\": %llu, \"lost\": %llu, \"torn\": %llu, \"misplaced\": %llu, "
           "\"worst_lag\": %llu, \"worst_pause_us\": %ld, \"preempted\": %ld}\n",
           (unsigned long long)r.delivered, (unsigned long long)r.lost, (unsigned long long)torn,
           (unsigned long long)misplaced, (unsigned long long)worst_lag,
           (long)(worst_pause_ns / 1000), involuntary_switches());
    return 0;
}
