package io.vmm4j.devices.virtio.console;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** The host's side of a port, in memory. It keeps to the contract of one-shot notifications. */
final class FakeConsole implements ConsoleBackend {

    private final Deque<Byte> input = new ArrayDeque<>();
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private final List<Boolean> opens = new ArrayList<>();
    private Listener listener;
    private long room = Long.MAX_VALUE;
    private boolean isReadArmed;
    private boolean isWriteArmed;
    private int reads;
    private int largestWrite;

    @Override
    public void open(Listener newListener) {
        listener = newListener;
    }

    @Override
    public int read(ByteBuffer target) {
        reads++;
        int read = 0;
        while (target.hasRemaining() && !input.isEmpty()) {
            target.put(input.poll());
            read++;
        }
        isReadArmed = read == 0;
        return read;
    }

    @Override
    public int write(ByteBuffer source) {
        int length = (int) Math.min(room, source.remaining());
        byte[] bytes = new byte[length];
        source.get(bytes);
        output.writeBytes(bytes);
        room -= length;
        largestWrite = Math.max(largestWrite, length);
        isWriteArmed = source.hasRemaining();
        return length;
    }

    @Override
    public void guestOpened(boolean open) {
        opens.add(open);
    }

    void type(String text) {
        for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
            input.add(octet);
        }
        if (isReadArmed) {
            isReadArmed = false;
            listener.readable();
        }
    }

    /** The reader takes so many bytes more. */
    void setRoom(long bytes) {
        room = bytes;
        if (bytes > 0 && isWriteArmed) {
            isWriteArmed = false;
            listener.writable();
        }
    }

    void notifyForNothing() {
        listener.readable();
        listener.writable();
    }

    void connect(boolean connected) {
        listener.connected(connected);
    }

    String output() {
        return output.toString(StandardCharsets.UTF_8);
    }

    byte[] outputBytes() {
        return output.toByteArray();
    }

    List<Boolean> opens() {
        return opens;
    }

    int waitingInput() {
        return input.size();
    }

    int reads() {
        return reads;
    }

    int largestWrite() {
        return largestWrite;
    }
}
