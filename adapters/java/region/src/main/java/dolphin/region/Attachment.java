// A reader's position in a region file, the state of its writer, and waiting for records.
package dolphin.region;

import static dolphin.region.layout.FoundRegion.HEARTBEAT;
import static dolphin.region.layout.FoundRegion.PUBLISHED;
import static dolphin.region.layout.FoundRegion.STATE;
import static dolphin.region.layout.FoundRegion.SUPERSEDED;
import static dolphin.region.layout.FoundRegion.WRITER_PID;

import dolphin.region.files.MappedRegion;
import dolphin.region.files.SafeFiles;
import dolphin.region.files.WriterLock;
import dolphin.region.layout.RegionException;
import dolphin.region.layout.RegionLayout;
import dolphin.region.waking.Waiter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.UnsafeBuffer;

/** What a {@link FactorReader} is apart from its readings; for one thread. */
public abstract sealed class Attachment implements AutoCloseable permits FactorReader {
    private static final int SPINS_PER_CLOCK_READ = 32;
    /** A writer that is killed between taking a request back and waking leaves neither. */
    private static final long LONGEST_SLEEP_NS = 100_000_000;

    final Path path;
    MappedRegion region;
    UnsafeBuffer words;
    int publishedAt;
    int factorCount;
    long position;
    long delivered;
    long conflated;
    long lost;
    private final Collection<Integer> trustedUids;
    private int stateAt;
    private Waiter waiter;

    Attachment(final Path path, final Collection<Integer> trustedUids) {
        this.path = path.toAbsolutePath();
        this.trustedUids = List.copyOf(trustedUids);
        use(MappedRegion.open(this.path, false, this.trustedUids));
        final long newest = region.found.published();
        final long beforeFirst = region.found.firstSequence() - 1;
        position = newest == beforeFirst ? newest : newest - 1;
    }

    private void use(final MappedRegion opened) {
        region = opened;
        words = opened.words;
        publishedAt = opened.control(PUBLISHED);
        stateAt = opened.control(STATE);
        factorCount = opened.layout.names().size();
    }

    /** Returns the layout of the file that is attached: names, capacity, sizes. */
    public RegionLayout layout() {
        return requireOpen().layout;
    }

    /** Returns the factors' names, in the order of the values. */
    public List<String> names() {
        return layout().names();
    }

    /** Returns what is the same in every file that continues a sequence of records. */
    public long streamId() {
        return requireOpen().found.streamId();
    }

    /** Returns the sequence of the first record that was written to this file. */
    public long firstSequence() {
        return requireOpen().found.firstSequence();
    }

    /** Returns the sequence of the last record that was handed out. */
    public long position() {
        return position;
    }

    /** Goes on after another record; 0 or any other before this file's first: all that it has. */
    public void position(final long sequence) {
        final long beforeFirst = requireOpen().found.firstSequence() - 1;
        position = Long.compareUnsigned(sequence, beforeFirst) < 0 ? beforeFirst : sequence;
    }

    /** Returns how many records were handed out. */
    public long delivered() {
        return delivered;
    }

    /** Returns how many records were skipped because a newer one was there. */
    public long conflated() {
        return conflated;
    }

    /** Returns how many records the ring no longer held when they were to be read. */
    public long lost() {
        return lost;
    }

    final boolean hasMoved() {
        return words.getLongVolatile(stateAt) == SUPERSEDED && words.getLongVolatile(publishedAt) == position;
    }

    /**
     * Watches for a record without sleeping, at most so long; returns whether a reading will find
     * something: a record, or that the region has moved.
     */
    public boolean spin(final long limitNs) {
        requireOpen();
        final long begin = System.nanoTime();
        try {
            do {
                for (int i = 0; i < SPINS_PER_CLOCK_READ; i++) {
                    if (words.getLongVolatile(publishedAt) != position) {
                        return true;
                    }
                    Thread.onSpinWait();
                }
            } while (System.nanoTime() - begin < limitNs);
            return hasMoved();
        } catch (final InternalError e) {
            throw new RegionException.Truncated(path);
        }
    }

