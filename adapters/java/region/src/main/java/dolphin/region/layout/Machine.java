// What ties a region to this machine: its boot, its clocks, and the user.
package dolphin.region.layout;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;

/**
 * The machine that a region must be of.
 *
 * @param bootId {@code /proc/sys/kernel/random/boot_id} as 16 bytes
 * @param timeNamespace inode of {@code /proc/self/ns/time}; 0: unknown
 */
public record Machine(byte[] bootId, long timeNamespace) {

    public static Machine current() throws IOException {
        final String text = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
        return new Machine(HexFormat.of().parseHex(text.replace("-", "")), inodeOfTimeNamespace());
    }

    private static long inodeOfTimeNamespace() {
        try {
            return (Long) Files.getAttribute(Path.of("/proc/self/ns/time"), "unix:ino");
        } catch (final IOException e) {
            return 0; // a kernel without time namespaces
        }
    }

    /** Returns the effective user: the owner of this process's entry in {@code /proc}. */
    public static int user() throws IOException {
        return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    }

    /** Returns {@code CLOCK_MONOTONIC}, which HotSpot's {@code nanoTime} is on Linux, in nanoseconds. */
    public static long monotonicNs() {
        return System.nanoTime();
    }

    /** Returns UNIX nanoseconds. */
    public static long wallNs() {
        final Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }
}
