// Every test vector of the layout, as bytes and as files.
package dolphin.region;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dolphin.region.layout.FoundRegion;
import dolphin.region.layout.Refusal;
import dolphin.region.layout.RegionException;
import dolphin.region.layout.RegionLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class VectorsTest {
    @TempDir
    private Path folder;

    static Stream<JsonObject> accepted() {
        return Vectors.of("accepted");
    }

    static Stream<JsonObject> refused() {
        return Vectors.of("refused");
    }

    private static FoundRegion check(final JsonObject vector) throws Refusal.Thrown {
        final byte[] data = Vectors.bytesOf(vector);
        final int size = vector.get("size").getAsInt();
        return FoundRegion.check(
                Arrays.copyOf(data, Math.min(size, RegionLayout.HEAD_SIZE)), size, Vectors.machine());
    }

    private static long number(final JsonObject from, final String key) {
        return Long.parseUnsignedLong(from.get(key).getAsString());
    }

    private static List<String> texts(final JsonObject from, final String key) {
        return StreamSupport.stream(from.getAsJsonArray(key).spliterator(), false)
                .map(JsonElement::getAsString)
                .toList();
    }

    private static List<String> bits(final double[] values) {
        return Arrays.stream(values)
                .mapToObj(value -> String.format("%016x", Double.doubleToRawLongBits(value)))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("refused")
    void aRefusalHasItsReasonAsBytes(final JsonObject vector) {
        final Refusal.Thrown thrown = assertThrows(Refusal.Thrown.class, () -> check(vector));
        assertEquals(vector.get("reason").getAsString(), thrown.refusal().reason().code());
    }

    @ParameterizedTest
    @MethodSource("refused")
    void aRefusalHasItsReasonAsAFile(final JsonObject vector) throws IOException {
        final Path path = Vectors.layOut(vector, folder);
        final RegionException.Refused thrown =
                assertThrows(RegionException.Refused.class, () -> FactorReader.open(path));
        assertEquals(vector.get("reason").getAsString(), thrown.reason().code());
    }

    @ParameterizedTest
    @MethodSource("accepted")
    void aLayoutIsReadFromBytes(final JsonObject vector) throws Refusal.Thrown {
        final FoundRegion found = check(vector);
        final JsonObject read = vector.getAsJsonObject("read");
        assertEquals(texts(read, "names"), found.layout().names());
        assertEquals(read.get("capacity").getAsInt(), found.layout().capacity());
        assertEquals(read.get("snapshot_size").getAsInt(), found.layout().snapshotSize());
        assertEquals(read.get("record_size").getAsInt(), found.layout().recordSize());
        assertEquals(number(read, "schema_hash"), found.layout().schemaHash());
        assertEquals(number(read, "stream_id"), found.streamId());
        assertEquals(number(read, "first_sequence"), found.firstSequence());
        assertEquals(number(read, "published"), found.published());
    }

    @ParameterizedTest
    @MethodSource("accepted")
    void aFileIsRead(final JsonObject vector) throws IOException {
        final JsonObject read = vector.getAsJsonObject("read");
        try (FactorReader reader = FactorReader.open(Vectors.layOut(vector, folder))) {
            final WriterStatus status = reader.status();
            assertFalse(status.alive());
            assertEquals(
                    read.get("state").getAsString(), status.state().name().toLowerCase(Locale.ROOT));
            assertEquals(number(read, "writer_pid"), status.writerPid());
            assertEquals(number(read, "heartbeat_mono_ns"), status.heartbeatMonoNs());
            assertEquals(number(read, "published"), status.published());
            assertSnapshot(read, reader.snapshot());

            reader.position(0);
            final FactorRecord record = new FactorRecord();
            JsonObject newest = null;
            for (final JsonElement each : read.getAsJsonArray("records")) {
                newest = each.getAsJsonObject();
                assertEquals(FactorReader.Read.RECORD, reader.readNext(record));
                assertRecord(newest, record);
            }
            assertEquals(read.get("end").getAsString(), end(() -> reader.readNext(record)));
            assertEquals(number(read, "lost"), reader.lost());
            assertEquals(read.getAsJsonArray("records").size(), reader.delivered());

            reader.position(0);
            if (read.get("end").getAsString().equals("contradiction")) {
                assertEquals("contradiction", end(() -> reader.readLatest(record)));
            } else if (newest != null) {
                assertEquals(FactorReader.Read.RECORD, reader.readLatest(record));
                assertRecord(newest, record);
            } else {
                assertEquals(read.get("end").getAsString(), end(() -> reader.readLatest(record)));
            }
        }
    }

    private static void assertSnapshot(final JsonObject read, final Optional<Snapshot> found) {
        assertEquals(!read.get("snapshot").isJsonNull(), found.isPresent());
        if (found.isPresent()) {
            final JsonObject wanted = read.getAsJsonObject("snapshot");
            assertEquals(number(wanted, "timestamp"), found.get().timestamp());
            assertEquals(texts(wanted, "values"), bits(found.get().values()));
        }
    }

    private static void assertRecord(final JsonObject wanted, final FactorRecord record) {
        assertEquals(number(wanted, "sequence"), record.sequence);
        assertEquals(number(wanted, "ts_event"), record.tsEvent);
        assertEquals(number(wanted, "published_wall_ns"), record.publishedWallNs);
        assertEquals(number(wanted, "published_mono_ns"), record.publishedMonoNs);
        assertEquals(number(wanted, "writer_id"), record.writerId);
        assertEquals(texts(wanted, "values"), bits(record.values));
    }

    private static String end(final java.util.function.Supplier<FactorReader.Read> reading) {
        try {
            return reading.get().name().toLowerCase(Locale.ROOT);
        } catch (final RegionException.Contradiction e) {
            return "contradiction";
        }
    }
}
