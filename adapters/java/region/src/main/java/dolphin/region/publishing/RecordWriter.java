// Writing records into one region file.
package dolphin.region.publishing;

import static dolphin.region.layout.FoundRegion.HEARTBEAT;
import static dolphin.region.layout.FoundRegion.LIVE;
import static dolphin.region.layout.FoundRegion.PUBLISHED;
import static dolphin.region.layout.FoundRegion.STATE;
import static dolphin.region.layout.FoundRegion.WRITER_ID;
import static dolphin.region.layout.FoundRegion.WRITER_PID;

import dolphin.region.files.MappedRegion;
import dolphin.region.layout.Machine;
import dolphin.region.layout.RegionLayout;
import java.lang.invoke.VarHandle;
import java.security.SecureRandom;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The stores of docs/region.md, "What the writer does", in the orderings of {@code orderings.h}:
 * {@code putLongOrdered} is a release store, {@code putLongVolatile} a sequentially consistent one.
 *
 * <p>If the file was truncated, the JVM throws an {@link InternalError} at some later instruction.
 */
final class RecordWriter implements AutoCloseable {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final long WALL_CLOCK_READ_NS = 1_000_000;
    private static final long NAN_BITS = 0x7ff8000000000000L;

    final MappedRegion region;

    private final UnsafeBuffer words;
    private final RegionLayout layout;
    private final int[] valueOffsets;
    private final int publishedAt;
    private final int heartbeatAt;
    private final long writerId = RANDOM.nextLong();
    private long published;
    private long lastEvent;
    private long lastWallNs;
    private long wallMinusMonoNs;
    private long wallReadMonoNs;
    private boolean hasReadWall;
    private long infiniteValues;
    private long clampedEvents;

    RecordWriter(final MappedRegion region, final Stream stream) {
        this.region = region;
        words = region.words;
        layout = region.layout;
        valueOffsets = new int[layout.names().size()];
        for (int i = 0; i < valueOffsets.length; i++) {
            valueOffsets[i] = layout.valueOffset(i);
        }
        publishedAt = region.control(PUBLISHED);
        heartbeatAt = region.control(HEARTBEAT);
        lastEvent = stream.lastEvent();
        lastWallNs = stream.lastWallNs();
    }

    /**
     * Takes the file over: goes on after its newest record, or, in a file that has none, after the
     * stream's times. Returns false if the newest record is not there.
     */
    boolean start() {
        words.putLongOrdered(heartbeatAt, Machine.monotonicNs());
        words.putLongOrdered(region.control(WRITER_PID), ProcessHandle.current().pid());
        words.putLongOrdered(region.control(WRITER_ID), writerId);
        published = words.getLongVolatile(publishedAt);
        if (Long.compareUnsigned(published, region.found.firstSequence()) >= 0) {
            final int last = layout.slotOffset(published);
            if (words.getLongVolatile(last) != published) {
                return false;
            }
            lastEvent = words.getLongVolatile(last + 8);
            lastWallNs = words.getLongVolatile(last + 16);
        }
        setState(LIVE);
        return true;
    }

    void setState(final long state) {
        words.putLongVolatile(region.control(STATE), state);
    }

    void beat() {
        words.putLongOrdered(heartbeatAt, Machine.monotonicNs());
    }

    /** Publishes a record and wakes nobody; the caller looks at the sleepers next. */
    void publish(final double[] values, final long givenEvent) {
        final UnsafeBuffer to = words;
        final long n = published + 1;
        final long monoNs = Machine.monotonicNs();
        final long wallNs = Math.max(wallClock(monoNs), lastWallNs + 1);
        long event = givenEvent == 0 ? wallNs : givenEvent;
        if (event < lastEvent) {
            event = lastEvent;
            clampedEvents++;
        }
        final int at = layout.slotOffset(n);
        to.putLongOrdered(at, 0);
        to.putLongOrdered(at + 8, event);
        to.putLongOrdered(at + 16, wallNs);
        to.putLongOrdered(at + 24, monoNs);
        to.putLongOrdered(at + 32, writerId);
        int word = at + RegionLayout.RECORD_HEADER;
        for (int i = 0; i < valueOffsets.length; i++, word += 8) {
            to.putLongOrdered(word, bitsOf(values[i]));
        }
        to.putLongOrdered(at, n);
        to.putLongVolatile(publishedAt, n);
        published = n;
        lastEvent = event;
        lastWallNs = wallNs;
        to.putLongOrdered(heartbeatAt, monoNs);

        to.putLongOrdered(0, 0);
        // The values lie unaligned, so they are plain stores: behind the 0, before the time.
        VarHandle.releaseFence();
        word = at + RegionLayout.RECORD_HEADER;
        for (int i = 0; i < valueOffsets.length; i++, word += 8) {
            to.putLong(valueOffsets[i], to.getLong(word));
        }
        to.putLongOrdered(0, wallNs);
    }

    private long bitsOf(final double value) {
        if (Double.isInfinite(value)) {
            infiniteValues++;
            return NAN_BITS;
        }
        return Double.doubleToRawLongBits(value);
    }

    /** The wall clock, read at most once a millisecond: a reading costs a tenth of a write. */
    private long wallClock(final long monoNs) {
        if (!hasReadWall || monoNs - wallReadMonoNs >= WALL_CLOCK_READ_NS) {
            wallMinusMonoNs = Machine.wallNs() - monoNs;
            wallReadMonoNs = monoNs;
            hasReadWall = true;
        }
        return monoNs + wallMinusMonoNs;
    }

    /** Returns where the next file goes on. */
    Stream next() {
        return new Stream(region.found.streamId(), published + 1, lastEvent, lastWallNs);
    }

    long published() {
        return published;
    }

    WriteCounts counts() {
        return new WriteCounts(infiniteValues, clampedEvents, 0, 0);
    }

    @Override
    public void close() {
        region.close();
    }
}
