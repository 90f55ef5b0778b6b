// Records of a region, losslessly.
package dolphin.peers.engines;

import dolphin.region.FactorReader;
import dolphin.region.FactorRecord;
import dolphin.region.layout.RegionException;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Follows the writers to a new file; the region must be there. */
final class RegionReceiver implements Receiver {
    private final FactorReader reader;
    private final FactorRecord record = new FactorRecord();

    RegionReceiver(final String address) {
        reader = FactorReader.open(Path.of(address));
    }

    @Override
    public boolean poll(final Consumer<double[]> onRecord) {
        switch (reader.readNext(record)) {
            case RECORD -> {
                onRecord.accept(record.values);
                return true;
            }
            case MOVED -> {
                try {
                    reader.reattach();
                } catch (final RegionException.NotReady e) {
                    return false;
                }
            }
            case NOTHING, OVERTAKEN -> {}
        }
        return false;
    }

    @Override
    public void close() {
        reader.close();
    }
}
