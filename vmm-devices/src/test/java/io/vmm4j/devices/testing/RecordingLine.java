package io.vmm4j.devices.testing;

import io.vmm4j.devices.irq.InterruptLine;
import java.util.concurrent.atomic.AtomicLong;

/** An interrupt line that counts its edges. Thread-safe. */
public final class RecordingLine implements InterruptLine {

    private final AtomicLong edges = new AtomicLong();

    @Override
    public void trigger() {
        edges.incrementAndGet();
    }

    /** Edges since the start or the last {@link #takeEdges()}. */
    public long edges() {
        return edges.get();
    }

    /** Edges since the start or the last call; the count starts again at 0. */
    public long takeEdges() {
        return edges.getAndSet(0);
    }
}
