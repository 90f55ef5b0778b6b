// Records into a ring buffer of Agrona's.
package dolphin.peers.engines;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * Writes into a buffer of its own and lets the ring copy it.
 *
 * <p>At the start it frees the ring of a message that a killed producer left half written, at which a
 * reader would wait for ever.
 */
final class RingSender implements Sender {
    private final RingFile file;
    private final UnsafeBuffer message = new UnsafeBuffer(new byte[Engine.FACTORS * Double.BYTES]);

    RingSender(final String address) {
        file = new RingFile(address);
        file.ring.unblock();
    }

    @Override
    public boolean send(final double[] values) {
        for (int i = 0; i < values.length; i++) {
            message.putDouble(i * Double.BYTES, values[i]);
        }
        return file.ring.write(RingFile.RECORD, message, 0, message.capacity());
    }

    @Override
    public void close() {
        file.close();
    }
}
