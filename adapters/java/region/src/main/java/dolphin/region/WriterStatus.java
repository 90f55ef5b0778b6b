// What a region shows of its writer.
package dolphin.region;

/**
 * The state of a region's writer.
 *
 * @param alive whether the kernel's table of locks, {@code /proc/locks}, shows the writer's lock
 * @param state what the file says
 * @param writerPid the writer's process id, as it sees itself
 * @param heartbeatMonoNs {@code CLOCK_MONOTONIC} nanoseconds of the last record or heartbeat
 * @param published sequence of the newest record
 */
public record WriterStatus(boolean alive, State state, long writerPid, long heartbeatMonoNs, long published) {

    /** The states of a file. */
    public enum State {
        /** A writer has opened the file; it may have died since. */
        LIVE,
        /** The stream goes on in another file at the same path. */
        SUPERSEDED,
        /** The writer has closed the region, or a new file has none yet. */
        CLOSED,
        /** A number that this layout does not have. */
        UNKNOWN;

        static State of(final long word) {
            return word >= 1 && word <= 3 ? values()[(int) word - 1] : UNKNOWN;
        }
    }
}
