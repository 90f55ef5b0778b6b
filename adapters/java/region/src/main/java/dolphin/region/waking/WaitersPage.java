// The waiters page of a region: who asks for a wake-up, and who holds which place.
package dolphin.region.waking;

import dolphin.region.files.FileIdentity;
import dolphin.region.layout.RegionException;
import dolphin.region.layout.RegionLayout;
import dolphin.region.files.WriterLock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The file {@code waiters}, open once in this process: closing any other descriptor of it would free
 * the places that this process's readers hold (see {@link WriterLock}).
 */
public final class WaitersPage implements AutoCloseable {
    public static final int PLACES = 64;

    private static final List<WaitersPage> OPEN = new ArrayList<>();
    private static final int FIRST_WAITER = 64;
    private static final int WAITER_SIZE = 16;

    private final FileIdentity identity;
    private final FileChannel channel;
    private final MappedByteBuffer bytes;
    private final UnsafeBuffer words;
    private int users = 1;

    private WaitersPage(final Path file, final FileChannel channel) throws IOException {
        this.channel = channel;
        // Before any place is locked: an interrupt of this thread here closes the channel.
        if (channel.size() < RegionLayout.PAGE) {
            throw new RegionException.Untrusted(file, "a waiters page of 4096 bytes", channel.size() + " bytes");
        }
        bytes = channel.map(MapMode.READ_WRITE, 0, RegionLayout.PAGE);
        words = new UnsafeBuffer(bytes);
        identity = FileIdentity.at(file);
    }

    /**
     * Opens the page in a region's folder.
     *
     * @param makes whether to make a missing page, and to make a short one whole: the writer's right
     * @throws RegionException if it is missing, or cannot be used
     */
    public static WaitersPage open(final Path folder, final boolean makes) {
        final Path file = folder.resolve("waiters");
        synchronized (OPEN) {
            try {
                final FileIdentity there = FileIdentity.atOrNull(file);
                for (final WaitersPage page : OPEN) {
                    if (page.identity.isSameFile(there)) {
                        if (makes && there.size() < RegionLayout.PAGE) {
                            makeWhole(page.channel);
                        }
                        page.users++;
                        return page;
                    }
                }
                if (there != null && !there.isRegular()) {
                    throw new RegionException.Untrusted(file, "a regular file", "something else");
                }
                final Set<OpenOption> options = new HashSet<>(
                        Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
                if (makes) {
                    options.add(StandardOpenOption.CREATE);
                }
                final FileChannel channel = FileChannel.open(
                        file,
                        options,
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                try {
                    if (makes && channel.size() < RegionLayout.PAGE) {
                        makeWhole(channel);
                    }
                    final WaitersPage page = new WaitersPage(file, channel);
                    OPEN.add(page);
                    return page;
                } catch (IOException | RuntimeException e) {
                    channel.close();
                    throw e;
                }
            } catch (final IOException e) {
                throw RegionException.of(file, e);
            }
        }
    }

    /** Writes the zeros that are missing at the end: of a sparse file on a full tmpfs a store would fail. */
    private static void makeWhole(final FileChannel channel) throws IOException {
        final boolean wasInterrupted = Thread.interrupted();
        try {
            final long size = channel.size();
            final ByteBuffer zeros = ByteBuffer.allocate((int) (RegionLayout.PAGE - size));
            while (zeros.hasRemaining()) {
                channel.write(zeros, size + zeros.position());
            }
        } finally {
            if (wasInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Returns whether the page is at its path and whole. */
    public boolean isWhole(final Path folder) throws IOException {
        final FileIdentity there = FileIdentity.atOrNull(folder.resolve("waiters"));
        return identity.isSameFile(there) && there.size() >= RegionLayout.PAGE;
    }

    /** Locks the first free place; returns null if none is free. */
    public FileLock claim() throws IOException {
        synchronized (OPEN) {
            for (int place = 0; place < PLACES; place++) {
                try {
                    // Unlike lock, tryLock is not ended by an interrupt, which would close the channel.
                    final FileLock lock = channel.tryLock(place, 1, false);
                    if (lock != null) {
                        return lock;
                    }
                } catch (final OverlappingFileLockException e) {
                    // Another reader of this process is there.
                }
            }
            return null;
        }
    }

    /** Loads the requests, sequentially consistent: behind the announcement of a record. */
    public long sleeping() {
        return words.getLongVolatile(0);
    }

    /** Asks for one wake-up, sequentially consistent: before the reader looks for a record again. */
    public void ask(final int place) {
        long before;
        do {
            before = words.getLongVolatile(0);
        } while (!words.compareAndSetLong(0, before, before | 1L << place));
    }

    /** Takes a request back; returns whether it was there, so that of two clearers exactly one acts. */
    public boolean takeBack(final int place) {
        final long bit = 1L << place;
        long before;
        do {
            before = words.getLongVolatile(0);
            if ((before & bit) == 0) {
                return false;
            }
        } while (!words.compareAndSetLong(0, before, before & ~bit));
        return true;
    }

    public long generation(final int place) {
        return words.getLongVolatile(FIRST_WAITER + WAITER_SIZE * place);
    }

    /** Names the reader of a place; its FIFO must be there: from here on the writer opens that. */
    public void announce(final int place, final long pid) {
        words.putLongOrdered(FIRST_WAITER + WAITER_SIZE * place + 8, pid);
        words.putLongVolatile(FIRST_WAITER + WAITER_SIZE * place, generation(place) + 1);
    }

    @Override
    public void close() {
        synchronized (OPEN) {
            users--;
            if (users == 0) {
                OPEN.remove(this);
                words.wrap(0, 0);
                BufferUtil.free(bytes);
                try {
                    channel.close();
                } catch (final IOException e) {
                    throw new RegionException("the waiters page cannot be closed: " + e);
                }
            }
        }
    }
}
