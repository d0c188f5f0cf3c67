package io.vmm4j.core.machine;

import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.console.SerialPort;
import io.vmm4j.core.event.VmEvent;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.vcpu.VcpuEvents;

/**
 * Joins a console's thread, which may wait, to a device's bounded input queue, which must not make a vCPU or a loop wait.
 */
final class ConsolePort implements SerialPort, AutoCloseable {

    /** A device with a character input, as its host's end needs it. Thread-safe. */
    interface Device {

        /** Takes input: returns how many bytes; after less than {@code length}, {@link #inputRoomChanged} is called. */
        int receive(byte[] data, int offset, int length);

        /** The output has room again. */
        void outputReady();

        /** As {@link SerialPort#hasWindow}. */
        default boolean hasWindow() {
            return false;
        }

        /** As {@link SerialPort#resize}. */
        default void resize(int columns, int rows) {
            // Only a device with a window has a size.
        }
    }

    private final String name;
    private final GivenPart user;
    private final VcpuEvents events;
    private final MachineThreads own;
    private final Object room = new Object();
    private volatile Device device;
    private volatile boolean closed;
    private long changes;

    /**
     * @param name as in {@link VmEvent.ConsoleClient}
     * @param own  counts the console's threads
     */
    ConsolePort(String name, VcpuEvents events, MachineThreads own) {
        this.name = name;
        this.user = new GivenPart(name.equals("console") ? "virtio console" : name + " console", name, events);
        this.events = events;
        this.own = own;
    }

    /** The device, once it exists; before the console is attached. */
    void connect(Device newDevice) {
        device = newDevice;
    }

    /** The device has room again; on a vCPU thread or the event loop. */
    void inputRoomChanged() {
        synchronized (room) {
            changes++;
            room.notifyAll();
        }
    }

    @Override
    public void send(byte[] data, int offset, int length) throws InterruptedException {
        own.requireNotGuest("send()");
        int end = offset + length;
        int at = offset;
        while (at < end) {
            long seen = currentChange();
            // Not under the monitor: the device calls inputRoomChanged() on its own terms.
            int taken = closed ? end - at : device.receive(data, at, end - at);
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
        device.outputReady();
    }

    @Override
    public boolean hasWindow() {
        return device.hasWindow();
    }

    @Override
    public void resize(int columns, int rows) {
        device.resize(columns, rows);
    }

    @Override
    public void clientChanged(boolean connected) {
        events.happened(time -> new VmEvent.ConsoleClient(time, name, connected));
    }

    @Override
    public void own(Thread thread) {
        own.add(thread, MachineThreads.Role.CONSOLE);
    }

    @Override
    public void requireMayWait(String call) {
        own.requireNotGuest(call);
    }

    @Override
    public String name() {
        return user.name();
    }

    @Override
    public void failed(String call, Throwable thrown) {
        user.failed(call, thrown);
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
