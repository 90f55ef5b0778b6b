// A reader of the latency measurement.
package dolphin.peers;

import dolphin.peers.engines.Engine;
import dolphin.peers.engines.Receiver;
import dolphin.peers.engines.Warming;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * {@code Receive ENGINE ADDRESS LOG ROWS IDLE}: prints {@code up}; at {@code warm} it loads and compiles
 * the engine's code and prints {@code warm}; at {@code open} it opens the engine and prints
 * {@code ready}; then polls, without a pause if IDLE is {@code spin} and with {@code Thread.yield} if it is
 * {@code yield}, until the last record, ROWS records or the end of its standard input. Then it writes LOG and prints
 * {@code ended}.
 *
 * <p>LOG has four integers of 64 bits, little-endian, for each record: the instant at which its values were copied and
 * that in it (CLOCK_MONOTONIC, ns), its number, and its producer's. They are kept in an array meanwhile.
 */
public final class Receive {
    private static final int ARGUMENTS = 5;
    private static final int COLUMNS = 4;

    private final long[] log;
    private int used;
    private boolean last;

    private Receive(final int rows) {
        log = new long[rows * COLUMNS];
    }

    /** Runs the program. */
    public static void main(final String[] arguments) throws IOException, InterruptedException {
        if (arguments.length != ARGUMENTS) {
            System.err.println("usage: Receive ENGINE ADDRESS LOG ROWS IDLE");
            System.exit(2);
        }
        final Receive receive = new Receive(Integer.parseInt(arguments[3]));
        final Lines lines = new Lines();
        Lines.say("up");
        final Engine engine = Engine.of(arguments[0]);
        Optional<String> line = lines.next();
        if (line.equals(Optional.of("warm"))) {
            Warming.warm(engine, arguments[1]);
            Lines.say("warm");
            line = lines.next();
        }
        if (line.isEmpty()) {
            return;
        }
        try (Receiver receiver = engine.receiver(arguments[1])) {
            Lines.say("ready");
            receive.poll(receiver, lines, "yield".equals(arguments[4]));
        }
        receive.save(Path.of(arguments[2]));
        Lines.say("ended");
    }

    private void poll(final Receiver receiver, final Lines lines, final boolean yields) {
        final Consumer<double[]> take = this::take;
        while (!last && used < log.length) {
            if (!receiver.poll(take)) {
                if (lines.ended()) {
                    return;
                }
                if (yields) {
                    Thread.yield();
                } else {
                    Thread.onSpinWait();
                }
            }
        }
    }

    private void take(final double[] values) {
        final long now = System.nanoTime();
        if (used == log.length) {
            return;
        }
        log[used] = now;
        log[used + 1] = (long) values[Produce.STAMP];
        log[used + 2] = (long) values[Produce.NUMBER];
        log[used + 3] = (long) values[Produce.PRODUCER];
        used += COLUMNS;
        last |= values[Produce.LAST] == 1;
    }

    private void save(final Path path) throws IOException {
        final ByteBuffer bytes = ByteBuffer.allocate(used * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(log, 0, used);
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
        }
    }
}
