package io.vmm4j.devices.virtio.blk;

import io.vmm4j.devices.testing.ManualLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A disk whose operations wait, several at a time, until a test ends them in the order it likes. */
final class SlowDisk implements BlkBackend {

    final BlkBench.Disk disk;
    final int depth;
    /** By tag, in the order of arrival. */
    final Map<Integer, Operation> inFlight = new LinkedHashMap<>();
    final List<String> events = new ArrayList<>();
    IOException refusal;
    private BlkIo.Listener listener;
    /** Begun since the last submit. */
    private boolean hasNew;

    /** What an operation does when it is let go. */
    interface Operation {
        void run() throws IOException;
    }

    SlowDisk(BlkBench.Disk disk, int depth) {
        this.disk = disk;
        this.depth = depth;
    }

    /** Ends one operation. */
    void end(ManualLoop loop, int tag) {
        loop.execute(() -> {
            end(tag);
            listener.settled();
        });
        loop.run();
    }

    private void end(int tag) {
        IOException failure = null;
        try {
            inFlight.remove(tag).run();
        } catch (IOException e) {
            failure = e;
        }
        listener.done(tag, failure);
    }

    List<Integer> tags() {
        return List.copyOf(inFlight.keySet());
    }

    @Override
    public BlkIo openQueue(int queue, BlkIo.Listener heard) throws IOException {
        if (refusal != null) {
            throw refusal;
        }
        listener = heard;
        return new BlkIo() {
            @Override
            public int depth() {
                return depth;
            }

            private void begin(int tag, String what, Operation operation) {
                events.add(what);
                hasNew = true;
                if (inFlight.put(tag, operation) != null) {
                    throw new IllegalStateException("tag " + tag + " is in flight already");
                }
            }

            @Override
            public void read(int tag, ByteBuffer[] views, int count, long offset) {
                begin(tag, "read " + offset, () -> disk.read(views, count, offset));
            }

            @Override
            public void write(int tag, ByteBuffer[] views, int count, long offset) {
                begin(tag, "write " + offset, () -> disk.write(views, count, offset));
            }

            @Override
            public void flush(int tag) {
                begin(tag, "flush", disk::flush);
            }

            @Override
            public void discard(int tag, long offset, long length) {
                begin(tag, "discard " + offset, () -> disk.discard(offset, length));
            }

            @Override
            public void writeZeroes(int tag, long offset, long length, boolean mayUnmap) {
                begin(tag, "zero " + offset, () -> disk.writeZeroes(offset, length, mayUnmap));
            }

            @Override
            public void submit() {
                if (hasNew) {
                    events.add("submit");
                }
                hasNew = false;
            }

            @Override
            public void drain() {
                events.add("drain");
                while (!inFlight.isEmpty()) {
                    end(inFlight.keySet().iterator().next());
                }
            }

            @Override
            public void close() {
                events.add("close");
            }
        };
    }

    @Override
    public long capacity() {
        return disk.capacity();
    }

    @Override
    public String id() {
        return "slow";
    }

    @Override
    public boolean canDiscard() {
        return true;
    }

    @Override
    public void read(ByteBuffer[] views, int count, long offset) {
        throw new IllegalStateException("asked past its queues");
    }

    @Override
    public void write(ByteBuffer[] views, int count, long offset) {
        throw new IllegalStateException("asked past its queues");
    }

    @Override
    public void flush() {
        throw new IllegalStateException("asked past its queues");
    }

    @Override
    public void discard(long offset, long length) {
        throw new IllegalStateException("asked past its queues");
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) {
        throw new IllegalStateException("asked past its queues");
    }

    @Override
    public void close() {
        events.add("closed");
    }
}
