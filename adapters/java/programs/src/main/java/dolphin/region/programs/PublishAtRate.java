// Writes records at a rate for SECONDS, and prints the rate that was reached.
package dolphin.region.programs;

import dolphin.region.FactorWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * {@code java -cp 'target/programs/lib/*' dolphin.region.programs.PublishAtRate PATH FACTORS CAPACITY RATE SECONDS}.
 */
public final class PublishAtRate {
    private static final int ARGUMENTS = 5;
    private static final long HEARTBEAT_NS = TimeUnit.MILLISECONDS.toNanos(100);
    /** What was missed because this process did not run is not made up for at once, which would be a burst. */
    private static final long LONGEST_DEBT_NS = TimeUnit.MILLISECONDS.toNanos(1);

    private PublishAtRate() {}

    /** Runs the program; it spins between two records. */
    public static void main(final String[] arguments) {
        if (arguments.length != ARGUMENTS) {
            System.err.println("usage: PublishAtRate PATH FACTORS CAPACITY RATE SECONDS");
            System.exit(2);
        }
        final List<String> names = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
            names.add("factor_" + i);
        }
        final int capacity = Integer.parseInt(arguments[2]);
        final double intervalNs = 1e9 / Double.parseDouble(arguments[3]);
        final long limitNs = TimeUnit.SECONDS.toNanos(Long.parseLong(arguments[4]));
        try (FactorWriter writer = FactorWriter.open(Path.of(arguments[0]), names, capacity, false)) {
            final double[] values = new double[names.size()];
            final long before = writer.published();
            final long begin = System.nanoTime();
            double dueNs = 0;
            long beatNs = 0;
            for (long now = 0; now < limitNs; now = System.nanoTime() - begin) {
                if (now < dueNs) {
                    Thread.onSpinWait();
                    continue;
                }
                values[0]++;
                writer.writeValues(values, 0);
                dueNs = Math.max(dueNs + intervalNs, now - LONGEST_DEBT_NS);
                if (now - beatNs >= HEARTBEAT_NS) {
                    writer.heartbeat();
                    beatNs = now;
                }
            }
            final long n = writer.published() - before;
            System.out.printf("published: n %d, %.0f records/s%n", n, n * 1e9 / (System.nanoTime() - begin));
        }
    }
}
