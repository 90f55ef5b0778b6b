// A media driver's folder and a channel, as "FOLDER CHANNEL".
package dolphin.peers.engines;

import io.aeron.Aeron;

record AeronAddress(String folder, String channel) {
    static final int STREAM = 8501;

    static AeronAddress of(final String address) {
        final int space = address.indexOf(' ');
        return new AeronAddress(address.substring(0, space), address.substring(space + 1));
    }

    Aeron connect() {
        return Aeron.connect(new Aeron.Context().aeronDirectoryName(folder));
    }
}
