// Records of a ring buffer of Agrona's, of which there can be one reader.
package dolphin.peers.engines;

import java.util.function.Consumer;
import org.agrona.concurrent.MessageHandler;

final class RingReceiver implements Receiver {
    private final RingFile file;
    private final double[] values = new double[Engine.FACTORS];
    private Consumer<double[]> consumer;
    private final MessageHandler handler = (type, buffer, index, length) -> {
        for (int i = 0; i < values.length; i++) {
            values[i] = buffer.getDouble(index + i * Double.BYTES);
        }
        consumer.accept(values);
    };

    RingReceiver(final String address) {
        file = new RingFile(address);
    }

    @Override
    public boolean poll(final Consumer<double[]> onRecord) {
        consumer = onRecord;
        return file.ring.read(handler) > 0;
    }

    @Override
    public void close() {
        file.close();
    }
}
