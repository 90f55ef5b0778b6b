// The owner of a region: makes its files, continues them, and restores them.
package dolphin.region.publishing;

import static dolphin.region.layout.FoundRegion.CLOSED;
import static dolphin.region.layout.FoundRegion.STATE;
import static dolphin.region.layout.FoundRegion.SUPERSEDED;

import dolphin.region.files.MappedRegion;
import dolphin.region.layout.RegionException;
import dolphin.region.layout.RegionLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.SecureRandom;
import java.util.Set;

/** The folder of a region with the writer's lock, and the newest file; for one thread. */
public final class RegionOwner implements AutoCloseable {
    private final Path path;
    private final Set<PosixFilePermission> mode;
    private RegionLayout layout;
    private RegionFolder folder;
    private Stream stream = new Stream(new SecureRandom().nextLong(), 1, 0, 0);
    private RecordWriter writer;
    private MappedRegion superseded;
    /** Of the files and folders before. */
    private WriteCounts past = WriteCounts.NONE;

    /** The first record of a new file: it and the file appear at once. */
    private record First(double[] values, long tsEvent) {}

    /**
     * Takes the region at a path over, or makes it.
     *
     * @throws RegionException.WriterLocked if another writer writes it
     * @throws RegionException if the path holds something else, or there is no space
     */
    public RegionOwner(final Path path, final RegionLayout layout, final Set<PosixFilePermission> mode) {
        this.path = path;
        this.layout = layout;
        this.mode = mode;
        ExistingFile.refuseForeign(path);
        folder = new RegionFolder(path);
        try {
            if (!continueFile()) {
                makeFile(null);
            }
        } catch (IOException | RuntimeException | InternalError e) {
            release();
            folder.giveUp();
            throw known(e);
        }
    }

    private RegionException known(final Throwable e) {
        if (e instanceof RegionException known) {
            return known;
        }
        return e instanceof IOException io ? new RegionException(path, io) : new RegionException(path + ": " + e);
    }

    /**
     * Goes on in the file at the path if it is whole and has these names and this capacity; of any other
     * region the stream is remembered, so that its sequence goes on.
     */
    private boolean continueFile() throws IOException {
        final MappedRegion there = ExistingFile.open(path, folder.wasThere);
        if (there == null) {
            return false;
        }
        stream = ExistingFile.streamAfter(there);
        final RegionLayout found = there.layout;
        final boolean isWanted =
                found.names().equals(layout.names()) && found.capacity() == layout.capacity();
        // Without the folder there was no lock to see: another writer may be at work in this file.
        if (isWanted && folder.wasThere) {
            Files.setPosixFilePermissions(path, mode);
            return switchTo(there, null, false);
        }
        superseded = there;
        return false;
    }

