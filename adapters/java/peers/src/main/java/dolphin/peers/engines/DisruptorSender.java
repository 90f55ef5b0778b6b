// Records through a Disruptor onto a Chronicle Queue, as the roadmap sketches its Java service.
package dolphin.peers.engines;

import com.lmax.disruptor.EventTranslatorOneArg;
import com.lmax.disruptor.YieldingWaitStrategy;
import com.lmax.disruptor.dsl.Disruptor;
import com.lmax.disruptor.dsl.ProducerType;
import com.lmax.disruptor.util.DaemonThreadFactory;

/**
 * The producer's thread publishes events of arrays that are made once; the handler's thread appends them.
 *
 * <p>That thread yields while it waits: it is the third that wants a core.
 */
final class DisruptorSender implements Sender {
    private static final int EVENTS = 1024;
    private static final EventTranslatorOneArg<double[], double[]> COPY =
            (event, sequence, values) -> System.arraycopy(values, 0, event, 0, event.length);

    private final ChronicleSender queue;
    private final Disruptor<double[]> disruptor = new Disruptor<>(
            () -> new double[Engine.FACTORS],
            EVENTS,
            DaemonThreadFactory.INSTANCE,
            ProducerType.SINGLE,
            new YieldingWaitStrategy());

    DisruptorSender(final String address) {
        queue = new ChronicleSender(address);
        disruptor.handleEventsWith((event, sequence, endOfBatch) -> queue.send(event));
        disruptor.start();
    }

    @Override
    public boolean send(final double[] values) {
        return disruptor.getRingBuffer().tryPublishEvent(COPY, values);
    }

    @Override
    public void close() {
        disruptor.shutdown();
        queue.close();
    }
}
