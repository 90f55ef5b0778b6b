// The newest values of a region, read without its ring.
package dolphin.region;

/**
 * A whole snapshot.
 *
 * @param timestamp UNIX nanoseconds at which the writer published it
 * @param values in the order of the region's names; NaN: no value now
 */
public record Snapshot(long timestamp, double[] values) {}
