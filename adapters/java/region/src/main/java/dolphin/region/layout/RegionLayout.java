// The layout of a region file: computed for a new one, checked for one that is there.
package dolphin.region.layout;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The names of a region, and its sizes and offsets in bytes; the format is docs/region.md. */
public final class RegionLayout {
    /** The most factors that a region has. */
    public static final int MAX_FACTORS = 512;

    /** Records in the ring of a writer that is not told otherwise. */
    public static final int DEFAULT_CAPACITY = 4096;

    /** So many bytes from a file's begin hold the longest snapshot and the control block behind it. */
    public static final int HEAD_SIZE = 65_536 + 4096;

    public static final int PAGE = 4096;
    public static final int SNAPSHOT_HEADER = 12;
    public static final int RECORD_HEADER = 64;
    public static final long MAX_FILE_SIZE = 256L << 20;
    public static final long MAGIC = 0x314e4948504c4f44L;
    public static final int BYTE_ORDER_MARK = 0x01020304;
    public static final int VERSION = 1;

    private static final int MAX_NAME = 63;

    private final List<String> names;
    private final int capacity;
    private final int[] valueOffsets;
    private final int snapshotSize;
    private final int recordSize;

    private RegionLayout(final List<String> names, final int capacity) {
        this.names = List.copyOf(names);
        this.capacity = capacity;
        valueOffsets = new int[names.size()];
        int at = SNAPSHOT_HEADER;
        for (int i = 0; i < valueOffsets.length; i++) {
            at += 2 + names.get(i).length();
            valueOffsets[i] = at;
            at += 8;
        }
        snapshotSize = roundUp(at, PAGE);
        recordSize = roundUp(RECORD_HEADER + 8 * names.size(), 64);
    }

    /**
     * Lays a new region out.
     *
     * @param names 1 to 512 unique names, each a letter and up to 62 letters, digits, {@code _ . -}
     * @param capacity records in the ring: a power of two, at least 2
     * @return the layout
     * @throws IllegalArgumentException if a name or the capacity is not allowed, or the file would
     *     be larger than 256 MB
     */
    public static RegionLayout of(final List<String> names, final int capacity) {
        if (names.isEmpty() || names.size() > MAX_FACTORS) {
            throw new IllegalArgumentException("names: expected 1 to " + MAX_FACTORS + ", found " + names.size());
        }
        final Set<String> seen = new HashSet<>();
        for (final String name : names) {
            if (!isFactorName(name)) {
                throw new IllegalArgumentException("names: expected " + NAME_RULE + ", found '" + name + "'");
            }
            if (!seen.add(name)) {
                throw new IllegalArgumentException("names: expected each once, found '" + name + "' twice");
            }
        }
        if (capacity < 2 || Integer.bitCount(capacity) != 1) {
            throw new IllegalArgumentException(
                    "capacity: expected a power of two of at least 2, found " + Integer.toUnsignedString(capacity));
        }
        final RegionLayout layout = new RegionLayout(names, capacity);
        if (layout.fileSize() > MAX_FILE_SIZE) {
            throw new IllegalArgumentException("capacity: " + capacity + " records of " + names.size()
                    + " factors need " + layout.fileSize() + " bytes; a region has at most " + MAX_FILE_SIZE);
        }
        return layout;
    }

    public static final String NAME_RULE = "a letter and up to 62 letters, digits, '_', '.' or '-'";

    /** Returns whether a text may be the name of a factor. */
    public static boolean isFactorName(final String name) {
        if (name.isEmpty() || name.length() > MAX_NAME || !isLetter(name.charAt(0))) {
            return false;
        }
        for (int i = 1; i < name.length(); i++) {
            final char c = name.charAt(i);
            if (!isLetter(c) && (c < '0' || c > '9') && c != '_' && c != '.' && c != '-') {
                return false;
            }
        }
        return true;
    }

    private static boolean isLetter(final char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
    }

    public static int roundUp(final int size, final int unit) {
        return (size + unit - 1) / unit * unit;
    }

    /** Returns the names, in the order of a record's values. */
    public List<String> names() {
        return names;
    }

    /** Returns how many records the ring has; one less can be read at any time. */
    public int capacity() {
        return capacity;
    }

    /** Returns the size of the snapshot; the control block follows. */
    public int snapshotSize() {
        return snapshotSize;
    }

    /** Returns the size of a record. */
    public int recordSize() {
        return recordSize;
    }

    /** Returns the size of the file. */
    public long fileSize() {
        return ringOffset() + (long) capacity * recordSize;
    }

    public int ringOffset() {
        return snapshotSize + PAGE;
    }

    public int slotOffset(final long sequence) {
        return ringOffset() + (int) (sequence & (capacity - 1)) * recordSize;
    }

    public int valueOffset(final int index) {
        return valueOffsets[index];
    }

    /** Returns the first 8 bytes, little-endian, of SHA-256 over the names joined by a newline. */
    public long schemaHash() {
        try {
            final byte[] joined = String.join("\n", names).getBytes(StandardCharsets.US_ASCII);
            final byte[] hash = MessageDigest.getInstance("SHA-256").digest(joined);
            return ByteBuffer.wrap(hash).order(ByteOrder.LITTLE_ENDIAN).getLong();
        } catch (final NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
