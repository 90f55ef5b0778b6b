// Publishes the JVM's own figures into a region: what a Java service does with its factors.
package dolphin.region.programs;

import dolphin.region.FactorWriter;
import dolphin.region.layout.RegionException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** {@code java -cp 'target/programs/lib/*' dolphin.region.programs.PublishFactors PATH SECONDS}. */
public final class PublishFactors {
    private static final long HEARTBEAT_MS = 100;
    private static final List<String> NAMES = List.of("load_average", "heap_used_mb", "threads");

    private PublishFactors() {}

    /** Runs the program; exit code 1 with the reason if the region cannot be written, 2 for wrong usage. */
    public static void main(final String[] arguments) throws InterruptedException {
        if (arguments.length != 2 || !arguments[1].matches("[0-9]{1,9}")) {
            System.err.println("usage: PublishFactors PATH SECONDS");
            System.exit(2);
        }
        // One thread for records and heartbeats: a writer is for one thread.
        final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
        try (FactorWriter writer = FactorWriter.open(Path.of(arguments[0]), NAMES)) {
            thread.scheduleAtFixedRate(
                    () -> {
                        writer.write(factors(), 0);
                        writer.heartbeat();
                    },
                    0,
                    HEARTBEAT_MS,
                    TimeUnit.MILLISECONDS);
            TimeUnit.SECONDS.sleep(Long.parseLong(arguments[1]));
            thread.shutdown();
            thread.awaitTermination(1, TimeUnit.SECONDS);
        } catch (final RegionException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        } finally {
            thread.shutdownNow();
        }
    }

    private static Map<String, Double> factors() {
        final Runtime runtime = Runtime.getRuntime();
        final Map<String, Double> factors = new HashMap<>();
        factors.put("load_average", ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
        factors.put("heap_used_mb", (runtime.totalMemory() - runtime.freeMemory()) / 1e6);
        factors.put("threads", (double) ManagementFactory.getThreadMXBean().getThreadCount());
        return factors;
    }
}
