// One record of a region, filled by a reader again and again.
package dolphin.region;

import java.util.Arrays;

/** What a reader copies; its content is undefined after any reading that gave no record. */
public final class FactorRecord {
    /** Its number, contiguous from 1. */
    public long sequence;

    /** UNIX nanoseconds: the producer's instant. */
    public long tsEvent;

    /** UNIX nanoseconds of the write. */
    public long publishedWallNs;

    /** {@code CLOCK_MONOTONIC} nanoseconds of the write. */
    public long publishedMonoNs;

    /** The writer. */
    public long writerId;

    /** The values in the order of the region's names; NaN: no value now. */
    public double[] values = {};

    void resize(final int count) {
        if (values.length != count) {
            values = new double[count];
            Arrays.fill(values, Double.NaN);
        }
    }
}