    /**
     * Looks for a record again and again and parks this thread in between; returns as {@link #spin} does.
     * For where no reader may sleep: all places are taken, or there is no {@code mkfifo}. A record is found
     * about a pause after it was written, and a pause takes 50 us longer than it says.
     */
    public boolean poll(final long limitNs, final long pauseNs) {
        requireOpen();
        final long begin = System.nanoTime();
        while (!spin(0)) {
            final long left = limitNs - (System.nanoTime() - begin);
            if (left <= 0 || Thread.currentThread().isInterrupted()) {
                return false;
            }
            LockSupport.parkNanos(this, Math.min(left, pauseNs));
        }
        return true;
    }

    /**
     * Sleeps until the writer wakes this reader, at most so long; returns as {@link #spin} does.
     *
     * @throws InterruptedException if this thread is interrupted; noticed within 100 ms
     * @throws RegionException if the folder beside the region is not used, has no place free, or the
     *     file was truncated
     */
    public boolean await(final long limitNs) throws InterruptedException {
        requireOpen();
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (waiter == null) {
            waiter = Waiter.take(SafeFiles.requireFolder(path, false, trustedUids), path);
        }
        final long begin = System.nanoTime();
        try {
            while (true) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                // Before the request, or its wake-up would be discarded with the earlier ones.
                waiter.drain();
                waiter.ask();
                final boolean isThere = words.getLongVolatile(publishedAt) != position
                        || words.getLongVolatile(stateAt) == SUPERSEDED;
                final long left = limitNs - (System.nanoTime() - begin);
                if (isThere || left <= 0) {
                    waiter.takeBack();
                    return isThere;
                }
                waiter.sleep(Math.min(left, LONGEST_SLEEP_NS));
                if (region.isTruncated()) {
                    waiter.takeBack();
                    throw new RegionException.Truncated(path);
                }
            }
        } catch (final IOException e) {
            throw new RegionException(path, e);
        } catch (final InternalError e) {
            throw new RegionException.Truncated(path);
        }
    }

    /**
     * Returns whether the path still holds this file, whole. To be asked now and then, for example every
     * 100 ms without a record: a file that is removed or truncated announces nothing.
     */
    public boolean isCurrent() {
        return requireOpen().isCurrent();
    }

    /** Returns what the region shows of its writer. */
    public WriterStatus status() {
        requireOpen();
        final Path folder = SafeFiles.requireFolder(path, false, trustedUids);
        try {
            return new WriterStatus(
                    WriterLock.isHeld(folder),
                    WriterStatus.State.of(words.getLongVolatile(stateAt)),
                    words.getLongVolatile(region.control(WRITER_PID)),
                    words.getLongVolatile(region.control(HEARTBEAT)),
                    words.getLongVolatile(publishedAt));
        } catch (final InternalError e) {
            throw new RegionException.Truncated(path);
        }
    }

    /**
     * Attaches the file that is at the path now, and goes on after the position if it continues the
     * stream; in another stream, before its first record. What neither file has any more is counted as
     * lost. On an error the old file stays attached.
     *
     * @throws RegionException as {@link #open(Path)}
     */
    public void reattach() {
        final MappedRegion old = requireOpen();
        final MappedRegion next = MappedRegion.open(path, false, trustedUids);
        final long beforeFirst = next.found.firstSequence() - 1;
        final boolean continues = next.found.streamId() == old.found.streamId()
                && Long.compareUnsigned(next.found.published(), position) >= 0;
        if (!continues) {
            lost += unreadOf(old);
            position = beforeFirst;
        } else if (Long.compareUnsigned(beforeFirst, position) > 0) {
            lost += beforeFirst - position;
            position = beforeFirst;
        }
        use(next);
        old.close();
        leavePlace();
    }

    private long unreadOf(final MappedRegion old) {
        try {
            final long published = old.words.getLongVolatile(publishedAt);
            return Long.compareUnsigned(published, position) > 0 ? published - position : 0;
        } catch (final InternalError e) {
            return 0;
        }
    }

    private void leavePlace() {
        if (waiter != null) {
            waiter.close();
            waiter = null;
        }
    }

    final MappedRegion requireOpen() {
        if (region == null) {
            throw new RegionException.Closed(path);
        }
        return region;
    }

    /** Releases the region; safe to call again. */
    @Override
    public void close() {
        leavePlace();
        if (region != null) {
            region.close();
            region = null;
        }
    }
}
