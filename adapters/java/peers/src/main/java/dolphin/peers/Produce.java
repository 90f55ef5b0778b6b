// A producer of the latency measurement, which obeys the lines of its standard input.
package dolphin.peers;

import dolphin.peers.engines.Engine;
import dolphin.peers.engines.Sender;
import dolphin.peers.engines.Warming;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * {@code Produce ENGINE ADDRESS SENT NUMBER}. SENT is a file of eight bytes that always holds how many records
 * the engine took, NUMBER the producer's. It prints {@code up}, then answers:
 *
 * <pre>
 * warm                  "warm", once the engine's code is loaded and compiled, at an address of its own
 * open                  "ready", once the engine takes records; "refused" and why
 * run RATE COUNT        sends COUNT records at RATE a second, 0 for without pause; prints figures as JSON
 * end                   sends a last record, which ends the readers; "ended"
 * </pre>
 *
 * A record has its number, the instant just before it is handed over (CLOCK_MONOTONIC, ns), the producer's number and
 * whether it is the last in its first four values.
 */
public final class Produce {
    static final int NUMBER = 0;
    static final int STAMP = 1;
    static final int PRODUCER = 2;
    static final int LAST = 3;
    private static final int ARGUMENTS = 4;
    private static final long BEAT_NS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Lines lines = new Lines();
    private final double[] values = new double[Engine.FACTORS];
    private final MappedByteBuffer sentFile;
    private Sender sender;
    private long sent;

    private Produce(final String sentPath, final double number) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(sentPath, "rw")) {
            sentFile = file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, Long.BYTES);
        }
        sentFile.order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < values.length; i++) {
            values[i] = i + 0.5;
        }
        values[PRODUCER] = number;
        values[LAST] = 0;
    }

    /** Runs until the standard input ends. */
    public static void main(final String[] arguments) throws IOException, InterruptedException {
        if (arguments.length != ARGUMENTS) {
            System.err.println("usage: Produce ENGINE ADDRESS SENT NUMBER");
            System.exit(2);
        }
        final Produce producer = new Produce(arguments[2], Double.parseDouble(arguments[3]));
        producer.obey(Engine.of(arguments[0]), arguments[1]);
    }

    private void obey(final Engine engine, final String address) throws InterruptedException {
        Lines.say("up");
        for (Optional<String> line = lines.next(); line.isPresent(); line = lines.next()) {
            final String[] words = line.get().split(" ");
            switch (words[0]) {
                case "warm" -> {
                    Warming.warm(engine, address);
                    Lines.say("warm");
                }
                case "open" -> {
                    try {
                        sender = engine.sender(address);
                        Lines.say("ready");
                    } catch (final RuntimeException e) {
                        Lines.say("refused " + e.toString().lines().findFirst().orElse(""));
                    }
                }
                case "run" -> Lines.say(run(Double.parseDouble(words[1]), Long.parseLong(words[2])));
                case "end" -> {
                    values[LAST] = 1;
                    run(0, 1);
                    Lines.say("ended");
                }
                default -> throw new IllegalArgumentException("no such command: " + line.get());
            }
        }
        if (sender != null) {
            sender.close();
        }
    }

    private String run(final double rate, final long count) {
        final double intervalNs = rate > 0 ? 1e9 / rate : 0;
        final long begin = System.nanoTime();
        long refused = 0;
        long sendNs = 0;
        long longestNs = 0;
        long beatAt = begin;
        for (long n = 0; n < count && !lines.ended(); n++) {
            final long due = begin + (long) (n * intervalNs);
            long now = System.nanoTime();
            while (now < due) {
                if (beat(now, beatAt)) {
                    beatAt = now;
                }
                // Not onSpinWait: a third thread, where an engine has one, wants this core meanwhile.
                Thread.yield();
                now = System.nanoTime();
            }
            if (beat(now, beatAt)) {
                beatAt = now;
                now = System.nanoTime();
            }
            values[NUMBER] = sent;
            values[STAMP] = now;
            while (!sender.send(values)) {
                refused++;
                if (lines.ended()) {
                    break;
                }
                Thread.yield();
            }
            sent++;
            sentFile.putLong(0, sent);
            final long tookNs = System.nanoTime() - now;
            sendNs += tookNs;
            longestNs = Math.max(longestNs, tookNs);
        }
        return String.format(
                "{\"sent\": %d, \"refused\": %d, \"send_ns\": %d, \"longest_ns\": %d, \"wall_ns\": %d}",
                count, refused, sendNs, longestNs, System.nanoTime() - begin);
    }

    private boolean beat(final long now, final long last) {
        if (now - last < BEAT_NS) {
            return false;
        }
        sender.beat();
        return true;
    }
}
