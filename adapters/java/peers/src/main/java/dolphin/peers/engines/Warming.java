// Makes a process ready that waits to take another's place.
package dolphin.peers.engines;

/** Loads and compiles both ends of an engine at an address that nobody else uses. */
public final class Warming {
    private static final int RECORDS = 20_000;

    private Warming() {}

    /** Sends records to itself, and ends the engine there again. */
    public static void warm(final Engine engine, final String address) {
        final String spare = engine.spare(address);
        if (engine == Engine.AERON) {
            // Its sender waits for a receiver; elsewhere the receiver needs what the sender makes.
            try (Receiver receiver = engine.receiver(spare);
                    Sender sender = engine.sender(spare)) {
                exchange(sender, receiver);
            }
        } else {
            try (Sender sender = engine.sender(spare);
                    Receiver receiver = engine.receiver(spare)) {
                exchange(sender, receiver);
            }
        }
    }

    private static void exchange(final Sender sender, final Receiver receiver) {
        final double[] values = new double[Engine.FACTORS];
        for (int n = 0; n < RECORDS; n++) {
            while (!sender.send(values)) {
                Thread.yield();
                receiver.poll(record -> {});
            }
            receiver.poll(record -> {});
        }
    }
}
