// Records of an Aeron channel.
package dolphin.peers.engines;

import io.aeron.Aeron;
import io.aeron.Subscription;
import io.aeron.logbuffer.FragmentHandler;
import java.util.function.Consumer;

/** A record is one fragment, so nothing is to be assembled. */
final class AeronReceiver implements Receiver {
    /** As in Aeron's own samples. */
    private static final int FRAGMENTS = 10;

    private final Aeron aeron;
    private final Subscription subscription;
    private final double[] values = new double[Engine.FACTORS];
    private Consumer<double[]> consumer;
    private final FragmentHandler handler = (buffer, offset, length, header) -> {
        for (int i = 0; i < values.length; i++) {
            values[i] = buffer.getDouble(offset + i * Double.BYTES);
        }
        consumer.accept(values);
    };

    AeronReceiver(final String address) {
        final AeronAddress found = AeronAddress.of(address);
        aeron = found.connect();
        subscription = aeron.addSubscription(found.channel(), found.stream());
    }

    @Override
    public boolean poll(final Consumer<double[]> onRecord) {
        consumer = onRecord;
        return subscription.poll(handler, FRAGMENTS) > 0;
    }

    @Override
    public void close() {
        aeron.close();
    }
}
