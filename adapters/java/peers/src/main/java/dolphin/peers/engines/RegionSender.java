// Records into a region.
package dolphin.peers.engines;

import dolphin.region.FactorWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

final class RegionSender implements Sender {
    private final FactorWriter writer;

    RegionSender(final String address) {
        final List<String> names =
                IntStream.range(0, Engine.FACTORS).mapToObj(i -> "factor_" + i).toList();
        writer = FactorWriter.open(Path.of(address), names);
    }

    @Override
    public boolean send(final double[] values) {
        writer.writeValues(values, 0);
        return true;
    }

    @Override
    public void beat() {
        writer.heartbeat();
    }

    @Override
    public void close() {
        writer.close();
    }
}
