// Waking sleeping readers: one byte into the FIFO of each, and only of those that asked.
package dolphin.region.waking;

import dolphin.region.files.FileIdentity;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The writer's ends of the FIFOs.
 *
 * <p>Java opens no FIFO without blocking but to read and write, so a FIFO whose reader was killed takes
 * the byte; its request is taken back before, so it is never paid twice. Nor can a byte be written
 * without blocking to a full FIFO, so once in a while the bytes in it are counted: one that is full of
 * earlier wake-ups wakes as well.
 */
public final class Wakeups implements AutoCloseable {
    private static final int WRITES_BETWEEN_COUNTS = 256;
    /** Together with the writes until the next count below 4096, the least that a pipe holds. */
    private static final int MANY_BYTES = 512;

    private final Path folder;
    private final WaitersPage page;
    private final Fifo[] fifos = new Fifo[WaitersPage.PLACES];
    private long sent;

    public Wakeups(final Path folder, final WaitersPage page, final long sentBefore) {
        this.folder = folder;
        this.page = page;
        sent = sentBefore;
    }

    /** The end of one FIFO, opened once per generation. */
    private static final class Fifo {
        final long generation;
        final RandomAccessFile file;
        int writesUntilCount = WRITES_BETWEEN_COUNTS;

        Fifo(final long generation, final RandomAccessFile file) {
            this.generation = generation;
            this.file = file;
        }

        boolean send() throws IOException {
            if (file == null) {
                return false;
            }
            if (--writesUntilCount == 0) {
                writesUntilCount = WRITES_BETWEEN_COUNTS;
                // Not closed: it is another view of the same descriptor.
                @SuppressWarnings("resource")
                final FileInputStream readable = new FileInputStream(file.getFD());
                if (readable.available() > MANY_BYTES) {
                    writesUntilCount = 1;
                    return true;
                }
            }
            file.write(0);
            return true;
        }

        void close() {
            if (file != null) {
                try {
                    file.close();
                } catch (final IOException e) {
                    // Nothing that a writer could do.
                }
            }
        }
    }

    public long sent() {
        return sent;
    }

    /** Wakes whoever asked. */
    public void wake() {
        long asking = page.sleeping();
        while (asking != 0) {
            final int place = Long.numberOfTrailingZeros(asking);
            asking &= asking - 1;
            if (page.takeBack(place)) {
                send(place);
            }
        }
    }

    /**
     * Wakes every place that was ever taken: a writer that was killed between taking a request back and
     * its byte leaves a reader that sleeps without a request.
     */
    public void wakeEveryone() {
        for (int place = 0; place < WaitersPage.PLACES; place++) {
            if (page.generation(place) != 0) {
                send(place);
            }
        }
    }

    private void send(final int place) {
        try {
            if (fifoOf(place).send()) {
                sent++;
            }
        } catch (final IOException e) {
            close(place);
        }
    }

    private Fifo fifoOf(final int place) throws IOException {
        final long generation = page.generation(place);
        Fifo fifo = fifos[place];
        if (fifo == null || fifo.generation != generation) {
            close(place);
            final Path path = folder.resolve(place + ".fifo");
            final FileIdentity found = FileIdentity.atOrNull(path);
            final boolean isThere = found != null && found.isFifo();
            fifo = new Fifo(generation, isThere ? new RandomAccessFile(path.toFile(), "rw") : null);
            fifos[place] = fifo;
        }
        return fifo;
    }

    private void close(final int place) {
        if (fifos[place] != null) {
            fifos[place].close();
            fifos[place] = null;
        }
    }

    @Override
    public void close() {
        for (int place = 0; place < fifos.length; place++) {
            close(place);
        }
        Arrays.fill(fifos, null);
    }
}
