package io.vmm4j.devices.virtio.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** A port that is a few queues of frames. Frames are bytes with the header in front. */
class FakePort implements NetBackend {

    private final int pairs;
    private final Set<NetOffload> offloads;
    private final List<Deque<byte[]>> incoming = new ArrayList<>();
    private final List<byte[]> sent = new ArrayList<>();
    private final List<Integer> sentOn = new ArrayList<>();
    private final List<Integer> pieceCounts = new ArrayList<>();
    private Set<NetOffload> accepted = EnumSet.noneOf(NetOffload.class);
    private Listener listener;
    private int activePairs;
    private int room = Integer.MAX_VALUE;
    private int receives;
    private boolean isBroken;

    FakePort() {
        this(1, EnumSet.allOf(NetOffload.class));
    }

    FakePort(int pairs, Set<NetOffload> offloads) {
        this.pairs = pairs;
        this.offloads = offloads;
        for (int i = 0; i < pairs; i++) {
            incoming.add(new ArrayDeque<>());
        }
    }

    @Override
    public int queuePairs() {
        return pairs;
    }

    @Override
    public Set<NetOffload> offloads() {
        return offloads;
    }

    @Override
    public void start(Listener newListener) {
        listener = newListener;
    }

    @Override
    public void setOffloads(Set<NetOffload> newAccepted) {
        accepted = newAccepted;
    }

    @Override
    public void setActivePairs(int newPairs) {
        activePairs = newPairs;
    }

    @Override
    public int receive(int pair, ByteBuffer frame) throws IOException {
        receives++;
        if (isBroken) {
            throw new IOException("EIO");
        }
        byte[] next = incoming.get(pair).poll();
        if (next == null) {
            return 0;
        }
        int length = Math.min(next.length, frame.remaining());
        frame.put(next, 0, length);
        return length;
    }

    @Override
    public boolean send(int pair, ByteBuffer[] pieces, int count) throws IOException {
        if (isBroken) {
            throw new IOException("EIO");
        }
        if (room == 0) {
            return false;
        }
        room--;
        int length = 0;
        for (int i = 0; i < count; i++) {
            length += pieces[i].remaining();
        }
        ByteBuffer whole = ByteBuffer.allocate(length);
        for (int i = 0; i < count; i++) {
            whole.put(pieces[i]);
        }
        sent.add(whole.array());
        sentOn.add(pair);
        pieceCounts.add(count);
        return true;
    }

    @Override
    public void stop() {
        listener = null;
    }

    /** A frame comes in from the network. */
    void arrive(int pair, byte[] frame) {
        incoming.get(pair).add(frame);
    }

    /** The device is told that frames are there. */
    void tellReadable(int pair) {
        listener.readable(pair);
    }

    /** Takes {@code frames} frames and no more until told otherwise. */
    void setRoom(int frames) {
        room = frames;
    }

    void tellWritable(int pair) {
        listener.writable(pair);
    }

    void setBroken(boolean broken) {
        isBroken = broken;
    }

    List<byte[]> sent() {
        return sent;
    }

    List<Integer> sentOn() {
        return sentOn;
    }

    List<Integer> pieceCounts() {
        return pieceCounts;
    }

    Set<NetOffload> accepted() {
        return accepted;
    }

    int activePairs() {
        return activePairs;
    }

    boolean isStarted() {
        return listener != null;
    }

    int waiting(int pair) {
        return incoming.get(pair).size();
    }

    int receives() {
        return receives;
    }
}
