package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.time.NanoClock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class OutputBufferTest {
    private static final int CAPACITY = 1024;
    private static final long STUCK = 4_000_000;
    /** For tests that close and then look at what came: more than a busy machine takes to run the writer. */
    private static final long PATIENT = 60_000_000_000L;
    /** A clock on which no reader is ever stuck. */
    private static final NanoClock STANDING = () -> 0;

    private final RecordingPort port = new RecordingPort();

    private OutputBuffer buffer(GatedStream reader, NanoClock clock) throws IOException {
        return buffer(reader, clock, STUCK);
    }

    private OutputBuffer buffer(GatedStream reader, NanoClock clock, long stuckNanos) throws IOException {
        OutputBuffer buffer = new OutputBuffer("test", reader, CAPACITY, clock, stuckNanos);
        buffer.start(port);
        return buffer;
    }

    /** A clock that moves a quarter of the bound at each look. */
    private static NanoClock running() {
        AtomicLong now = new AtomicLong();
        return () -> now.addAndGet(STUCK / 4);
    }

    private static void print(OutputBuffer buffer, String text) {
        for (byte octet : text.getBytes(StandardCharsets.ISO_8859_1)) {
            buffer.write(octet);
        }
    }

    /** Prints until there is no room, at most a buffer's worth, asks for room once more, and returns how many bytes. */
    private static int fill(OutputBuffer buffer) {
        int n = 0;
        while (n < CAPACITY && buffer.hasRoom()) {
            buffer.write('a');
            n++;
        }
        buffer.hasRoom();
        return n;
    }

    @Test
    void aPromptWithoutALineEndAppearsAtOnce() throws Exception {
        GatedStream reader = GatedStream.open();
        try (OutputBuffer buffer = buffer(reader, STANDING)) {
            print(buffer, "login: ");
            assertEquals(7, reader.await(7).length, "output does not wait for a line end");
            print(buffer, "# ");
            assertEquals(9, reader.await(9).length, "nor when the writer went idle in between");
        }
    }

    @Test
    void aSlowReaderLosesNothing() throws Exception {
        GatedStream reader = new GatedStream();
        byte[] sent = new byte[100 * CAPACITY + 7];
        Thread slow = new Thread(() -> {
            for (int i = 0; i < sent.length; i++) {
                reader.takeOne();
                Thread.yield();
            }
        });
        try (OutputBuffer buffer = buffer(reader, STANDING)) {
            slow.start();
            for (int i = 0; i < sent.length; i++) {
                sent[i] = (byte) (i * 31 >> 3);
                while (!buffer.hasRoom()) {
                    assertTrue(port.awaitReady(), "the port hears of room");
                }
                buffer.write(sent[i]);
            }
            assertArrayEquals(sent, reader.await(sent.length), "every byte, in order");
            assertEquals(0, buffer.droppedBytes(), "dropped bytes");
        }
        slow.join();
    }

    @Test
    void theGuestHearsOfRoomThatAppearsAfterNone() throws Exception {
        GatedStream reader = new GatedStream();
        try (OutputBuffer buffer = buffer(reader, STANDING)) {
            assertEquals(CAPACITY, fill(buffer), "bytes until the buffer is full");
            assertFalse(buffer.hasRoom(), "a full buffer has no room");
            reader.takeOne();
            assertTrue(port.awaitReady(), "the port hears of room");
            assertTrue(buffer.hasRoom(), "there is room");
            reader.openGate();
        }
    }

    @Test
    void aReaderThatTakesNothingHoldsTheGuestOnlyForTheBound() throws Exception {
        GatedStream reader = new GatedStream();
        try (OutputBuffer buffer = buffer(reader, running())) {
            fill(buffer);
            assertTrue(port.awaitReady(), "the guest is let go");
            assertTrue(buffer.hasRoom(), "the buffer is lossy now");
            print(buffer, "lost");
            assertEquals(4, buffer.droppedBytes(), "dropped bytes");
            assertTrue(buffer.hasRoom(), "dropping goes on");

            reader.openGate();
            assertEquals(CAPACITY, reader.await(CAPACITY).length, "the reader gets what was kept");
            print(buffer, "seen");
            reader.await(CAPACITY + 4);
            assertTrue(reader.text().endsWith("aseen"), "output goes on when the reader moves");
            assertEquals(4, buffer.droppedBytes(), "dropped bytes stay counted");
        }
    }

    @Test
    void aReaderThatMovedAgainHoldsTheGuestBackAgain() throws Exception {
        GatedStream reader = new GatedStream();
        AtomicBoolean standing = new AtomicBoolean();
        AtomicLong now = new AtomicLong();
        try (OutputBuffer buffer = buffer(reader, () -> standing.get() ? now.get() : now.addAndGet(STUCK / 4))) {
            fill(buffer);
            assertTrue(port.awaitReady(), "the guest is let go");
            standing.set(true);
            reader.takeOne();
            reader.await(1);
            reader.awaitBlocked();
            fill(buffer);
            assertFalse(buffer.hasRoom(), "the bound begins anew after each progress");
            assertEquals(0, buffer.droppedBytes(), "dropped bytes");
            reader.openGate();
        }
    }

    @Test
    void aReaderThatTakesNothingCostsNoNewThread() throws Exception {
        GatedStream reader = new GatedStream();
        try (OutputBuffer buffer = buffer(reader, running())) {
            Set<Thread> before = consoleThreads();
            fill(buffer);
            assertTrue(port.awaitReady(), "the guest is let go");
            assertEquals(before, consoleThreads(), "the host may have no thread to give when the guest prints");
            reader.openGate();
        }
    }

    private static Set<Thread> consoleThreads() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith("console-")).collect(Collectors.toSet());
    }

    @Test
    void theGuestIsHeldWhileTheBoundIsNotOver() throws Exception {
        CountDownLatch looks = new CountDownLatch(10);
        AtomicLong now = new AtomicLong();
        GatedStream reader = new GatedStream();
        try (OutputBuffer buffer = buffer(reader, () -> {
            looks.countDown();
            return now.get();
        })) {
            fill(buffer);
            assertTrue(looks.await(RecordingPort.LIMIT_SECONDS, TimeUnit.SECONDS), "the reader is looked at");
            assertFalse(buffer.hasRoom(), "no time has passed, so the guest still waits");
            reader.openGate();
        }
    }

    @Test
    void aLeapOfTheClockAloneDoesNotMakeTheReaderStuck() throws Exception {
        AtomicLong looks = new AtomicLong();
        AtomicLong now = new AtomicLong();
        CountDownLatch after = new CountDownLatch(10);
        GatedStream reader = new GatedStream();
        try (OutputBuffer buffer = buffer(reader, () -> {
            after.countDown();
            return looks.incrementAndGet() == 2 ? now.addAndGet(100 * STUCK) : now.get();
        })) {
            fill(buffer);
            assertTrue(after.await(RecordingPort.LIMIT_SECONDS, TimeUnit.SECONDS), "the reader is looked at");
            assertFalse(buffer.hasRoom(), "a process that was stopped gives its reader time to run");
            reader.openGate();
        }
    }

    @Test
    void aReaderThatHasGoneHoldsNobody() throws Exception {
        GatedStream reader = new GatedStream();
        try (OutputBuffer buffer = buffer(reader, STANDING)) {
            fill(buffer);
            reader.breakPipe();
            assertTrue(port.awaitReady(), "a guest that waits is let go");
            for (int i = 0; i < 3 * CAPACITY; i++) {
                assertTrue(buffer.hasRoom(), "output is dropped from here on");
                buffer.write('x');
            }
            assertEquals(3 * CAPACITY, buffer.droppedBytes(), "dropped bytes");
        }
    }

    @Test
    void closeWritesOutWhatIsThere() throws Exception {
        GatedStream reader = GatedStream.open();
        OutputBuffer buffer = buffer(reader, STANDING, PATIENT);
        String last = "Power down\r\n".repeat(50);
        print(buffer, last);
        buffer.close();
        assertEquals(last, reader.text(), "the guest's last words");
        buffer.close();
    }

    @Test
    void closeWritesOutAByteThatCameJustBefore() throws Exception {
        for (int i = 0; i < 500; i++) {
            GatedStream reader = GatedStream.open();
            OutputBuffer buffer = buffer(reader, STANDING, PATIENT);
            buffer.write('!');
            buffer.close();
            assertEquals("!", reader.text(), "the last byte");
        }
    }

    @Test
    void aPatientOneHoldsTheGuestForAsLongAsItTakesAndLosesNothing() throws Exception {
        GatedStream reader = new GatedStream();
        OutputBuffer buffer = buffer(reader, running(), OutputBuffer.PATIENT);
        int sent = fill(buffer);
        assertFalse(buffer.hasRoom(), "nobody lets the guest go");
        Thread closer = new Thread(buffer::close);
        closer.start();
        reader.openGate();
        closer.join();
        assertEquals(sent, reader.await(sent).length);
        assertEquals(0, buffer.droppedBytes());
    }

    @Test
    void closeDoesNotWaitForAStuckReaderForLong() throws Exception {
        GatedStream reader = new GatedStream();
        OutputBuffer buffer = buffer(reader, STANDING);
        print(buffer, "text");
        reader.awaitBlocked();
        buffer.close();
        assertEquals("", reader.text(), "the reader has taken nothing, and close came back");
        reader.breakPipe();
    }

    @Test
    void outputFromBeforeTheStartIsWrittenFirst() throws Exception {
        GatedStream reader = GatedStream.open();
        OutputBuffer buffer = new OutputBuffer("test", reader, CAPACITY, STANDING, STUCK);
        print(buffer, "early ");
        buffer.start(port);
        print(buffer, "late");
        reader.await(10);
        buffer.close();
        assertEquals("early late", reader.text(), "output in order");
    }

    @Test
    void aNoticeIsShownBetweenTheGuestsBytes() throws Exception {
        GatedStream reader = GatedStream.open();
        try (OutputBuffer buffer = buffer(reader, STANDING)) {
            buffer.show("help".getBytes(StandardCharsets.ISO_8859_1));
            reader.await(4);
            print(buffer, "guest");
            reader.await(9);
            assertEquals("helpguest", reader.text(), "a notice needs no output of the guest's");
        }
    }

    @Test
    void aFloodThroughTheRingKeepsEveryByteInPlace() throws Exception {
        GatedStream reader = GatedStream.open();
        byte[] sent = new byte[1 << 20];
        try (OutputBuffer buffer = buffer(reader, STANDING)) {
            for (int i = 0; i < sent.length; i++) {
                sent[i] = (byte) (i ^ i >> 8);
                while (!buffer.hasRoom()) {
                    assertTrue(port.awaitReady(), "the port hears of room");
                }
                buffer.write(sent[i] & 0xFF);
            }
            assertTrue(Arrays.equals(sent, reader.await(sent.length)), "every byte, in order");
        }
    }
}
