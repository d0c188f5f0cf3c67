package io.vmm4j.core.machine;

import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.host.SerialPort;
import io.vmm4j.core.vcpu.VcpuEvents;
import io.vmm4j.devices.serial.Serial16550;

/**
 * Joins a console's thread, which may wait, to the serial device's bounded input queue, which must not make a vCPU wait.
 */
final class ConsolePort implements SerialPort, AutoCloseable {

    private final VcpuEvents events;
    private final Object room = new Object();
    private volatile Serial16550 serial;
    private volatile boolean closed;
    private long changes;

    ConsolePort(VcpuEvents events) {
        this.events = events;
    }

    /** The device, once it exists; before the console is attached. */
    void connect(Serial16550 device) {
        serial = device;
    }

    /** The device has room again; on a vCPU thread. */
    void inputRoomChanged() {
        synchronized (room) {
            changes++;
            room.notifyAll();
        }
    }

    @Override
    public void send(byte[] data, int offset, int length) throws InterruptedException {
        int end = offset + length;
        int at = offset;
        while (at < end) {
            long seen = currentChange();
            // Not under the monitor: the device calls inputRoomChanged() on its own terms.
            int taken = closed ? end - at : serial.receive(data, at, end - at);
            at += taken;
            if (taken == 0) {
                awaitChange(seen);
            }
        }
    }

    private long currentChange() {
        synchronized (room) {
            return changes;
        }
    }

    private void awaitChange(long seen) throws InterruptedException {
        synchronized (room) {
            while (!closed && changes == seen) {
                room.wait();
            }
        }
    }

    @Override
    public void outputReady() {
        serial.outputReady();
    }

    @Override
    public void requestStop(String why) {
        events.end(new VmExit(VmExitReason.STOPPED, why));
    }

    /** Lets go of a console that waits; its bytes have nowhere to go any more. */
    @Override
    public void close() {
        synchronized (room) {
            closed = true;
            room.notifyAll();
        }
    }
}
