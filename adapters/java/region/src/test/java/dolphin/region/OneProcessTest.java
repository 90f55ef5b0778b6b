// A writer and several readers in one process, whose POSIX locks must not end each other.
package dolphin.region;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dolphin.region.layout.RegionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OneProcessTest {
    private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(60);

    @TempDir
    private Path folder;

    private Path path() {
        return folder.resolve("region");
    }

    /** Returns which bytes of the waiters page this process has locked. */
    private TreeSet<Integer> lockedPlaces() throws IOException {
        final String inode = ":" + Files.getAttribute(folder.resolve("region.d/waiters"), "unix:ino");
        final TreeSet<Integer> places = new TreeSet<>();
        for (final String line : Files.readAllLines(Path.of("/proc/locks"))) {
            final String[] fields = line.trim().split(" +");
            final boolean isOurs = fields[4].equals(String.valueOf(ProcessHandle.current().pid()));
            if (isOurs && fields[5].endsWith(inode)) {
                // Neighbours are one lock there.
                IntStream.rangeClosed(Integer.parseInt(fields[6]), Integer.parseInt(fields[7]))
                        .forEach(places::add);
            }
        }
        return places;
    }

    @Test
    void aReaderThatLeavesKeepsTheLocksOfTheOthers() throws Exception {
        try (FactorWriter writer = FactorWriter.open(path(), List.of("a"));
                FactorReader stays = FactorReader.open(path())) {
            try (FactorReader leaves = FactorReader.open(path())) {
                assertFalse(leaves.await(1));
                assertFalse(stays.await(1));
                assertEquals(List.of(0, 1), List.copyOf(lockedPlaces()));
                assertTrue(leaves.status().alive());
            }
            assertEquals(List.of(1), List.copyOf(lockedPlaces()));
            assertTrue(stays.status().alive());
            assertThrows(
                    RegionException.WriterLocked.class, () -> FactorWriter.open(path(), List.of("a")));
            assertTrue(stays.status().alive());
        }
        try (FactorWriter again = FactorWriter.open(path(), List.of("a"))) {
            assertEquals(0, again.published());
        }
    }

    @Test
    void noWakeUpIsLost() throws Exception {
        final int records = 2000;
        final ExecutorService other = Executors.newSingleThreadExecutor();
        try (FactorWriter writer = FactorWriter.open(path(), List.of("a", "b"), 64, false)) {
            final CountDownLatch opened = new CountDownLatch(1);
            final CountDownLatch[] read = new CountDownLatch[records + 1];
            for (int n = 0; n <= records; n++) {
                read[n] = new CountDownLatch(1);
            }
            final Future<Long> reading = other.submit(() -> {
                try (FactorReader reader = FactorReader.open(path())) {
                    opened.countDown();
                    final FactorRecord record = new FactorRecord();
                    for (int n = 1; n <= records; n++) {
                        assertTrue(reader.await(LIMIT_NS));
                        assertEquals(FactorReader.Read.RECORD, reader.readNext(record));
                        assertEquals(n, record.sequence);
                        assertArrayEquals(new double[] {n, -n}, record.values);
                        read[n].countDown();
                    }
                    return reader.lost();
                }
            });
            assertTrue(opened.await(LIMIT_NS, TimeUnit.NANOSECONDS));
            for (int n = 1; n <= records; n++) {
                writer.writeValues(new double[] {n, -n}, 0);
                assertTrue(read[n].await(LIMIT_NS, TimeUnit.NANOSECONDS));
            }
            assertEquals(0, reading.get());
        } finally {
            other.shutdownNow();
        }
    }

    @Test
    void anInterruptEndsTheSleepAndLeavesTheReaderUsable() throws Exception {
        try (FactorWriter writer = FactorWriter.open(path(), List.of("a"));
                FactorReader reader = FactorReader.open(path())) {
            Thread.currentThread().interrupt();
            assertThrows(InterruptedException.class, () -> reader.await(LIMIT_NS));
            Thread.currentThread().interrupt();
            writer.writeValues(new double[] {1}, 0);
            writer.heartbeat();
            writer.write(Map.of("b", 2.0), 0);
            assertTrue(Thread.interrupted());
            assertTrue(reader.await(LIMIT_NS));
            final FactorRecord record = new FactorRecord();
            assertEquals(FactorReader.Read.RECORD, reader.readNext(record));
            assertEquals(FactorReader.Read.MOVED, reader.readNext(record));
            reader.reattach();
            assertEquals(List.of("a", "b"), reader.names());
            assertEquals(FactorReader.Read.RECORD, reader.readNext(record));
            assertArrayEquals(new double[] {Double.NaN, 2}, record.values);
            assertTrue(reader.status().alive());
        }
    }

    @Test
    void whatIsClosedSaysSo() {
        final FactorWriter writer = FactorWriter.open(path(), List.of("a"));
        final FactorReader reader = FactorReader.open(path());
        reader.close();
        reader.close();
        writer.closeAndRemove();
        writer.close();
        assertThrows(RegionException.Closed.class, () -> reader.readNext(new FactorRecord()));
        assertThrows(RegionException.Closed.class, reader::snapshot);
        assertThrows(RegionException.Closed.class, () -> writer.writeValues(new double[] {1}, 0));
        assertThrows(RegionException.Closed.class, writer::heartbeat);
        assertThrows(RegionException.NotReady.class, () -> FactorReader.open(path()));
    }

    @Test
    void badArgumentsNameTheArgument() {
        try (FactorWriter writer = FactorWriter.open(path(), List.of("a"))) {
            assertTrue(assertThrows(IllegalArgumentException.class, () -> writer.writeValues(new double[2], 0))
                    .getMessage()
                    .startsWith("vector: expected 1 values, found 2"));
            assertTrue(assertThrows(IllegalArgumentException.class, () -> writer.writeValues(new double[1], -1))
                    .getMessage()
                    .startsWith("tsEvent: expected"));
        }
    }
}
