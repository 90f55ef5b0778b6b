// The point at which the next file of a sequence of records begins.
package dolphin.region.publishing;

/**
 * Where a stream goes on.
 *
 * @param id random; the same in every file of the sequence
 * @param firstSequence the number of the next record
 * @param lastEvent UNIX nanoseconds of the newest record's event; 0: there is none
 * @param lastWallNs UNIX nanoseconds at which the newest record was published; 0: there is none
 */
record Stream(long id, long firstSequence, long lastEvent, long lastWallNs) {}
