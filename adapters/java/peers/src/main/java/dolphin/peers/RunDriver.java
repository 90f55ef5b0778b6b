// Aeron's media driver, in one thread.
package dolphin.peers;

import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.YieldingIdleStrategy;

/**
 * {@code RunDriver FOLDER IDLE}: with IDLE {@code yield} its thread is on a record's way (UDP), with
 * {@code backoff}, Aeron's default, it is not (IPC). All else is Aeron's default. Ends with its standard input.
 */
public final class RunDriver {
    private RunDriver() {}

    /** Runs the program. */
    public static void main(final String[] arguments) throws InterruptedException {
        final Lines lines = new Lines();
        final MediaDriver.Context context = new MediaDriver.Context()
                .aeronDirectoryName(arguments[0])
                .threadingMode(ThreadingMode.SHARED)
                .sharedIdleStrategy(
                        "yield".equals(arguments[1]) ? new YieldingIdleStrategy() : new BackoffIdleStrategy())
                .dirDeleteOnStart(true)
                .dirDeleteOnShutdown(true);
        try (MediaDriver driver = MediaDriver.launch(context)) {
            Lines.say("ready");
            while (lines.next().isPresent()) {
                Thread.onSpinWait();
            }
        }
    }
}
