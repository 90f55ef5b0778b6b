// The reasons for which a file is no usable region.
package dolphin.region.layout;

import java.util.Locale;

/** Why a file is refused; each is explained in the test vectors, {@code adapters/shm/vectors}. */
public enum Reason {
    TRUNCATED,
    COUNT,
    NAME,
    TOO_LARGE,
    MAGIC,
    BYTE_ORDER,
    VERSION,
    SNAPSHOT_SIZE,
    FACTOR_COUNT,
    RECORD_SIZE,
    CAPACITY,
    SCHEMA_HASH,
    FILE_SIZE,
    BOOT_ID,
    TIME_NAMESPACE,
    SEQUENCE;

    /** Returns the code that the test vectors use, for example {@code schema_hash}. */
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }
}
