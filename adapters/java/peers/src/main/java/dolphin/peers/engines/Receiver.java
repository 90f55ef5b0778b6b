// The reader's end of an engine.
package dolphin.peers.engines;

import java.util.function.Consumer;

/** Receives records; for one thread. */
public interface Receiver extends AutoCloseable {
    /**
     * Copies what is there, one record after the other, into an array of this receiver, without waiting.
     *
     * @return whether there was any
     */
    boolean poll(Consumer<double[]> onRecord);

    @Override
    void close();
}
