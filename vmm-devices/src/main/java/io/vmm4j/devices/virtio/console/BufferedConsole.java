package io.vmm4j.devices.virtio.console;

import io.vmm4j.devices.serial.SerialSink;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.LoopTask;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * A port's host side for consoles that were made for the serial port: output goes to a {@link SerialSink}, input comes
 * through {@link #receive} into a bounded queue, where it waits for the guest; none is lost. Thread-safe.
 */
public final class BufferedConsole implements ConsoleBackend, Stateful {

    /** Octets of host input that wait by default. */
    public static final int DEFAULT_INPUT_CAPACITY = 4096;

    private final Object lock = new Object();
    private final SerialSink sink;
    private final Runnable onInputRoom;
    private final byte[] input;
    private final LoopTask inputArrived;
    private final LoopTask roomArrived;
    private int head;
    private int size;
    /** Somebody was refused and waits to hear of room. */
    private boolean isAwaited;
    /** Null until there is a device. */
    private Listener listener;

    /**
     * @param loop          the device's
     * @param sink          the guest's output; called on the event loop
     * @param onInputRoom   called once after {@link #receive} took less than it was given, when half of the queue is free; on
     *                      the event loop; must not block
     * @param inputCapacity octets of input that may wait, 1 or more
     */
    public BufferedConsole(EventLoop loop, SerialSink sink, Runnable onInputRoom, int inputCapacity) {
        if (inputCapacity < 1) {
            throw new IllegalArgumentException("console input capacity " + inputCapacity + " is below 1");
        }
        this.sink = Objects.requireNonNull(sink);
        this.onInputRoom = Objects.requireNonNull(onInputRoom);
        this.input = new byte[inputCapacity];
        this.inputArrived = new LoopTask(loop, this::tellReadable);
        this.roomArrived = new LoopTask(loop, this::tellWritable);
    }

    /** A console with the default queue. */
    public BufferedConsole(EventLoop loop, SerialSink sink, Runnable onInputRoom) {
        this(loop, sink, onInputRoom, DEFAULT_INPUT_CAPACITY);
    }

    /**
     * Gives the guest input.
     *
     * @return the octets taken, 0 to {@code length}; when fewer than {@code length}, the listener hears of room later
     */
    public int receive(byte[] data, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, data.length);
        int taken;
        synchronized (lock) {
            taken = Math.min(length, input.length - size);
            for (int i = 0; i < taken; i++) {
                input[(head + size + i) % input.length] = data[offset + i];
            }
            size += taken;
            isAwaited |= taken < length;
        }
        inputArrived.schedule();
        return taken;
    }

    /** Octets that {@link #receive} would take now. */
    public int inputRoom() {
        synchronized (lock) {
            return input.length - size;
        }
    }

    /** Tells that the sink has room again; harmless when it has not. */
    public void outputReady() {
        roomArrived.schedule();
    }

    /** The input that waits. */
    @Override
    public State saveState() {
        synchronized (lock) {
            byte[] waiting = new byte[size];
            for (int i = 0; i < size; i++) {
                waiting[i] = input[(head + i) % input.length];
            }
            return State.builder().put("input", waiting).build();
        }
    }

    @Override
    public void restoreState(State state) throws StateException {
        boolean tellRoom;
        synchronized (lock) {
            byte[] waiting = state.bytes("input", 0, input.length);
            System.arraycopy(waiting, 0, input, 0, waiting.length);
            head = 0;
            size = waiting.length;
            tellRoom = takeAwaited();
        }
        if (tellRoom) {
            onInputRoom.run();
        }
    }

    private boolean takeAwaited() {
        boolean tellRoom = isAwaited && size <= input.length / 2;
        isAwaited &= !tellRoom;
        return tellRoom;
    }

    @Override
    public void open(Listener newListener) {
        listener = newListener;
    }

    @Override
    public int read(ByteBuffer target) {
        int read = 0;
        boolean tellRoom;
        synchronized (lock) {
            while (size > 0 && target.hasRemaining()) {
                target.put(input[head]);
                head = (head + 1) % input.length;
                size--;
                read++;
            }
            tellRoom = takeAwaited();
        }
        if (tellRoom) {
            onInputRoom.run();
        }
        return read;
    }

    @Override
    public int write(ByteBuffer source) {
        int before = source.remaining();
        while (source.hasRemaining() && sink.hasRoom()) {
            sink.write(source.get() & 0xFF);
        }
        return before - source.remaining();
    }

    private void tellReadable() {
        if (listener != null) {
            listener.readable();
        }
    }

    private void tellWritable() {
        if (listener != null) {
            listener.writable();
        }
    }

    @Override
    public void guestOpened(boolean open) {
        // Nobody on this side asks.
    }
}
