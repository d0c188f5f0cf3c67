package io.vmm4j.devices.virtio.console;

import io.vmm4j.devices.memory.LittleEndian;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.LoopTask;
import java.nio.ByteBuffer;

/**
 * Emergency writes (virtio 1.2, section 5.3.5): characters that a driver prints without queues, as when it panics. They come
 * from vCPU threads at any rate; what the event loop and the backend do not keep up with is dropped. Guarded by its own lock.
 */
final class EmergencyOutput {

    private static final int CAPACITY = 1024;

    private final ConsoleBackend backend;
    private final LoopTask flush;
    private final ByteBuffer waiting = LittleEndian.allocateDirect(CAPACITY);
    /** For the loop alone. */
    private final ByteBuffer leaving = LittleEndian.allocateDirect(CAPACITY);

    EmergencyOutput(EventLoop loop, ConsoleBackend backend) {
        this.backend = backend;
        this.flush = new LoopTask(loop, this::flush);
    }

    void print(int octet) {
        synchronized (this) {
            if (!waiting.hasRemaining()) {
                return;
            }
            waiting.put((byte) octet);
        }
        flush.schedule();
    }

    /** For the loop: hands over what waits. */
    void flush() {
        leaving.clear();
        synchronized (this) {
            leaving.put(waiting.flip());
            waiting.clear();
        }
        backend.write(leaving.flip());
    }
}
