// The project's test vectors: read, and laid out as files for this machine.
package dolphin.region;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dolphin.region.layout.Machine;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** See {@code adapters/shm/vectors/README.md}. */
final class Vectors {
    private static final JsonObject ALL = read();

    private Vectors() {}

    private static JsonObject read() {
        final Path file = Path.of(System.getProperty("dolphin.vectors", "../../shm/vectors/v1/vectors.json"));
        try {
            return JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        } catch (final IOException e) {
            throw new IllegalStateException(file + ": run this in the project, or give dolphin.vectors", e);
        }
    }

    static Stream<JsonObject> of(final String kind) {
        return StreamSupport.stream(ALL.getAsJsonArray(kind).spliterator(), false).map(JsonElement::getAsJsonObject);
    }

    static Machine machine() {
        return new Machine(
                HexFormat.of().parseHex(ALL.get("boot_id").getAsString()),
                Long.parseUnsignedLong(ALL.get("time_namespace").getAsString()));
    }

    static byte[] bytesOf(final JsonObject vector) {
        byte[] data = new byte[0];
        for (final JsonElement each : vector.getAsJsonArray("pieces")) {
            final JsonArray piece = each.getAsJsonArray();
            final byte[] part = HexFormat.of().parseHex(piece.get(1).getAsString());
            final int at = piece.get(0).getAsInt();
            data = Arrays.copyOf(data, Math.max(data.length, at + part.length));
            System.arraycopy(part, 0, data, at, part.length);
        }
        return data;
    }

    /** Makes a region of a vector in a folder, with this machine in the place of the vectors' own. */
    static Path layOut(final JsonObject vector, final Path folder) throws IOException {
        final byte[] data = bytesOf(vector);
        final int at = vector.get("control_at").getAsInt();
        final Machine theirs = machine();
        final Machine ours = Machine.current();
        replace(data, at + 64, theirs.bootId(), ours.bootId());
        replace(data, at + 80, word(theirs.timeNamespace()), word(ours.timeNamespace()));
        final Path path = folder.resolve(vector.get("name").getAsString());
        final Path beside = folder.resolve(path.getFileName() + ".d");
        Files.createDirectory(
                beside, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.createFile(beside.resolve("lock"));
        Files.write(beside.resolve("waiters"), new byte[4096]);
        Files.createFile(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.write(data);
            file.setLength(vector.get("size").getAsLong());
        }
        return path;
    }

    private static byte[] word(final long value) {
        return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    }

    private static void replace(final byte[] data, final int at, final byte[] old, final byte[] now) {
        if (data.length >= at + old.length && Arrays.equals(data, at, at + old.length, old, 0, old.length)) {
            System.arraycopy(now, 0, data, at, now.length);
        }
    }
}
