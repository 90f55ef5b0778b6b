// The lock of a region's one writer, and whether somebody holds it.
package dolphin.region.files;

import dolphin.region.layout.RegionException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The lock on byte 0 of {@code lock} in the folder beside a region.
 *
 * <p>Other writers take an open-file-description lock. What {@link FileChannel#tryLock} takes is a
 * POSIX record lock: the kernel lets the two exclude each other (fcntl(2), "Open file description
 * locks"), and frees this one too however the process ends. But a POSIX lock also ends when this
 * process closes any descriptor of the file, so whoever is locked here is remembered, and nothing
 * here opens the file of a lock that this process holds.
 */
public final class WriterLock implements AutoCloseable {
    private static final List<FileIdentity> HELD = new ArrayList<>();

    private final Path file;
    private final FileChannel channel;
    private final FileIdentity identity;

    private WriterLock(final Path file, final FileChannel channel, final FileIdentity identity) {
        this.file = file;
        this.channel = channel;
        this.identity = identity;
    }

    /**
     * Takes the lock, and writes this process's id into its file.
     *
     * @throws RegionException.WriterLocked if another writer holds it
     */
    public static WriterLock take(final Path folder, final Path region) {
        final Path file = folder.resolve("lock");
        synchronized (HELD) {
            try {
                final FileIdentity before = FileIdentity.atOrNull(file);
                if (before != null && isHeldHere(before)) {
                    throw new RegionException.WriterLocked(region, ProcessHandle.current().pid());
                }
                return open(file, region);
            } catch (final IOException e) {
                throw new RegionException(file, e);
            }
        }
    }

    private static WriterLock open(final Path file, final Path region) throws IOException {
        final FileChannel channel = FileChannel.open(
                file,
                Set.of(
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE,
                        LinkOption.NOFOLLOW_LINKS),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            if (channel.tryLock(0, 1, false) == null) {
                throw new RegionException.WriterLocked(region, writtenPid(channel));
            }
            channel.truncate(0);
            final String pid = ProcessHandle.current().pid() + "\n";
            channel.write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.US_ASCII)), 0);
            final FileIdentity identity = FileIdentity.at(file);
            HELD.add(identity);
            return new WriterLock(file, channel, identity);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static boolean isHeldHere(final FileIdentity found) {
        return HELD.stream().anyMatch(found::isSameFile);
    }

    private static long writtenPid(final FileChannel channel) throws IOException {
        final ByteBuffer text = ByteBuffer.allocate(32);
        channel.read(text, 0);
        final String digits = new String(text.array(), 0, text.position(), StandardCharsets.US_ASCII).strip();
        return digits.matches("[0-9]{1,18}") ? Long.parseLong(digits) : 0;
    }

    /** Returns whether the lock's file still has its name, so that others find the lock. */
    public boolean isInPlace() throws IOException {
        return identity.isSameFile(FileIdentity.atOrNull(file));
    }

    /** Releases the lock and leaves the pid in its file, as a killed process would. */
    @Override
    public void close() {
        synchronized (HELD) {
            HELD.remove(identity);
            try {
                channel.close();
            } catch (final IOException e) {
                throw new RegionException(file, e);
            }
        }
    }

    /**
     * Returns whether a process holds the lock of a region's writer, without touching it: Java can ask
     * for a lock only by taking it, and a writer that starts at that instant would be refused.
     *
     * <p>A POSIX lock of a process in another pid namespace is not in the table; an open-file-description
     * lock is.
     */
    public static boolean isHeld(final Path folder) {
        final Path file = folder.resolve("lock");
        try {
            final FileIdentity lock = FileIdentity.at(file);
            final String wanted = String.format("%02x:%02x:%d", major(lock.device()), minor(lock.device()), lock.inode());
            for (final String line : Files.readAllLines(Path.of("/proc/locks"))) {
                // 1: OFDLCK ADVISORY  WRITE -1 00:19:42 0 0; a waiting one has "->" behind the number.
                final String[] fields = line.trim().split(" +");
                if (fields.length == 8
                        && !fields[1].equals("FLOCK")
                        && fields[3].equals("WRITE")
                        && fields[5].equals(wanted)
                        && fields[6].equals("0")) {
                    return true;
                }
            }
            return false;
        } catch (final NoSuchFileException e) {
            throw new RegionException.NotReady(file);
        } catch (final IOException e) {
            throw new RegionException(file, e);
        }
    }

    /** The two parts of a device number, as glibc's {@code gnu_dev_major} and {@code gnu_dev_minor}. */
    private static long major(final long device) {
        return device >>> 8 & 0xfff | device >>> 32 & 0xfffff000L;
    }

    private static long minor(final long device) {
        return device & 0xff | device >>> 12 & 0xffffff00L;
    }
}
