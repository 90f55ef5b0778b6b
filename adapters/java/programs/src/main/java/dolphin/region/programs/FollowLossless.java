// Reads a live region losslessly for SECONDS, spinning, and prints rate and loss.
package dolphin.region.programs;

import dolphin.region.FactorReader;
import dolphin.region.FactorRecord;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** {@code java -cp 'target/programs/lib/*' dolphin.region.programs.FollowLossless PATH SECONDS}. */
public final class FollowLossless {
    private static final int BATCH = 1000;
    private static final int NEWEST_BATCH = 100;
    private static final int NEWEST_ROUNDS = 100_000;

    private FollowLossless() {}

    /** Runs the program beside a writer, which another process is. */
    public static void main(final String[] arguments) {
        if (arguments.length != 2 || !arguments[1].matches("[0-9]{1,9}")) {
            System.err.println("usage: FollowLossless PATH SECONDS");
            System.exit(2);
        }
        final FactorRecord record = new FactorRecord();
        try (FactorReader reader = FactorReader.open(Path.of(arguments[0]))) {
            follow(reader, record, 2); // until it is compiled
            final long before = reader.delivered();
            final long lost = reader.lost();
            final long tookNs = follow(reader, record, Long.parseLong(arguments[1]));
            final long n = reader.delivered() - before;
            System.out.printf(
                    "lossless: n %d, %.0f records/s, %d lost%n", n, n * 1e9 / tookNs, reader.lost() - lost);
            newest(reader, record);
        }
    }

    private static long follow(final FactorReader reader, final FactorRecord record, final long seconds) {
        final long limitNs = TimeUnit.SECONDS.toNanos(seconds);
        final long begin = System.nanoTime();
        double sum = 0;
        while (System.nanoTime() - begin < limitNs) {
            for (int i = 0; i < BATCH; i++) {
                if (reader.readNext(record) == FactorReader.Read.RECORD) {
                    sum += record.values[0];
                } else {
                    Thread.onSpinWait();
                }
            }
        }
        if (Double.isNaN(sum)) {
            System.err.println("a factor without a value");
        }
        return System.nanoTime() - begin;
    }

    /** Copies the newest record again and again, also where the writer has none that is newer. */
    private static void newest(final FactorReader reader, final FactorRecord record) {
        final double[] eachNs = new double[NEWEST_ROUNDS];
        long copies = 0;
        for (int round = 0; round < NEWEST_ROUNDS; round++) {
            final long begin = System.nanoTime();
            for (int i = 0; i < NEWEST_BATCH; i++) {
                reader.position(reader.position() - 1);
                copies += reader.readLatest(record) == FactorReader.Read.RECORD ? 1 : 0;
            }
            eachNs[round] = (System.nanoTime() - begin) / (double) NEWEST_BATCH;
        }
        Arrays.sort(eachNs);
        System.out.printf(
                "newest record: n %d copies of %d factors, in batches of %d: ns p50 %.1f, p99 %.1f, p99.9 %.1f, max %.1f%n",
                copies,
                record.values.length,
                NEWEST_BATCH,
                eachNs[NEWEST_ROUNDS / 2],
                eachNs[NEWEST_ROUNDS * 99 / 100],
                eachNs[NEWEST_ROUNDS * 999 / 1000],
                eachNs[NEWEST_ROUNDS - 1]);
    }
}
