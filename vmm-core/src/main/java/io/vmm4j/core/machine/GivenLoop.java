package io.vmm4j.core.machine;

import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.time.LoopTimer;
import java.util.Objects;

/** A machine's event loop as a device of the embedder's has it: what its tasks and timers throw is that device's fault. */
final class GivenLoop implements EventLoop {

    private final EventLoop loop;
    private final GivenPart part;

    GivenLoop(EventLoop loop, GivenPart part) {
        this.loop = loop;
        this.part = part;
    }

    @Override
    public void execute(Runnable task) {
        loop.execute(guarded("a task on the event loop", task));
    }

    @Override
    public void executeCommand(Runnable command) {
        loop.executeCommand(guarded("a command on the event loop", command));
    }

    @Override
    public LoopTimer timer(Runnable onExpiry) {
        return loop.timer(guarded("a timer on the event loop", onExpiry));
    }

    @Override
    public boolean inLoop() {
        return loop.inLoop();
    }

    private Runnable guarded(String what, Runnable code) {
        Objects.requireNonNull(code, what);
        return part.guarded(what, code);
    }
}
