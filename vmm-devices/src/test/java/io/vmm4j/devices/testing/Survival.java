package io.vmm4j.devices.testing;

import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.devices.testing.DriverQueue.Buffer;
import io.vmm4j.devices.testing.DriverQueue.Used;
import io.vmm4j.devices.time.EventLoop;
import io.vmm4j.devices.virtio.VirtioDevice;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/** A device behind its window, watched at all it does, for one attack or one exchange; see {@link VirtioRig#survive}. */
final class Survival<D extends VirtioDevice> {

    /** How long a device may take. */
    static final int SECONDS = 20;

    private static final long FEATURES = 1L << 32;
    /** Where an answer goes; room before and behind is looked at too. */
    private static final long ANSWER = Hostile.BUFFER + 0x10000;
    private static final int MARGIN = 64;

    private final GuestMemory memory = Hostile.memory();
    private final ManualLoop loop = new ManualLoop(new ManualClock());
    private final D device;
    private final WatchedDevice watched;
    private final Hostile.Rig rig;

    Survival(int queue, Function<EventLoop, D> maker, Consumer<D> prepare) {
        device = maker.apply(loop);
        watched = new WatchedDevice(device);
        VirtioMmioTransport window = new VirtioMmioTransport(watched, memory, new RecordingLine(), loop);
        rig = new Hostile.Rig(memory, window, () -> {
            loop.run();
            prepare.accept(device);
            loop.run();
            watched.check();
        }, queue, new LoopWatch());
    }

    /**
     * Runs {@code test} on a thread of its own, which is left behind, interrupted, when it takes too long.
     *
     * @throws AssertionError what it threw; or where it is, when it has not ended in time
     */
    static void run(String name, int seconds, Runnable test) {
        List<Throwable> thrown = new ArrayList<>();
        Thread thread = new Thread(() -> {
            try {
                test.run();
            } catch (Throwable e) {
                thrown.add(e);
            }
        }, "survive");
        thread.setDaemon(true);
        thread.start();
        try {
            TimeUnit.SECONDS.timedJoin(thread, seconds);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            AssertionError late = new AssertionError(name + ": the device has not come to rest within " + seconds + " s");
            late.setStackTrace(thread.getStackTrace());
            thread.interrupt();
            throw late;
        }
        if (!thrown.isEmpty()) {
            Throwable what = thrown.get(0);
            throw what instanceof AssertionError error ? error : new AssertionError(name + ": " + what, what);
        }
    }

    void carryOut(Hostile.Attack attack) {
        attack.run(rig);
    }

    /** Returns what the device has written, which is all that it has changed. */
    byte[] exchange(byte[] request, int room, int poison) {
        byte[] before = new byte[MARGIN + room + MARGIN];
        Arrays.fill(before, (byte) poison);
        GuestRam.put(memory, ANSWER - MARGIN, before);
        GuestRam.put(memory, Hostile.BUFFER, request);
        int size = rig.largestSize(Hostile.SIZE);
        SplitDriverQueue queue = DriverQueue.split(memory, Hostile.QUEUE, size, FEATURES);
        rig.start(FEATURES, queue.addresses());
        int id = queue.add(chain(request.length, room));
        rig.kick();
        Used used = queue.takeUsed();
        if (used == null || used.id() != id || queue.takeUsed() != null) {
            throw new AssertionError("the chain does not come back once: " + used);
        }
        rig.expect(Hostile.Outcome.CARRIES_ON);
        int length = (int) used.length();
        byte[] after = GuestRam.get(memory, ANSWER - MARGIN, before.length);
        for (int i = 0; i < before.length; i++) {
            boolean isAnswer = i >= MARGIN && i < MARGIN + length;
            if (!isAnswer && after[i] != before[i]) {
                throw new AssertionError("the device says it wrote " + length + " bytes, and has changed byte " + (i - MARGIN));
            }
        }
        if (!Arrays.equals(request, GuestRam.get(memory, Hostile.BUFFER, request.length))) {
            throw new AssertionError("the device has changed what it was to read");
        }
        rig.expectQuietReset();
        return Arrays.copyOfRange(after, MARGIN, MARGIN + length);
    }

    /** In two pieces each, so that a device that looks at the first one only is found out. */
    private static Buffer[] chain(int length, int room) {
        List<Buffer> buffers = new ArrayList<>();
        add(buffers, Hostile.BUFFER, length, false);
        add(buffers, ANSWER, room, true);
        return buffers.toArray(new Buffer[0]);
    }

    private static void add(List<Buffer> buffers, long gpa, int length, boolean writable) {
        int first = length / 2;
        if (first > 0) {
            buffers.add(new Buffer(gpa, first, writable));
        }
        if (length > first) {
            buffers.add(new Buffer(gpa + first, length - first, writable));
        }
    }

    /** Each byte of an answer is another than what was there before, for one of two things that were there before. */
    static void requireWritten(byte[][] answers, int[] poisons) {
        int length = Math.min(answers[0].length, answers[1].length);
        for (int i = 0; i < length; i++) {
            if (answers[0][i] == (byte) poisons[0] && answers[1][i] == (byte) poisons[1]) {
                throw new AssertionError("the device says it wrote " + answers[0].length + " bytes, and has not written byte " + i);
            }
        }
    }

    /** What is seen of the device beside its registers. */
    private final class LoopWatch implements Hostile.Watch {

        @Override
        public boolean execute(Runnable task) {
            loop.execute(task);
            return true;
        }

        @Override
        public void passTime(Duration amount) {
            loop.advance(amount);
        }

        @Override
        public int timers() {
            return loop.openTimers();
        }

        @Override
        public void expectDropped() {
            watched.expectDropped();
        }
    }
}
