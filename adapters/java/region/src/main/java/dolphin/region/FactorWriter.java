// The one writer of a region.
package dolphin.region;

import dolphin.region.layout.RegionException;
import dolphin.region.layout.RegionLayout;
import dolphin.region.publishing.RegionOwner;
import dolphin.region.publishing.WriteCounts;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.agrona.collections.Object2IntHashMap;

/**
 * Publishes factors into a region.
 *
 * <p>For one thread, or under one lock of yours. A call never blocks: it makes a system call only when a
 * reader sleeps. A failed call publishes nothing. Records are numbered from 1, and the numbers go on when
 * a writer returns to the same region or changes its names.
 *
 * <pre>{@code
 * try (FactorWriter writer = FactorWriter.open(Path.of("/dev/shm/dolphin_exf"), List.of("basis"))) {
 *     writer.write(Map.of("basis", 0.0012), 0);
 *     writer.heartbeat(); // about every 100 ms, also while records are written
 * }
 * }</pre>
 */
public final class FactorWriter implements AutoCloseable {
    private static final int NO_INDEX = -1;

    private final RegionOwner owner;
    private final Object2IntHashMap<String> indexByName = new Object2IntHashMap<>(NO_INDEX);
    private double[] values;
    private long missingValues;
    private long skippedNames;
    private long skippedValues;

    /**
     * What was written differently from what was given, since this writer opened.
     *
     * @param missingValues names of the region that were absent or null, written as NaN
     * @param skippedNames invalid names, or more than fit
     * @param skippedValues nulls of new names, skipped with their names
     * @param infiniteValues infinities, written as NaN
     * @param clampedEvents event times that went backwards, written as the one before
     * @param sentWakeups wake-ups of sleeping readers
     * @param filesMade region files
     */
    public record Counters(
            long missingValues,
            long skippedNames,
            long skippedValues,
            long infiniteValues,
            long clampedEvents,
            long sentWakeups,
            long filesMade) {}

    private FactorWriter(final RegionOwner owner) {
        this.owner = owner;
        prepare();
    }

    /**
     * Opens the region at a path with a ring of 4096 records, readable for its owner only.
     *
     * @throws RegionException as {@link #open(Path, List, int, boolean)}
     */
    public static FactorWriter open(final Path path, final List<String> names) {
        return open(path, names, RegionLayout.DEFAULT_CAPACITY, false);
    }

    /**
     * Opens the region at a path: goes on in the file there if it has these names and this capacity, or
     * in a new file that continues its sequence.
     *
     * @param names 1 to 512 unique names, each a letter and up to 62 letters, digits, {@code _ . -}
     * @param capacity records in the ring, a power of two; a reader that falls further behind loses records
     * @param groupReads whether the file has mode 0640 in place of 0600
     * @throws IllegalArgumentException if a name or the capacity is not allowed
     * @throws RegionException.WriterLocked if another writer writes the region, with its pid
     * @throws RegionException if the path holds something else, or there is no space for the file
     */
    public static FactorWriter open(
            final Path path, final List<String> names, final int capacity, final boolean groupReads) {
        final RegionLayout layout = RegionLayout.of(names, capacity);
        final String mode = groupReads ? "rw-r-----" : "rw-------";
        return new FactorWriter(
                new RegionOwner(path.toAbsolutePath(), layout, PosixFilePermissions.fromString(mode)));
    }

    private void prepare() {
        final List<String> names = owner.layout().names();
        indexByName.clear();
        for (int i = 0; i < names.size(); i++) {
            indexByName.put(names.get(i), i);
        }
        values = new double[names.size()];
    }

    /** Returns the names of the records that are written now. */
    public List<String> names() {
        return owner.layout().names();
    }

    /** Returns the sequence of the newest record; 0 before the first. */
    public long published() {
        return owner.published();
    }

    /** Returns the counters. */
    public Counters counters() {
        final WriteCounts counts = owner.counts();
        return new Counters(
                missingValues,
                skippedNames,
                skippedValues,
                counts.infiniteValues(),
                counts.clampedEvents(),
                counts.sentWakeups(),
                counts.filesMade());
    }

