// The lines of the standard input, which is the lifeline to the process that started this one.
package dolphin.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Reads them on a thread of its own. */
final class Lines {
    private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();
    private volatile boolean ended;

    Lines() {
        final Thread thread = new Thread(this::read, "stdin");
        thread.setDaemon(true);
        thread.start();
    }

    private void read() {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                lines.add(Optional.of(line));
            }
        } catch (final IOException e) {
            System.err.println(e);
        }
        ended = true;
        lines.add(Optional.empty());
    }

    /** Waits for the next line; empty at the end. */
    Optional<String> next() throws InterruptedException {
        return lines.take();
    }

    /** Returns whether the standard input has ended. */
    boolean ended() {
        return ended;
    }

    /** Prints an answer. */
    static void say(final String line) {
        System.out.println(line);
        System.out.flush();
    }
}
