// The producer's end of an engine.
package dolphin.peers.engines;

/** Sends records; for one thread. */
public interface Sender extends AutoCloseable {
    /**
     * Hands a record over.
     *
     * @return whether the engine has it; if not, it has no room now, or nobody listens
     */
    boolean send(double[] values);

    /** Tells that this process lives, where the engine wants to know it; called about every 100 ms. */
    default void beat() {}

    @Override
    void close();
}
