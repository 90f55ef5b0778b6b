// Prints every record of a region, from its first on, and ends after COUNT of them.
package dolphin.region.programs;

import dolphin.region.FactorReader;
import dolphin.region.FactorRecord;
import dolphin.region.layout.RegionException;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** {@code java -cp 'target/programs/lib/*' dolphin.region.programs.PrintFactors PATH [COUNT]}. */
public final class PrintFactors {
    private static final long LOOK_NS = TimeUnit.MILLISECONDS.toNanos(200);

    private PrintFactors() {}

    /** Runs the program; exit code 1 with the reason if the region cannot be read, 2 for wrong usage. */
    public static void main(final String[] arguments) throws InterruptedException {
        long count = Long.MAX_VALUE;
        if (arguments.length < 1 || arguments.length > 2) {
            end(2, "usage: PrintFactors PATH [COUNT]");
        }
        if (arguments.length == 2) {
            try {
                count = Long.parseLong(arguments[1]);
            } catch (final NumberFormatException e) {
                end(2, "COUNT: expected a whole number, found " + arguments[1]);
            }
        }
        try {
            print(Path.of(arguments[0]), count);
        } catch (final RegionException e) {
            end(1, e.getMessage());
        }
    }

    private static void end(final int code, final String message) {
        System.err.println(message);
        System.exit(code);
    }

    private static void print(final Path path, final long count) throws InterruptedException {
        final PrintStream out = new PrintStream(
                new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)), false, StandardCharsets.UTF_8);
        final FactorRecord record = new FactorRecord();
        try (FactorReader reader = FactorReader.open(path)) {
            reader.position(0);
            out.println("names " + String.join(" ", reader.names()));
            while (reader.delivered() < count) {
                switch (reader.readNext(record)) {
                    case RECORD -> print(out, record);
                    case MOVED -> {
                        reader.reattach();
                        out.println("names " + String.join(" ", reader.names()));
                    }
                    case OVERTAKEN -> Thread.onSpinWait();
                    case NOTHING -> {
                        out.flush();
                        if (!reader.await(LOOK_NS) && !reader.isCurrent()) {
                            reattachWhenThere(reader);
                        }
                    }
                }
            }
            out.flush();
            System.err.println(reader.lost() + " lost");
        }
    }

    private static void print(final PrintStream out, final FactorRecord record) {
        out.print(record.sequence + " " + record.tsEvent);
        for (final double value : record.values) {
            out.print(" " + value);
        }
        out.println();
    }

    private static void reattachWhenThere(final FactorReader reader) {
        try {
            reader.reattach();
        } catch (final RegionException.NotReady e) {
            // Its producer makes it again.
        }
    }
}
