// Records onto an Aeron channel.
package dolphin.peers.engines;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;

/** A publication of its own; it is open once a subscriber is connected. */
final class AeronSender implements Sender {
    private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(20);

    private final Aeron aeron;
    private final ExclusivePublication publication;
    private final UnsafeBuffer message = new UnsafeBuffer(new byte[Engine.FACTORS * Double.BYTES]);

    AeronSender(final String address) {
        final AeronAddress found = AeronAddress.of(address);
        aeron = found.connect();
        publication = aeron.addExclusivePublication(found.channel(), found.stream());
        final long begin = System.nanoTime();
        while (!publication.isConnected()) {
            if (System.nanoTime() - begin > LIMIT_NS) {
                throw new IllegalStateException("no subscriber on " + found.channel() + " within 20 s");
            }
            Thread.yield();
        }
    }

    @Override
    public boolean send(final double[] values) {
        for (int i = 0; i < values.length; i++) {
            message.putDouble(i * Double.BYTES, values[i]);
        }
        return publication.offer(message, 0, message.capacity()) > 0;
    }

    @Override
    public void close() {
        aeron.close();
    }
}
