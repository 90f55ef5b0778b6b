// The errors of a region: what is wrong, what was expected and found, and what to do.
package dolphin.region.layout;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A region cannot be attached, made, read or written. */
public class RegionException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public RegionException(final String message) {
        super(message);
    }

    public RegionException(final Path path, final IOException cause) {
        super(path + ": " + cause + "; check its type, owner, mode and the space beside it", cause);
    }

    public static RegionException of(final Path path, final IOException cause) {
        return cause instanceof NoSuchFileException ? new NotReady(path) : new RegionException(path, cause);
    }

    /** There is nothing at the path yet: the producer has not started. Try again later. */
    public static final class NotReady extends RegionException {
        private static final long serialVersionUID = 1L;

        public NotReady(final Path path) {
            super(path + " does not exist yet: its producer has not started");
        }
    }

    /** The file's bytes are not those of a usable region. */
    public static final class Refused extends RegionException {
        private static final long serialVersionUID = 1L;
        private final Reason reason;

        public Refused(final Path path, final Refusal refusal) {
            super(path + " is not a usable region: expected " + refusal.expected() + ", found " + refusal.found()
                    + "; start its producer again, or remove the file if nothing uses it");
            reason = refusal.reason();
        }

        /** Returns the rule that does not hold. */
        public Reason reason() {
            return reason;
        }
    }

    /** A file or folder may not be trusted: its type, owner, mode or links. */
    public static final class Untrusted extends RegionException {
        private static final long serialVersionUID = 1L;

        public Untrusted(final Path path, final String expected, final String found) {
            super(path + " is refused: expected " + expected + ", found " + found
                    + "; check who made it before you remove it");
        }
    }

    /** The region does not hold the record that it announces. Open the path again later. */
    public static final class Contradiction extends RegionException {
        private static final long serialVersionUID = 1L;

        public Contradiction(final Path path, final long position, final long published) {
            super(path + " contradicts itself: expected a record after " + Long.toUnsignedString(position) + " of "
                    + Long.toUnsignedString(published) + " published, found another in its slot; open it again");
        }
    }

    /** The file became smaller while it was used. Open the path again later. */
    public static final class Truncated extends RegionException {
        private static final long serialVersionUID = 1L;

        public Truncated(final Path path) {
            super(path + " was truncated while it was used; its producer must start again");
        }
    }

    /** All 64 places for sleeping readers are taken. Spin, or stop a reader. */
    public static final class NoPlace extends RegionException {
        private static final long serialVersionUID = 1L;

        public NoPlace(final Path path) {
            super(path + ": all 64 places for sleeping readers are taken; spin, or stop a reader");
        }
    }

    /** Another writer writes the region already. */
    public static final class WriterLocked extends RegionException {
        private static final long serialVersionUID = 1L;
        private final long pid;

        public WriterLocked(final Path path, final long pid) {
            super(path + " already has a writer (" + (pid > 0 ? "process " + pid : "another process")
                    + "); a region has one writer: stop that process, or write to another path");
            this.pid = pid;
        }

        /** Returns the process id of the other writer; 0: it has not written it down yet. */
        public long pid() {
            return pid;
        }
    }

    /** The reader or writer was closed: open a new one. */
    public static final class Closed extends RegionException {
        private static final long serialVersionUID = 1L;

        public Closed(final Path path) {
            super(path + " is closed here: open a new reader or writer");
        }
    }
}
