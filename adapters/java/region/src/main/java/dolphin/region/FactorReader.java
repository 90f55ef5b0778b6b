// A reader of a region's records.
package dolphin.region;

import dolphin.region.layout.RegionException;
import dolphin.region.layout.RegionLayout;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reads the records of a region.
 *
 * <p>A reader stands at a position, the sequence of the last record that it has handed out; a new one
 * stands just before the newest record. The records published since then are exactly
 * {@code delivered + conflated + lost} and those still to come. Sequences are unsigned.
 *
 * <p>For one thread. No reading allocates or blocks, but {@link #await} and {@link #spin}, which take a
 * limit.
 *
 * <p>Of a file that another process truncates, the JVM skips the loads and throws an
 * {@link InternalError} later, often not before the thread's next system call: until then a reading may
 * give values of no record. Only a process of the same user can do that; {@link #isCurrent} shows it, and
 * {@link #await} looks at the file whenever 100 ms pass without a record.
 */
public final class FactorReader extends Attachment {
    private static final int ATTEMPTS = 8;
    private static final int SNAPSHOT_ATTEMPTS = 10_000;

    /** How a reading ended. */
    public enum Read {
        /** A record was copied. */
        RECORD,
        /** There is no record after the position. */
        NOTHING,
        /** There never will be one in this file: reattach. */
        MOVED,
        /** The writer was faster than several copies: try again. */
        OVERTAKEN
    }

    private FactorReader(final Path path, final Collection<Integer> trustedUids) {
        super(path, trustedUids);
    }

    /**
     * Attaches the region at a path, for example {@code /dev/shm/dolphin_exf}.
     *
     * @throws RegionException.NotReady if there is nothing yet
     * @throws RegionException why the file is not used
     */
    public static FactorReader open(final Path path) {
        return new FactorReader(path, List.of());
    }

    /** Attaches a region that may also belong to one of these users; throws as {@link #open(Path)}. */
    public static FactorReader open(final Path path, final Collection<Integer> trustedUids) {
        return new FactorReader(path, trustedUids);
    }

    /**
     * Copies the newest record and skips those before it.
     *
     * @throws RegionException if the reader is closed, or the region contradicts itself
     */
    public Read readLatest(final FactorRecord record) {
        requireOpen();
        try {
            long previous = 0;
            for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                final long n = words.getLongVolatile(publishedAt);
                if (n == position) {
                    return hasMoved() ? Read.MOVED : Read.NOTHING;
                }
                if (Long.compareUnsigned(n, position) < 0 || n == previous) {
                    throw new RegionException.Contradiction(path, position, n);
                }
                if (copy(n, record)) {
                    conflated += n - position - 1;
                    position = n;
                    delivered++;
                    return Read.RECORD;
                }
                previous = n;
            }
            return Read.OVERTAKEN;
        } catch (final InternalError e) {
            throw new RegionException.Truncated(path);
        }
    }

    /**
     * Copies the first record after the position that the ring still holds; those that it no longer
     * holds are counted as lost.
     *
     * @throws RegionException if the reader is closed, or the region contradicts itself
     */
    public Read readNext(final FactorRecord record) {
        final int capacity = requireOpen().layout.capacity();
        try {
            long previous = 0;
            long skip = 0;
            for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                final long n = words.getLongVolatile(publishedAt);
                if (n == position) {
                    return hasMoved() ? Read.MOVED : Read.NOTHING;
                }
                if (Long.compareUnsigned(n, position) < 0 || n == previous) {
                    throw new RegionException.Contradiction(path, position, n);
                }
                long next = position + 1;
                // The writer may be inside the slot of record n + 1 - capacity.
                if (Long.compareUnsigned(n - position, capacity) >= 0) {
                    next = n - capacity + 2 + skip;
                }
                if (copy(next, record)) {
                    lost += next - position - 1;
                    position = next;
                    delivered++;
                    return Read.RECORD;
                }
                previous = n;
                // Overtaken while copying: leave the writer some room before the next try.
                skip = capacity / 8;
            }
            return Read.OVERTAKEN;
        } catch (final InternalError e) {
            throw new RegionException.Truncated(path);
        }
    }

    /**
     * Copies record n if its slot holds it from the first word to the last.
     *
     * <p>The volatile loads are acquire at least: none passes an earlier one, and if a word is of a later
     * record, that record's mark in the slot's sequence is seen behind it.
     */
    private boolean copy(final long n, final FactorRecord record) {
        final UnsafeBuffer from = words;
        final int at = region.layout.slotOffset(n);
        if (from.getLongVolatile(at) != n) {
            return false;
        }
        record.resize(factorCount);
        record.tsEvent = from.getLongVolatile(at + 8);
        record.publishedWallNs = from.getLongVolatile(at + 16);
        record.publishedMonoNs = from.getLongVolatile(at + 24);
        record.writerId = from.getLongVolatile(at + 32);
        final double[] values = record.values;
        int word = at + RegionLayout.RECORD_HEADER;
        for (int i = 0; i < values.length; i++, word += 8) {
            values[i] = Double.longBitsToDouble(from.getLongVolatile(word));
        }
        record.sequence = n;
        return from.getLongVolatile(at) == n;
    }

    /**
     * Returns the newest values without the ring; empty if there is no whole snapshot: before the first
     * record, and when a writer was killed inside.
     */
    public Optional<Snapshot> snapshot() {
        requireOpen();
        final double[] values = new double[factorCount];
        try {
            for (int attempt = 0; attempt < SNAPSHOT_ATTEMPTS; attempt++) {
                final long before = words.getLongVolatile(0);
                for (int i = 0; i < values.length; i++) {
                    values[i] = words.getDouble(region.layout.valueOffset(i));
                }
                VarHandle.acquireFence();
                if (before != 0 && words.getLongVolatile(0) == before) {
                    return Optional.of(new Snapshot(before, values));
                }
                Thread.onSpinWait();
            }
            return Optional.empty();
        } catch (final InternalError e) {
            throw new RegionException.Truncated(path);
        }
    }
}
