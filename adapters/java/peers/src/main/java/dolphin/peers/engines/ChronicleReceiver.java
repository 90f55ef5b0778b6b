// Records of a Chronicle Queue.
package dolphin.peers.engines;

import java.util.function.Consumer;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptTailer;
import net.openhft.chronicle.wire.DocumentContext;

/** A tailer that begins at the end that the queue has when it opens. */
final class ChronicleReceiver implements Receiver {
    private final ChronicleQueue queue;
    private final ExcerptTailer tailer;
    private final double[] values = new double[Engine.FACTORS];

    ChronicleReceiver(final String address) {
        queue = ChronicleQueue.single(address);
        tailer = queue.createTailer().toEnd();
    }

    @Override
    public boolean poll(final Consumer<double[]> onRecord) {
        try (DocumentContext document = tailer.readingDocument()) {
            if (!document.isPresent()) {
                return false;
            }
            final Bytes<?> bytes = document.wire().bytes();
            for (int i = 0; i < values.length; i++) {
                values[i] = bytes.readDouble();
            }
        }
        onRecord.accept(values);
        return true;
    }

    @Override
    public void close() {
        queue.close();
    }
}
