// Records onto a Chronicle Queue.
package dolphin.peers.engines;

import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.wire.DocumentContext;

/** Appends each record as raw doubles, which is the queue's shortest way, on the thread of the first. */
final class ChronicleSender implements Sender {
    private final ChronicleQueue queue;
    private ExcerptAppender appender;

    ChronicleSender(final String address) {
        queue = ChronicleQueue.single(address);
    }

    @Override
    public boolean send(final double[] values) {
        if (appender == null) {
            appender = queue.createAppender(); // belongs to the thread that makes it
        }
        try (DocumentContext document = appender.writingDocument()) {
            final Bytes<?> bytes = document.wire().bytes();
            for (final double value : values) {
                bytes.writeDouble(value);
            }
        }
        return true;
    }

    @Override
    public void close() {
        queue.close();
    }
}
