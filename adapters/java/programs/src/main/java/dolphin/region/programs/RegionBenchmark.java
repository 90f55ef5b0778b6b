// How long a read of the newest record, a lossless read and a write of a region take.
package dolphin.region.programs;

import dolphin.region.FactorReader;
import dolphin.region.FactorRecord;
import dolphin.region.FactorWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Run with JMH: {@code java -cp 'target/programs/lib/*' org.openjdk.jmh.Main RegionBenchmark}. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RegionBenchmark {
    private static final int BACKLOG = 4000;

    /** Factors of a record. */
    @Param("85")
    public int factors;

    private final FactorRecord record = new FactorRecord();
    private Path path;
    private FactorWriter writer;
    private FactorReader reader;
    private double[] values;

    /** Makes a region of this process with one record. */
    @Setup(Level.Trial)
    public void open() {
        path = Path.of("/dev/shm/dolphin_jmh_" + ProcessHandle.current().pid());
        final List<String> names = new ArrayList<>();
        for (int i = 0; i < factors; i++) {
            names.add("factor_" + i);
        }
        values = new double[factors];
        writer = FactorWriter.open(path, names);
        for (int i = 0; i <= BACKLOG; i++) {
            writer.writeValues(values, 0);
        }
        reader = FactorReader.open(path);
        expectRecord(reader.readNext(record));
    }

    /** Removes it. */
    @TearDown(Level.Trial)
    public void close() {
        reader.close();
        writer.closeAndRemove();
    }

    /** Copies the newest record, which is in the cache. */
    @Benchmark
    public FactorReader.Read newest() {
        reader.position(reader.position() - 1);
        return expectRecord(reader.readLatest(record));
    }

    /** Copies records in order, each as far as the one before: what a reader that is behind does. */
    @Benchmark
    @OperationsPerInvocation(BACKLOG)
    @BenchmarkMode(Mode.AverageTime)
    public long readNext() {
        reader.position(writer.published() - BACKLOG);
        for (int i = 0; i < BACKLOG; i++) {
            expectRecord(reader.readNext(record));
        }
        return record.sequence;
    }

    /** Writes a record; nobody sleeps. */
    @Benchmark
    public double write() {
        values[0]++;
        writer.writeValues(values, 0);
        return values[0];
    }

    /** Writes a record, then reads it losslessly: the two together. */
    @Benchmark
    public FactorReader.Read writeAndReadNext() {
        values[0]++;
        writer.writeValues(values, 0);
        return expectRecord(reader.readNext(record));
    }

    private static FactorReader.Read expectRecord(final FactorReader.Read read) {
        if (read != FactorReader.Read.RECORD) {
            throw new IllegalStateException("expected a record, found " + read);
        }
        return read;
    }
}
