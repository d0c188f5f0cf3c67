package io.vmm4j.core.metrics;

import io.vmm4j.devices.serial.SerialSink;
import java.util.concurrent.atomic.LongAdder;

/** A serial port's way to its console, with a count of what goes by. As thread-safe as the console's own. */
public final class CountingSink implements SerialSink {

    private final SerialSink console;
    private final LongAdder out = new LongAdder();
    private final LongAdder in = new LongAdder();
    private final LongAdder heldBack = new LongAdder();

    /** Counts what goes to {@code console}. */
    public CountingSink(SerialSink console) {
        this.console = console;
    }

    @Override
    public boolean hasRoom() {
        boolean room = console.hasRoom();
        if (!room) {
            heldBack.increment();
        }
        return room;
    }

    @Override
    public void write(int octet) {
        out.increment();
        console.write(octet);
    }

    /** So many bytes went the other way. */
    public void received(int bytes) {
        in.add(bytes);
    }

    /** How it stands now; {@code dropped} is the port's own count. */
    public SerialMetrics snapshot(long dropped) {
        return new SerialMetrics(out.sum(), in.sum(), heldBack.sum(), dropped);
    }
}
