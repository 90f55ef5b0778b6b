// A region file that is checked and mapped, until it is closed.
package dolphin.region.files;

import dolphin.region.layout.FoundRegion;
import dolphin.region.layout.Machine;
import dolphin.region.layout.Refusal;
import dolphin.region.layout.RegionException;
import dolphin.region.layout.RegionLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.EnumSet;
import org.agrona.BufferUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The words of a region in this process's memory. The channel is closed once the file is mapped: no
 * interrupt of a thread can take the region away.
 *
 * <p>If the file is truncated meanwhile, the JVM catches {@code SIGBUS} and skips the access; its
 * {@link InternalError} comes at some later instruction, anywhere. So whoever can afford a look at the
 * file looks at it before its words.
 */
public final class MappedRegion implements AutoCloseable {
    public final FoundRegion found;
    public final RegionLayout layout;

    /** Every access is checked to be inside of the file. */
    public final UnsafeBuffer words;

    private final Path path;
    private final FileIdentity identity;
    private final MappedByteBuffer bytes;

    private MappedRegion(
            final Path path, final FoundRegion found, final FileIdentity identity, final MappedByteBuffer bytes) {
        this.path = path;
        this.found = found;
        this.identity = identity;
        this.bytes = bytes;
        layout = found.layout();
        words = new UnsafeBuffer(bytes);
    }

    /**
     * Attaches the file at a path.
     *
     * @throws RegionException if there is none, or it is not to be trusted, or no usable region
     */
    public static MappedRegion open(final Path path, final boolean writes, final Collection<Integer> trusted) {
        final EnumSet<StandardOpenOption> options = EnumSet.of(StandardOpenOption.READ);
        if (writes) {
            options.add(StandardOpenOption.WRITE);
        }
        final SafeFiles.Opened opened = SafeFiles.open(path, options, trusted);
        try (FileChannel channel = opened.channel()) {
            return map(path, channel, opened.identity(), writes);
        } catch (final IOException e) {
            throw RegionException.of(path, e);
        }
    }

    /** Checks and maps a file that is open; {@code path} is for messages and later looks. */
    public static MappedRegion map(
            final Path path, final FileChannel channel, final FileIdentity identity, final boolean writes)
            throws IOException {
        final FoundRegion found;
        try {
            found = FoundRegion.check(head(channel), channel.size(), Machine.current());
        } catch (final Refusal.Thrown e) {
            throw new RegionException.Refused(path, e.refusal());
        }
        final MapMode mode = writes ? MapMode.READ_WRITE : MapMode.READ_ONLY;
        final MappedByteBuffer bytes = channel.map(mode, 0, found.layout().fileSize());
        try {
            // A page fault at the first touch would cost a record tens of microseconds.
            bytes.load();
        } catch (final InternalError e) {
            throw new RegionException.Truncated(path);
        }
        return new MappedRegion(path, found, identity, bytes);
    }

    private static byte[] head(final FileChannel channel) throws IOException {
        final ByteBuffer head = ByteBuffer.allocate(
                (int) Math.min(RegionLayout.HEAD_SIZE, channel.size()));
        while (head.hasRemaining() && channel.read(head, head.position()) > 0) {
            // Until the end of the file.
        }
        return java.util.Arrays.copyOf(head.array(), head.position());
    }

    /** Returns the offset of a field of the control block. */
    public int control(final int field) {
        return layout.snapshotSize() + field;
    }

    /** Returns whether the path still holds this file, whole. */
    public boolean isCurrent() {
        try {
            final FileIdentity now = FileIdentity.atOrNull(path);
            return identity.isSameFile(now) && now.size() == layout.fileSize();
        } catch (final IOException e) {
            return false;
        }
    }

    /** Returns whether the path still holds this file, but not all of it. */
    public boolean isTruncated() {
        try {
            final FileIdentity now = FileIdentity.atOrNull(path);
            return identity.isSameFile(now) && now.size() < layout.fileSize();
        } catch (final IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        words.wrap(0, 0);
        BufferUtil.free(bytes);
    }
}