    /**
     * Publishes a vector of values, without allocation: the fast path.
     *
     * @param vector a value for each of {@link #names}, in their order; NaN: no value now
     * @param tsEvent UNIX nanoseconds of the instant that the values describe; 0: now
     * @throws IllegalArgumentException if there are more or fewer values than names, or the time is negative
     * @throws RegionException if the writer is closed
     */
    public void writeValues(final double[] vector, final long tsEvent) {
        if (vector.length != values.length) {
            throw new IllegalArgumentException(
                    "vector: expected " + values.length + " values, found " + vector.length);
        }
        checkTime(tsEvent);
        owner.publish(vector, tsEvent);
    }

    /**
     * Publishes the producer's whole state.
     *
     * <p>Names that begin with {@code _} are skipped. A name of the region that is absent or null is
     * written as NaN and counted. A valid new name with a number, which NaN is too, is added, and a new file is
     * made; one with null is skipped and counted, and so is an invalid name.
     *
     * @param factors the values
     * @param tsEvent UNIX nanoseconds of the instant that the values describe; 0: now
     * @throws IllegalArgumentException if the time is negative
     * @throws RegionException if the writer is closed, or a new file is needed and cannot be made
     */
    public void write(final Map<String, ? extends Number> factors, final long tsEvent) {
        checkTime(tsEvent);
        owner.published(); // or it is closed
        Arrays.fill(values, Double.NaN);
        Map<String, Double> added = Map.of();
        int numbers = 0;
        int badNames = 0;
        int badValues = 0;
        for (final Map.Entry<String, ? extends Number> entry : factors.entrySet()) {
            final String name = entry.getKey();
            final Number number = entry.getValue();
            final int index = name == null ? NO_INDEX : indexByName.getValue(name);
            if (index != NO_INDEX) {
                if (number != null) {
                    values[index] = number.doubleValue();
                    numbers++;
                }
            } else if (name != null && name.startsWith("_")) {
                continue;
            } else if (name == null
                    || !RegionLayout.isFactorName(name)
                    || values.length + added.size() >= RegionLayout.MAX_FACTORS) {
                badNames++;
            } else if (number == null) {
                badValues++;
            } else {
                added = added.isEmpty() ? new LinkedHashMap<>() : added;
                added.put(name, number.doubleValue());
            }
        }
        final int missing = values.length - numbers;
        if (added.isEmpty()) {
            owner.publish(values, tsEvent);
        } else {
            extend(added, tsEvent);
        }
        missingValues += missing;
        skippedNames += badNames;
        skippedValues += badValues;
    }

    /** Moves to a new file with more names and this record. */
    private void extend(final Map<String, Double> added, final long tsEvent) {
        final List<String> names = new ArrayList<>(names());
        names.addAll(added.keySet());
        final double[] all = Arrays.copyOf(values, names.size());
        int at = values.length;
        for (final double value : added.values()) {
            all[at++] = value;
        }
        owner.moveTo(RegionLayout.of(names, owner.layout().capacity()), all, tsEvent);
        prepare();
    }

    private static void checkTime(final long tsEvent) {
        if (tsEvent < 0) {
            throw new IllegalArgumentException("tsEvent: expected UNIX nanoseconds or 0, found " + tsEvent);
        }
    }

    /**
     * Shows readers that this process is alive, without a record. Call it about every 100 ms, also while
     * records are written: it restores the region if its file or folder was removed or replaced.
     *
     * @throws RegionException if the writer is closed, another process writes the region now, or the file is
     *     gone and cannot be made again
     */
    public void heartbeat() {
        owner.heartbeat();
    }

    /** Marks the region as closed and releases it; safe to call again. */
    @Override
    public void close() {
        owner.close();
    }

    /** As {@link #close()}, and removes the region's files. */
    public void closeAndRemove() {
        owner.close(true);
    }
}
