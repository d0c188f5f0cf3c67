package io.vmm4j.core.host;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import java.util.Random;

/** An event loop whose thread is kept from its next task for a moment now and then, as by a scheduler with better things to do. */
final class JitteryLoop implements EventLoop {

    private static final int MOST_NANOS = 300_000;

    private final EpollEventLoop loop;
    private final Random random;

    JitteryLoop(EpollEventLoop loop, long seed) {
        this.loop = loop;
        this.random = new Random(seed);
    }

    @Override
    public void execute(Runnable task) {
        loop.execute(() -> {
            task.run();
            pause();
        });
    }

    @Override
    public void executeCommand(Runnable command) {
        loop.executeCommand(command);
    }

    /** On the loop alone, so that the numbers are its own. */
    private void pause() {
        if (random.nextInt(4) > 0) {
            return;
        }
        long end = System.nanoTime() + random.nextInt(MOST_NANOS);
        while (System.nanoTime() - end < 0) {
            Thread.onSpinWait();
        }
    }

    @Override
    public LoopTimer timer(Runnable onExpiry) {
        return loop.timer(onExpiry);
    }

    @Override
    public boolean inLoop() {
        return loop.inLoop();
    }
}
