// What a writer finds at a region's path.
package dolphin.region.publishing;

import dolphin.region.files.FileIdentity;
import dolphin.region.files.MappedRegion;
import dolphin.region.files.SafeFiles;
import dolphin.region.layout.RegionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A file that a writer goes on in, continues in another, or replaces. */
final class ExistingFile {
    private ExistingFile() {}

    /** Refuses what a writer may not replace: a link, no regular file, of another owner, with a second name. */
    static void refuseForeign(final Path path) {
        try {
            final FileIdentity there = FileIdentity.atOrNull(path);
            if (there != null) {
                SafeFiles.check(path, there, List.of());
            }
        } catch (final IOException e) {
            throw new RegionException(path, e);
        }
    }

    /**
     * Opens the region at a path; returns null if there is none, or one that a new stream replaces: a
     * damaged one of an earlier writer, which the folder beside it shows, or an empty file.
     *
     * @throws RegionException if it is no region, and no writer has been here
     */
    static MappedRegion open(final Path path, final boolean hadWriter) throws IOException {
        try {
            return MappedRegion.open(path, true, List.of());
        } catch (final RegionException.NotReady e) {
            return null;
        } catch (RegionException.Refused | RegionException.Truncated e) {
            if (hadWriter || Files.size(path) == 0) {
                return null;
            }
            throw e;
        }
    }

    /** Returns where the stream of a region goes on: after its newest record, with the times of that. */
    static Stream streamAfter(final MappedRegion there) {
        final long published = there.found.published();
        final int newest = there.layout.slotOffset(published);
        final boolean hasRecord = Long.compareUnsigned(published, there.found.firstSequence()) >= 0;
        final boolean isWhole = there.words.getLongVolatile(newest) == (hasRecord ? published : 0);
        return new Stream(
                there.found.streamId(),
                published + 1,
                isWhole ? there.words.getLongVolatile(newest + 8) : 0,
                isWhole ? there.words.getLongVolatile(newest + 16) : 0);
    }
}
