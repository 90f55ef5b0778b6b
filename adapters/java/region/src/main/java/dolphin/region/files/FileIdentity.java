// What the file system says of a file at a path.
package dolphin.region.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;

/** The result of {@code lstat}. */
public record FileIdentity(long device, long inode, int mode, int links, int uid, long size) {
    private static final int TYPE = 0170000;
    private static final int REGULAR = 0100000;
    private static final int FOLDER = 0040000;
    private static final int FIFO = 0010000;

    public static FileIdentity of(final Path path, final LinkOption... options) throws IOException {
        final Map<String, Object> found = Files.readAttributes(path, "unix:dev,ino,mode,nlink,uid,size", options);
        return new FileIdentity(
                (Long) found.get("dev"),
                (Long) found.get("ino"),
                (Integer) found.get("mode"),
                (Integer) found.get("nlink"),
                (Integer) found.get("uid"),
                (Long) found.get("size"));
    }

    /** Returns what is at a path, a link as itself. */
    public static FileIdentity at(final Path path) throws IOException {
        return of(path, LinkOption.NOFOLLOW_LINKS);
    }

    /** Returns what is at a path, or null if there is nothing. */
    public static FileIdentity atOrNull(final Path path) throws IOException {
        try {
            return at(path);
        } catch (final NoSuchFileException e) {
            return null;
        }
    }

    public boolean isRegular() {
        return (mode & TYPE) == REGULAR;
    }

    public boolean isFolder() {
        return (mode & TYPE) == FOLDER;
    }

    public boolean isFifo() {
        return (mode & TYPE) == FIFO;
    }

    public boolean isSameFile(final FileIdentity other) {
        return other != null && device == other.device && inode == other.inode;
    }

    /** Returns the permission bits, and those of set-user and sticky. */
    public String permissions() {
        return String.format("%04o", mode & 07777);
    }
}
