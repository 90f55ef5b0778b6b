// A new region file, made whole in the folder before it appears at its path.
package dolphin.region.publishing;

import dolphin.region.files.FileIdentity;
import dolphin.region.files.MappedRegion;
import dolphin.region.layout.FoundRegion;
import dolphin.region.layout.Machine;
import dolphin.region.layout.RegionException;
import dolphin.region.layout.RegionLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** The file {@code new} in the folder; for the holder of the writer's lock. */
final class NewFile {
    private static final int CHUNK = 1 << 16;

    private NewFile() {}

    /**
     * Makes the file and maps it. One that a killed writer left there is replaced.
     *
     * @param path the region's path, at which the file is placed later
     * @throws RegionException if there is no space for it
     */
    static MappedRegion make(
            final Path file,
            final Path path,
            final RegionLayout layout,
            final Stream stream,
            final Set<PosixFilePermission> mode) {
        try {
            Files.deleteIfExists(file);
            try (FileChannel channel = FileChannel.open(
                    file,
                    Set.of(
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.CREATE_NEW,
                            LinkOption.NOFOLLOW_LINKS),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
                fill(channel, layout.fileSize());
                write(channel, head(layout, stream), 0);
                write(channel, slotBeforeFirst(stream), layout.slotOffset(stream.firstSequence() - 1));
                Files.setPosixFilePermissions(file, mode);
                return MappedRegion.map(path, channel, FileIdentity.at(file), true);
            }
        } catch (final IOException e) {
            discard(file);
            throw new RegionException(path, e);
        } catch (final RuntimeException e) {
            discard(file);
            throw e;
        }
    }

    /** Moves the file that was made to its path, in the place of what is there. */
    static void place(final Path file, final Path path) throws IOException {
        Files.move(file, path, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Removes a file that was made and not placed. */
    static void discard(final Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (final IOException e) {
            // The next one that is made removes it.
        }
    }

    /** Allocates every page now: a sparse file on a full tmpfs is a bus error later. */
    private static void fill(final FileChannel channel, final long size) throws IOException {
        final ByteBuffer zeros = ByteBuffer.allocateDirect(CHUNK);
        for (long at = 0; at < size; at += CHUNK) {
            zeros.clear().limit((int) Math.min(CHUNK, size - at));
            write(channel, zeros, at);
        }
    }

    private static void write(final FileChannel channel, final ByteBuffer bytes, final long at) throws IOException {
        long to = at;
        while (bytes.hasRemaining()) {
            to += channel.write(bytes, to);
        }
    }

    /** Returns snapshot and control block: no value yet, and no writer. */
    private static ByteBuffer head(final RegionLayout layout, final Stream stream) throws IOException {
        final ByteBuffer head = ByteBuffer.allocate(layout.ringOffset()).order(ByteOrder.LITTLE_ENDIAN);
        head.putLong(0).putInt(layout.names().size());
        for (final String name : layout.names()) {
            head.putShort((short) name.length());
            head.put(name.getBytes(StandardCharsets.US_ASCII)).putDouble(Double.NaN);
        }
        final int control = layout.snapshotSize();
        final Machine machine = Machine.current();
        head.position(control);
        head.putLong(RegionLayout.MAGIC).putInt(RegionLayout.VERSION).putInt(RegionLayout.BYTE_ORDER_MARK);
        head.putLong(layout.fileSize()).putInt(control).putInt(layout.names().size());
        head.putInt(layout.recordSize()).putInt(layout.capacity()).putLong(layout.schemaHash());
        head.putLong(stream.id()).putLong(stream.firstSequence());
        head.put(machine.bootId()).putLong(machine.timeNamespace());
        head.putLong(control + FoundRegion.STATE, FoundRegion.CLOSED);
        head.putLong(control + FoundRegion.PUBLISHED, stream.firstSequence() - 1);
        return head.clear();
    }

    /** Returns the slot before the first record: none, but the times after which a writer goes on. */
    private static ByteBuffer slotBeforeFirst(final Stream stream) {
        final ByteBuffer slot = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        return slot.putLong(0).putLong(stream.lastEvent()).putLong(stream.lastWallNs()).clear();
    }
}
