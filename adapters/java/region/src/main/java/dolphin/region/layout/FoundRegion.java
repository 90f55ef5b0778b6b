// The check of a file's first bytes, which trusts none of them.
package dolphin.region.layout;

import static dolphin.region.layout.RegionLayout.PAGE;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A region as it was found.
 *
 * @param layout sizes and offsets, computed from the names and the capacity
 * @param streamId the same in every file that continues a sequence
 * @param firstSequence the sequence of the first record that was written to this file; unsigned
 * @param published the sequence of the newest record when the file was checked; unsigned
 */
public record FoundRegion(RegionLayout layout, long streamId, long firstSequence, long published) {
    private static final int CONTROL_FIELDS = 200;

    /** Offsets from the control block's begin. */
    public static final int FIRST_SEQUENCE = 56;

    public static final int STATE = 128;
    public static final int WRITER_ID = 136;
    public static final int WRITER_PID = 144;
    public static final int HEARTBEAT = 152;
    public static final int PUBLISHED = 192;

    public static final long LIVE = 1;
    public static final long SUPERSEDED = 2;
    public static final long CLOSED = 3;

    /**
     * Checks the first bytes of a file.
     *
     * @param bytes {@link RegionLayout#HEAD_SIZE} of them, or all
     * @param fileSize bytes of the file
     * @param machine the machine that it must be of
     * @return what is there
     * @throws Refusal.Thrown for the first rule that does not hold
     */
    public static FoundRegion check(final byte[] bytes, final long fileSize, final Machine machine) throws Refusal.Thrown {
        if (fileSize > RegionLayout.MAX_FILE_SIZE) {
            throw new Refusal.Thrown(
                    Reason.TOO_LARGE, "at most " + RegionLayout.MAX_FILE_SIZE + " bytes", fileSize + " bytes");
        }
        final ByteBuffer head = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        final List<String> names = readNames(head);
        final int at = RegionLayout.roundUp(head.position(), PAGE);
        if (at + CONTROL_FIELDS > head.limit()) {
            throw new Refusal.Thrown(
                    Reason.TRUNCATED, "a control block at offset " + at, fileSize + " bytes");
        }
        if (head.getLong(at) == Long.reverseBytes(RegionLayout.MAGIC)) {
            throw new Refusal.Thrown(
                    Reason.BYTE_ORDER, "little-endian numbers", "big-endian ones, of another kind of machine");
        }
        expect(Reason.MAGIC, RegionLayout.MAGIC, head.getLong(at));
        expect(Reason.BYTE_ORDER, RegionLayout.BYTE_ORDER_MARK, u32(head, at + 12));
        expect(Reason.VERSION, RegionLayout.VERSION, u32(head, at + 8));
        final RegionLayout layout;
        try {
            layout = RegionLayout.of(names, head.getInt(at + 36));
        } catch (final IllegalArgumentException e) {
            throw new Refusal.Thrown(Reason.CAPACITY, "a capacity that fits", e.getMessage());
        }
        expect(Reason.SNAPSHOT_SIZE, layout.snapshotSize(), u32(head, at + 24));
        expect(Reason.FACTOR_COUNT, names.size(), u32(head, at + 28));
        expect(Reason.RECORD_SIZE, layout.recordSize(), u32(head, at + 32));
        expect(Reason.SCHEMA_HASH, layout.schemaHash(), head.getLong(at + 40));
        expect(Reason.FILE_SIZE, layout.fileSize(), head.getLong(at + 16));
        expect(Reason.FILE_SIZE, layout.fileSize(), fileSize);
        if (!Arrays.equals(bytes, at + 64, at + 80, machine.bootId(), 0, 16)) {
            throw new Refusal.Thrown(
                    Reason.BOOT_ID, "a region of this boot of the machine", "one from before a reboot");
        }
        final long theirs = head.getLong(at + 80);
        if (machine.timeNamespace() != 0 && theirs != 0) {
            expect(Reason.TIME_NAMESPACE, machine.timeNamespace(), theirs);
        }
        final long first = head.getLong(at + FIRST_SEQUENCE);
        final long published = head.getLong(at + PUBLISHED);
        // published + 1 is at most 2**63: published is not negative as a signed number.
        if (first == 0 || published < 0 || Long.compareUnsigned(first, published + 1) > 0) {
            throw new Refusal.Thrown(
                    Reason.SEQUENCE,
                    "a first sequence of at most published + 1",
                    Long.toUnsignedString(first) + " with " + Long.toUnsignedString(published) + " published");
        }
        return new FoundRegion(layout, head.getLong(at + 48), first, published);
    }

    private static void expect(final Reason reason, final long expected, final long found) throws Refusal.Thrown {
        if (expected != found) {
            final String what = reason.code().replace('_', ' ');
            throw new Refusal.Thrown(
                    reason, what + " " + Long.toUnsignedString(expected), Long.toUnsignedString(found));
        }
    }

    private static long u32(final ByteBuffer head, final int at) {
        return Integer.toUnsignedLong(head.getInt(at));
    }

    private static Refusal.Thrown cut(final String expected, final ByteBuffer head) {
        return new Refusal.Thrown(Reason.TRUNCATED, expected, head.limit() + " bytes");
    }

    /** Reads the names and leaves the position behind the last value. */
    private static List<String> readNames(final ByteBuffer head) throws Refusal.Thrown {
        if (head.limit() < RegionLayout.SNAPSHOT_HEADER) {
            throw cut("a snapshot with factor names", head);
        }
        final int count = head.getInt(8);
        if (count < 1 || count > RegionLayout.MAX_FACTORS) {
            throw new Refusal.Thrown(
                    Reason.COUNT, "1 to 512 factors", "count " + Integer.toUnsignedString(count));
        }
        final List<String> names = new ArrayList<>(count);
        head.position(RegionLayout.SNAPSHOT_HEADER);
        for (int i = 0; i < count; i++) {
            if (head.remaining() < 2) {
                throw cut("another factor name", head);
            }
            final int length = Short.toUnsignedInt(head.getShort());
            if (head.remaining() < length + 8) {
                throw cut("a factor name and its value", head);
            }
            final String name =
                    new String(head.array(), head.position(), length, StandardCharsets.ISO_8859_1);
            if (!RegionLayout.isFactorName(name)) {
                throw new Refusal.Thrown(Reason.NAME, RegionLayout.NAME_RULE, "'" + name + "'");
            }
            if (names.contains(name)) {
                throw new Refusal.Thrown(Reason.NAME, "unique names", "'" + name + "' twice");
            }
            names.add(name);
            head.position(head.position() + length + 8);
        }
        return names;
    }
}