    /**
     * Puts a new file at the path, then marks the old one as moved; makes the folder too if it is gone.
     * On an error the old file stays in use.
     */
    private void makeFile(final First first) throws IOException {
        final boolean wasInterrupted = Thread.interrupted(); // which would close every channel
        final RegionFolder before = folder;
        try {
            if (writer != null) {
                stream = writer.next();
                if (!before.isLockInPlace()) {
                    folder = new RegionFolder(path);
                }
            }
            makeFileInFolder(first);
            if (folder != before) {
                past = past.plus(WriteCounts.ofWakeups(before.wakeups().sent()));
                before.close();
            }
        } catch (IOException | RuntimeException | InternalError e) {
            if (folder != before) {
                folder.close();
                folder = before;
            }
            throw e;
        } finally {
            if (wasInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void makeFileInFolder(final First first) throws IOException {
        final Path file = folder.newFile();
        try {
            if (!switchTo(NewFile.make(file, path, layout, stream, mode), first, true)) {
                throw new RegionException(path + " was changed by another process while it was made; try again");
            }
        } finally {
            NewFile.discard(file);
        }
        if (superseded != null) {
            superseded.words.putLongVolatile(superseded.control(STATE), SUPERSEDED);
            superseded.close();
            superseded = null;
        }
        past = past.plus(WriteCounts.ONE_FILE);
    }

    /** Uses a checked file, and marks the one before as superseded; closes one that is not whole. */
    private boolean switchTo(final MappedRegion file, final First first, final boolean isNew) throws IOException {
        final RecordWriter next = new RecordWriter(file, stream);
        final boolean wasTruncated;
        try {
            if (!next.start()) {
                next.close();
                return false;
            }
            folder.wakeups().wakeEveryone();
            if (first != null) {
                // Nobody is woken for a record that nobody can find yet.
                next.publish(first.values(), first.tsEvent());
            }
            wasTruncated = writer != null && writer.region.isTruncated();
            if (isNew) {
                NewFile.place(folder.newFile(), path);
            }
        } catch (IOException | RuntimeException | InternalError e) {
            next.close();
            throw e;
        }
        final RecordWriter old = writer;
        writer = next;
        if (old != null) {
            supersede(old, wasTruncated);
        }
        if (first != null) {
            // The old file's state, stored since, is what sleepers look at when they ask.
            folder.wakeups().wake();
        }
        return true;
    }

    private void supersede(final RecordWriter old, final boolean wasTruncated) {
        // A store to a file that was truncated would show as an error of whatever runs next.
        if (!wasTruncated) {
            old.setState(SUPERSEDED);
        }
        past = past.plus(old.counts());
        old.close();
    }

    /**
     * Publishes one record, and wakes who sleeps.
     *
     * @throws RegionException if the owner is closed, or the file was truncated and cannot be made again
     */
    public void publish(final double[] values, final long tsEvent) {
        final long before = requireOpen().published();
        try {
            writer.publish(values, tsEvent);
        } catch (final InternalError e) {
            makeAgain();
            if (writer.published() == before) {
                writer.publish(values, tsEvent);
            }
        }
        if (folder.hasSleepers()) {
            folder.wakeups().wake();
        }
    }

    private void makeAgain() {
        try {
            makeFile(null);
        } catch (IOException | InternalError e) {
            throw known(e);
        }
    }

    /** Goes on in a new file with another layout and its first record; on an error all stays as it was. */
    public void moveTo(final RegionLayout next, final double[] values, final long tsEvent) {
        requireOpen();
        final RegionLayout old = layout;
        layout = next;
        try {
            makeFile(new First(values, tsEvent));
        } catch (IOException | RuntimeException | InternalError e) {
            layout = old;
            throw known(e);
        }
    }

    /**
     * Shows readers that this process is alive, and restores what is missing of the region.
     *
     * @throws RegionException.WriterLocked if the folder was removed and another process writes now
     * @throws RegionException if the owner is closed, or the file is gone and cannot be made again
     */
    public void heartbeat() {
        requireOpen();
        try {
            if (!folder.isLockInPlace() || folder.restoreWaiters()) {
                makeFile(null);
            }
            if (!writer.region.isCurrent()) {
                ExistingFile.refuseForeign(path);
                makeFile(null);
            }
            writer.beat();
        } catch (IOException | InternalError e) {
            throw known(e);
        }
    }

    /** Returns the layout of the file that is written. */
    public RegionLayout layout() {
        return layout;
    }

    /** Returns the sequence of the newest record. */
    public long published() {
        return requireOpen().published();
    }

    /** Returns what was counted since this owner was made. */
    public WriteCounts counts() {
        return past.plus(requireOpen().counts()).plus(WriteCounts.ofWakeups(folder.wakeups().sent()));
    }

    private RecordWriter requireOpen() {
        if (writer == null) {
            throw new RegionException.Closed(path);
        }
        return writer;
    }

    private void release() {
        if (superseded != null) {
            superseded.close();
            superseded = null;
        }
        if (writer != null) {
            writer.close();
            writer = null;
        }
    }

    /** Marks the region as closed and releases it; safe to call again. */
    @Override
    public void close() {
        close(false);
    }

    /** As {@link #close()}; {@code removes}: removes the region's files too. */
    public void close(final boolean removes) {
        if (writer == null) {
            return;
        }
        try {
            writer.setState(CLOSED);
            if (removes) {
                Files.deleteIfExists(path);
                RegionFolder.remove(path);
            }
        } catch (final IOException e) {
            throw new RegionException(path, e);
        } catch (final InternalError e) {
            // It was truncated: there is no state to show.
        } finally {
            release();
            folder.close();
        }
    }
}
