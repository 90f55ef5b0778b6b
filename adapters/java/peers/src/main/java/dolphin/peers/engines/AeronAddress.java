// A media driver's folder, a channel and a stream, as "FOLDER CHANNEL STREAM".
package dolphin.peers.engines;

import io.aeron.Aeron;

record AeronAddress(String folder, String channel, int stream) {
    static AeronAddress of(final String address) {
        final String[] words = address.split(" ");
        return new AeronAddress(words[0], words[1], Integer.parseInt(words[2]));
    }

    Aeron connect() {
        return Aeron.connect(new Aeron.Context().aeronDirectoryName(folder));
    }
}
