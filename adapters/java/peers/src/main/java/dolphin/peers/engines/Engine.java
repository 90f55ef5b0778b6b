// The engines that are measured, by the names that the command line uses.
package dolphin.peers.engines;

import java.util.Locale;

/** An engine: a way of a record from one process to another. */
public enum Engine {
    /** The region of this project. */
    REGION,
    /** Chronicle Queue, written by the producer's own thread. */
    CHRONICLE,
    /** LMAX Disruptor in the producer, whose handler writes to Chronicle Queue. */
    DISRUPTOR,
    /** Agrona's ManyToOneRingBuffer over a mapped file. */
    RING,
    /** Aeron; the address has the driver's folder, the channel and the stream. */
    AERON;

    /** The values of a record. */
    public static final int FACTORS = 85;

    /** Returns the engine of a name. */
    public static Engine of(final String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }

    /** Returns an address beside another, for records that nobody counts. */
    public String spare(final String address) {
        return address + (this == AERON ? "0" : "_spare");
    }

    /** Opens the producer's end. */
    public Sender sender(final String address) {
        return switch (this) {
            case REGION -> new RegionSender(address);
            case CHRONICLE -> new ChronicleSender(address);
            case DISRUPTOR -> new DisruptorSender(address);
            case RING -> new RingSender(address);
            case AERON -> new AeronSender(address);
        };
    }

    /** Opens the reader's end. */
    public Receiver receiver(final String address) {
        return switch (this) {
            case REGION -> new RegionReceiver(address);
            case CHRONICLE, DISRUPTOR -> new ChronicleReceiver(address);
            case RING -> new RingReceiver(address);
            case AERON -> new AeronReceiver(address);
        };
    }
}
