/* pacer PATH RATE COUNT: publishes COUNT records at RATE a second; prints how it went as JSON.
 *
 * It takes the region over from the FactorWriter that made it, which must not write meanwhile.
 */
#include "region_file.h"

#define LONGEST_COUNTED_NS 100000

static uint64_t took[LONGEST_COUNTED_NS + 1];

static long percentile_ns(double fraction, uint64_t count)
{
    uint64_t below = 0;
    for (long ns = 0; ns <= LONGEST_COUNTED_NS; ns++)
        if ((below += took[ns]) >= fraction * (double)count)
            return ns;
    return LONGEST_COUNTED_NS;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    double interval_ns = 1e9 / atof(argv[2]);
    uint64_t count = strtoull(argv[3], NULL, 10);
    char waiters_path[4096];
    snprintf(waiters_path, sizeof waiters_path, "%s.d/waiters", argv[1]);

    uint32_t value_offsets[REGION_MAX_FACTORS];
    uint8_t *file = map_whole(argv[1], 1);
    size_t control_at = walk_snapshot(file, value_offsets);
    struct region_control *control = (struct region_control *)(file + control_at);
    struct region_writer w = {
        .snapshot = file,
        .control = control,
        .ring = file + control_at + REGION_CONTROL_SIZE,
        .waiters = map_whole(waiters_path, 1),
        .value_offsets = value_offsets,
        .factor_count = control->factor_count,
        .record_size = control->record_size,
        .capacity = control->capacity,
        .writer_id = control->writer_id + 1,
        .writer_pid = (uint64_t)getpid(),
        .folder_fd = -1,
    };
    if (fault_guard_install() || region_writer_start(&w))
        fail("region_writer_start");

    double values[REGION_MAX_FACTORS];
    uint64_t first = w.published + 1;
    int64_t worst_pause_ns = 0;
    int64_t start_ns = now_ns(), published_ns = start_ns;
    for (uint64_t k = 0; k < count; k++) {
        for (uint32_t i = 0; i < w.factor_count; i++)
            values[i] = value_of(first + k, i);
        int64_t due_ns = start_ns + (int64_t)((double)k * interval_ns);
        int64_t before_ns;
        while ((before_ns = now_ns()) < due_ns)
            ;
        if (region_publish(&w, values, 0))
            fail("region_publish");
        int64_t pause_ns = -published_ns;
        published_ns = now_ns();
        pause_ns += published_ns;
        if (pause_ns > worst_pause_ns)
            worst_pause_ns = pause_ns;
        int64_t took_ns = published_ns - before_ns;
        took[took_ns < LONGEST_COUNTED_NS ? took_ns : LONGEST_COUNTED_NS]++;
    }
    double seconds = (double)(published_ns - start_ns) / 1e9;
    printf("{\"rate\": %.0f, \"p50_ns\": %ld, \"p99_ns\": %ld, \"worst_pause_us\": %ld, "
           "\"preempted\": %ld}\n",
           (double)count / seconds, percentile_ns(0.5, count), percentile_ns(0.99, count),
           (long)(worst_pause_ns / 1000), involuntary_switches());
    return 0;
}
