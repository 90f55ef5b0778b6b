// A reader's place in the folder beside a region, through which the writer wakes it.
package dolphin.region.waking;

import dolphin.region.layout.RegionException;
import dolphin.region.layout.RegionLayout;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * One of the 64 places, freed by the kernel with this process.
 *
 * <p>Java can read a FIFO but not wait for it with a limit. So the reader's thread blocks in the
 * read, where the writer's byte wakes it at once; and where the limit is over first, a thread of this
 * class writes the byte.
 */
public final class Waiter implements AutoCloseable {
    private static final ScheduledThreadPoolExecutor ALARMS = new ScheduledThreadPoolExecutor(1, task -> {
        final Thread thread = new Thread(task, "dolphin-region-alarms");
        thread.setDaemon(true);
        return thread;
    });

    static {
        ALARMS.setRemoveOnCancelPolicy(true);
    }

    private final WaitersPage page;
    private final FileLock lock;
    private final int place;
    private final Path fifoPath;
    private final RandomAccessFile fifo;
    /** Of the same descriptor, for the count of bytes that can be read. */
    private final FileInputStream readable;

    private final byte[] drained = new byte[RegionLayout.PAGE];

    private Waiter(final WaitersPage page, final FileLock lock, final Path folder) throws IOException {
        this.page = page;
        this.lock = lock;
        place = (int) lock.position();
        fifoPath = folder.resolve(place + ".fifo");
        Fifos.make(fifoPath);
        // To read and write, so that it never reports a hang-up when a writer leaves. Not a channel: an
        // interrupt would close that.
        fifo = new RandomAccessFile(fifoPath.toFile(), "rw");
        readable = new FileInputStream(fifo.getFD());
        page.announce(place, ProcessHandle.current().pid());
    }

    /**
     * Takes the first free place.
     *
     * @throws RegionException.NoPlace if there is none
     */
    public static Waiter take(final Path folder, final Path region) {
        final WaitersPage page = WaitersPage.open(folder, false);
        FileLock lock = null;
        try {
            lock = page.claim();
            if (lock == null) {
                throw new RegionException.NoPlace(region);
            }
            return new Waiter(page, lock, folder);
        } catch (IOException | RuntimeException e) {
            release(lock);
            page.close();
            throw e instanceof RegionException known ? known : new RegionException(folder + ": " + e);
        }
    }

    private static void release(final FileLock lock) {
        if (lock != null) {
            try {
                lock.release();
            } catch (final IOException e) {
                // The channel is closed: the lock has ended.
            }
        }
    }

    public void ask() {
        page.ask(place);
    }

    public void takeBack() {
        page.takeBack(place);
    }

    /** Waits until the writer wakes this reader or the time is over. */
    public void sleep(final long limitNs) throws IOException {
        final ScheduledFuture<?> alarm = ALARMS.schedule(this::ring, limitNs, TimeUnit.NANOSECONDS);
        try {
            fifo.read(drained);
        } finally {
            alarm.cancel(false);
        }
    }

    private void ring() {
        try {
            fifo.write(0);
        } catch (final IOException e) {
            // The reader has left.
        }
    }

    /** Empties the FIFO. */
    public void drain() throws IOException {
        if (readable.available() > 0) {
            fifo.read(drained);
        }
    }

    @Override
    public void close() {
        page.takeBack(place);
        try {
            Files.deleteIfExists(fifoPath);
            fifo.close();
        } catch (final IOException e) {
            // A FIFO left behind is replaced by the place's next reader.
        }
        release(lock);
        page.close();
    }
}
