// The file of a ring buffer that two processes map.
package dolphin.peers.engines;

import java.io.File;
import java.nio.MappedByteBuffer;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/** Made by whoever opens it first. */
final class RingFile implements AutoCloseable {
    static final int RECORD = 1;
    private static final int CAPACITY = 16 << 20;

    final ManyToOneRingBuffer ring;
    private final MappedByteBuffer mapped;

    RingFile(final String address) {
        final File file = new File(address);
        mapped = file.exists()
                ? IoUtil.mapExistingFile(file, "ring")
                : IoUtil.mapNewFile(file, (long) CAPACITY + RingBufferDescriptor.TRAILER_LENGTH);
        ring = new ManyToOneRingBuffer(new UnsafeBuffer(mapped));
    }

    @Override
    public void close() {
        IoUtil.unmap(mapped);
    }
}
