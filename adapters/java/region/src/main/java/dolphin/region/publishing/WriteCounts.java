// What a writer counts of its work.
package dolphin.region.publishing;

/**
 * Counts, which add up over files.
 *
 * @param infiniteValues infinities, written as NaN
 * @param clampedEvents event times that went backwards, written as the one before
 * @param sentWakeups wake-ups of sleeping readers
 * @param filesMade region files
 */
public record WriteCounts(long infiniteValues, long clampedEvents, long sentWakeups, long filesMade) {
    static final WriteCounts NONE = new WriteCounts(0, 0, 0, 0);
    static final WriteCounts ONE_FILE = new WriteCounts(0, 0, 0, 1);

    static WriteCounts ofWakeups(final long sent) {
        return new WriteCounts(0, 0, sent, 0);
    }

    WriteCounts plus(final WriteCounts other) {
        return new WriteCounts(
                infiniteValues + other.infiniteValues,
                clampedEvents + other.clampedEvents,
                sentWakeups + other.sentWakeups,
                filesMade + other.filesMade);
    }
}
