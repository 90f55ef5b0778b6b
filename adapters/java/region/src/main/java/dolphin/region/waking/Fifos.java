// Making a FIFO in Java, which has no call for it.
package dolphin.region.waking;

import dolphin.region.files.FileIdentity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Runs {@code mkfifo}, which every Linux but the barest container has: once, when a place is taken. */
final class Fifos {
    private static final long LIMIT_S = 10;

    private Fifos() {}

    /** Makes a FIFO of mode 0600 in the place of whatever is at the path. */
    static void make(final Path path) throws IOException {
        Files.deleteIfExists(path);
        final Process process = new ProcessBuilder("mkfifo", "-m", "600", path.toString())
                .redirectErrorStream(true)
                .start();
        try {
            process.getOutputStream().close();
            if (!hasEnded(process)) {
                throw new IOException("mkfifo did not end within " + LIMIT_S + " s; spin or poll instead");
            }
            final byte[] said = process.getInputStream().readAllBytes();
            if (process.exitValue() != 0 || !FileIdentity.at(path).isFifo()) {
                throw new IOException("expected a FIFO at " + path + ", mkfifo said "
                        + new String(said, StandardCharsets.UTF_8).strip() + "; spin or poll instead");
            }
        } finally {
            process.destroyForcibly();
        }
    }

    /** Waits for a process that takes a millisecond; an interrupt is kept for whoever waits longer. */
    private static boolean hasEnded(final Process process) {
        boolean wasInterrupted = false;
        try {
            final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
            while (true) {
                try {
                    return process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (final InterruptedException e) {
                    wasInterrupted = true;
                }
            }
        } finally {
            if (wasInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
