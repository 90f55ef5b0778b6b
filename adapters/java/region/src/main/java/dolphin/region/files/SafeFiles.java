// Opening files and folders that other users may have replaced.
package dolphin.region.files;

import dolphin.region.layout.Machine;
import dolphin.region.layout.RegionException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * The rules of docs/region.md, "Before you map a file".
 *
 * <p>Java shows no descriptor to {@code fstat}, so a file is looked at by its path before and after
 * it is opened. That is enough: the file seen is of a trusted user and has one name, in a folder
 * whose sticky bit keeps everybody else from moving it away and back.
 */
public final class SafeFiles {
    private static final int ATTEMPTS = 8;

    private SafeFiles() {}

    /** An open file, and what was seen at its path. */
    public record Opened(FileChannel channel, FileIdentity identity) {}

    /** Returns the folder beside a region. */
    public static Path folderOf(final Path region) {
        return region.resolveSibling(region.getFileName() + ".d");
    }

    /**
     * Opens a region's file.
     *
     * @throws RegionException if there is none, or it is a link, no regular file, of another owner,
     *     has a second name, or others may write it
     */
    public static Opened open(final Path path, final Set<? extends OpenOption> options, final Collection<Integer> trusted) {
        try {
            refuseOpenParent(path);
            final Set<OpenOption> all = new HashSet<>(options);
            all.add(LinkOption.NOFOLLOW_LINKS);
            for (int i = 0; i < ATTEMPTS; i++) {
                final FileIdentity before = FileIdentity.at(path);
                check(path, before, trusted);
                final FileChannel channel = FileChannel.open(path, all);
                final FileIdentity after = FileIdentity.atOrNull(path);
                if (before.isSameFile(after) && after.links() == 1) {
                    return new Opened(channel, after);
                }
                channel.close();
            }
        } catch (final IOException e) {
            throw RegionException.of(path, e);
        }
        throw new RegionException.Untrusted(path, "a file that stays", "one that is replaced again and again");
    }

    /** Refuses anything but a regular file with one name, of a trusted owner, that others cannot write. */
    public static void check(final Path path, final FileIdentity found, final Collection<Integer> trusted)
            throws IOException {
        if (!found.isRegular()) {
            throw new RegionException.Untrusted(
                    path, "a regular file", Files.isSymbolicLink(path) ? "a symbolic link" : "something else");
        }
        if (found.links() > 1) {
            throw new RegionException.Untrusted(path, "one name", found.links() + " hard links");
        }
        if (!isTrusted(found.uid(), trusted)) {
            throw new RegionException.Untrusted(path, "uid " + Machine.user(), "uid " + found.uid());
        }
        if ((found.mode() & 0022) != 0) {
            throw new RegionException.Untrusted(
                    path, "that only its owner may write", "mode " + found.permissions());
        }
    }

    private static boolean isTrusted(final int uid, final Collection<Integer> trusted) throws IOException {
        return uid == Machine.user() || trusted.contains(uid);
    }

    /** Refuses a folder in which everybody may rename what is not theirs. */
    private static void refuseOpenParent(final Path path) throws IOException {
        final FileIdentity parent = FileIdentity.of(path.getParent());
        if ((parent.mode() & 0002) != 0 && (parent.mode() & 01000) == 0) {
            throw new RegionException.Untrusted(
                    path.getParent(), "the sticky bit, or not writable for others", "mode " + parent.permissions());
        }
    }

    /**
     * Returns the folder beside a region, a real one of mode 0700.
     *
     * @param create whether to make a missing one
     * @throws RegionException if there is none, or it may not be trusted
     */
    public static Path requireFolder(final Path region, final boolean create, final Collection<Integer> trusted) {
        final Path folder = folderOf(region);
        try {
            refuseOpenParent(folder);
            if (create && FileIdentity.atOrNull(folder) == null) {
                Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(
                        PosixFilePermissions.fromString("rwx------")));
            }
            final FileIdentity found = FileIdentity.at(folder);
            if (!found.isFolder() || !isTrusted(found.uid(), trusted) || (found.mode() & 0077) != 0) {
                throw new RegionException.Untrusted(
                        folder,
                        "a folder of uid " + Machine.user() + " with mode 0700",
                        "uid " + found.uid() + ", mode " + found.permissions());
            }
            return folder;
        } catch (final IOException e) {
            throw RegionException.of(folder, e);
        }
    }
}
