// The folder beside a region, held by the region's one writer.
package dolphin.region.publishing;

import dolphin.region.files.SafeFiles;
import dolphin.region.files.WriterLock;
import dolphin.region.layout.RegionException;
import dolphin.region.waking.WaitersPage;
import dolphin.region.waking.Wakeups;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/** The writer's lock, taken, and the waiters page, mapped. */
final class RegionFolder implements AutoCloseable {
    final boolean wasThere;

    private Wakeups wakeups;
    private WaitersPage waiters;
    private final Path region;
    private final Path folder;
    private final WriterLock lock;

    /**
     * Opens the folder, which is made if it is missing.
     *
     * @throws RegionException.WriterLocked if another writer holds the lock
     * @throws RegionException if the folder is not to be trusted, or there is no space for it
     */
    RegionFolder(final Path region) {
        this.region = region;
        wasThere = Files.isDirectory(SafeFiles.folderOf(region));
        folder = SafeFiles.requireFolder(region, true, List.of());
        lock = WriterLock.take(folder, region);
        try {
            waiters = WaitersPage.open(folder, true);
        } catch (final RegionException e) {
            lock.close();
            removeIfNew();
            throw e;
        }
        wakeups = new Wakeups(folder, waiters, 0);
    }

    Wakeups wakeups() {
        return wakeups;
    }

    boolean hasSleepers() {
        return waiters.sleeping() != 0;
    }

    Path newFile() {
        return folder.resolve("new");
    }

    /** Returns whether the lock still has its name; without it another writer may be at work here. */
    boolean isLockInPlace() throws IOException {
        return lock.isInPlace();
    }

    /**
     * Restores the waiters page; returns whether it was gone, so that the readers of the old one must be
     * brought to the new one by a new file. One that was truncated is made whole for every mapping of it.
     */
    boolean restoreWaiters() throws IOException {
        if (waiters.isWhole(folder)) {
            return false;
        }
        final WaitersPage page = WaitersPage.open(folder, true);
        if (page == waiters) {
            page.close();
            return false;
        }
        wakeups.close();
        waiters.close();
        waiters = page;
        wakeups = new Wakeups(folder, page, wakeups.sent());
        return true;
    }

    /** Releases the folder, and removes it if this object made it. */
    void giveUp() {
        close();
        removeIfNew();
    }

    private void removeIfNew() {
        if (!wasThere) {
            remove(region);
        }
    }

    /** Removes the folder beside a region; a missing one is no error. */
    static void remove(final Path region) {
        final Path folder = SafeFiles.folderOf(region);
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (final Path entry : entries) {
                Files.deleteIfExists(entry);
            }
            Files.deleteIfExists(folder);
        } catch (final NoSuchFileException e) {
            // It is gone.
        } catch (final IOException e) {
            throw new RegionException(folder, e);
        }
    }

    @Override
    public void close() {
        wakeups.close();
        waiters.close();
        lock.close();
    }
}
