// A producer that obeys the lines of its standard input: the other end of the project's tests.
package dolphin.region.programs;

import dolphin.region.FactorWriter;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * One line in, one line out; heartbeats in between:
 *
 * <pre>
 * open PATH CAPACITY NAME,NAME,...   the newest sequence
 * write PATH COUNT                   COUNT records, factor i of record n is i + 512 n; the newest sequence
 * put PATH NAME=VALUE,...            one record; the newest sequence
 * flood PATH                         the newest sequence, and from then on records without pause
 * counters PATH                      the counters
 * close PATH, remove PATH            "closed"
 * </pre>
 *
 * A failure is answered by {@code error} and its message.
 */
public final class ObedientProducer {
    private static final double STEP = 512;
    private static final long HEARTBEAT_MS = 100;

    private static final int FLOOD = 100;

    private final Map<String, FactorWriter> writers = new LinkedHashMap<>();
    private FactorWriter flooded;

    private ObedientProducer() {}

    /** Runs until the standard input ends. */
    public static void main(final String[] arguments) throws InterruptedException {
        final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();
        final Thread reading = new Thread(() -> read(lines), "stdin");
        reading.setDaemon(true);
        reading.start();
        new ObedientProducer().obey(lines);
    }

    private static void read(final BlockingQueue<Optional<String>> lines) {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                lines.add(Optional.of(line));
            }
        } catch (final IOException e) {
            System.err.println(e);
        }
        lines.add(Optional.empty());
    }

    private void obey(final BlockingQueue<Optional<String>> lines) throws InterruptedException {
        while (true) {
            final Optional<String> line = lines.poll(flooded == null ? HEARTBEAT_MS : 0, TimeUnit.MILLISECONDS);
            if (line != null && line.isEmpty()) {
                return;
            }
            String answer = null;
            try {
                for (final FactorWriter writer : writers.values()) {
                    writer.heartbeat();
                }
                if (flooded != null) {
                    write(flooded, FLOOD);
                }
                if (line != null) {
                    answer = answer(line.get().split(" "));
                }
            } catch (final RuntimeException e) {
                answer = line == null ? null : "error " + e.getMessage();
            }
            if (answer != null) {
                System.out.println(answer);
                System.out.flush();
            }
        }
    }

    private String answer(final String[] words) {
        final String path = words[1];
        if (words[0].equals("open")) {
            final List<String> names = List.of(words[3].split(","));
            final FactorWriter opened =
                    FactorWriter.open(Path.of(path), names, Integer.parseInt(words[2]), false);
            writers.put(path, opened);
            return String.valueOf(opened.published());
        }
        final FactorWriter writer = writers.get(path);
        flooded = null;
        switch (words[0]) {
            case "write" -> write(writer, Long.parseLong(words[2]));
            case "put" -> put(writer, words[2]);
            case "flood" -> flooded = writer;
            case "counters" -> {
                return writer.counters().toString();
            }
            case "close" -> {
                writers.remove(path).close();
                return "closed";
            }
            case "remove" -> {
                writers.remove(path).closeAndRemove();
                return "closed";
            }
            default -> throw new IllegalArgumentException("expected a command, found " + words[0]);
        }
        return String.valueOf(writer.published());
    }

    private static void write(final FactorWriter writer, final long count) {
        final double[] values = new double[writer.names().size()];
        for (long k = 0; k < count; k++) {
            final long n = writer.published() + 1;
            for (int i = 0; i < values.length; i++) {
                values[i] = i + n * STEP;
            }
            writer.writeValues(values, 0);
        }
    }

    private static void put(final FactorWriter writer, final String pairs) {
        final Map<String, Double> factors = new LinkedHashMap<>();
        for (final String pair : pairs.split(",")) {
            final String[] parts = pair.split("=");
            factors.put(parts[0], parts[1].equals("null") ? null : Double.valueOf(parts[1]));
        }
        writer.write(factors, 0);
    }
}
