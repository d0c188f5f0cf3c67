package io.vmm4j.core.host;

import static io.vmm4j.core.host.VsockSocketsRig.read;
import static io.vmm4j.core.host.VsockSocketsRig.send;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.devices.time.LoopTimer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Streams between the guest and host programs. */
@Timeout(60)
class VsockSocketsTest {
    private static final VsockSockets.Limits PATIENT = limits(TimeUnit.HOURS.toNanos(1));
    private static final VsockSockets.Limits HASTY = limits(TimeUnit.MILLISECONDS.toNanos(50));

    private static VsockSockets.Limits limits(long connectNanos) {
        return new VsockSockets.Limits(8, TimeUnit.HOURS.toNanos(1), connectNanos, TimeUnit.MILLISECONDS.toNanos(1));
    }

    @TempDir
    private Path directory;
    private Path path;
    private VsockSocketsRig rig;

    @BeforeEach
    void start() throws IOException {
        path = directory.resolve("v.sock");
        rig = new VsockSocketsRig(path, PATIENT);
    }

    @AfterEach
    void stop() throws Exception {
        rig.close();
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private static CompletableFuture<byte[]> readingAll(SocketChannel program, int length) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return read(program, length).getBytes(StandardCharsets.ISO_8859_1);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** Fills the way to the program until it takes no more. Returns the bytes taken. */
    private static int fill(LoopGuest.Connection connection) throws Exception {
        byte[] chunk = bytes(64 * 1024);
        int total = 0;
        int taken = chunk.length;
        while (taken == chunk.length) {
            taken = connection.writeOnce(chunk);
            total += taken;
        }
        return total;
    }

    // The guest's connections

    @Test
    void aConnectionOfTheGuestGoesToTheSocketNamedByItsPort() throws Exception {
        ServerSocketChannel server = rig.listen(1234, 5);
        LoopGuest.Connection connection = rig.guest().connect(rig.sockets(), 1234);
        SocketChannel program = server.accept();
        assertEquals(5, connection.writeOnce("hello".getBytes()));
        assertEquals("hello", read(program, 5));
        assertEquals("", connection.readOnce(10));
        send(program, "there");
        assertEquals("readable", connection.awaitNews());
        assertEquals("there", connection.readOnce(10));
    }

    @Test
    void aPortThatNobodyListensOnIsRefused() throws Exception {
        IOException missing = assertThrows(IOException.class, () -> rig.guest().connect(rig.sockets(), 4294967295L));
        assertTrue(missing.getMessage().contains("v.sock_4294967295"), missing.getMessage());
        rig.listen(5, 5).close();
        IOException dead = assertThrows(IOException.class, () -> rig.guest().connect(rig.sockets(), 5));
        assertTrue(dead.getMessage().contains("refused"), dead.getMessage());
    }

    @Test
    void aProgramWhoseBacklogIsFullGetsTheConnectionWhenItAcceptsOthers() throws Exception {
        ServerSocketChannel server = rig.listen(7, 1);
        rig.fillBacklog(7);
        LoopGuest.Connection connection = rig.guest().connect(rig.sockets(), 7);
        assertEquals("", connection.readOnce(10), "not open yet");
        assertEquals(0, connection.writeOnce("early".getBytes()));
        server.accept().close();
        assertEquals("writable", awaitNewsOf(connection, "writable"));
        assertEquals(4, connection.writeOnce("late".getBytes()));
        assertEquals("late", read(acceptBehind(server), 4));
    }

    @Test
    void aHalfCloseBeforeTheProgramHasRoomIsPassedOnAfterwards() throws Exception {
        ServerSocketChannel server = rig.listen(7, 1);
        rig.fillBacklog(7);
        LoopGuest.Connection connection = rig.guest().connect(rig.sockets(), 7);
        connection.shutdownOutput();
        assertEquals("", connection.readOnce(10));
        server.accept().close();
        SocketChannel program = acceptBehind(server);
        assertEquals("", read(program, 1), "the end");
        send(program, "answer");
        assertEquals("readable", awaitNewsOf(connection, "readable"));
        assertEquals("answer", connection.readOnce(10));
    }

    @Test
    void aProgramThatNeverAcceptsIsGivenUp() throws Exception {
        rig.close();
        rig = new VsockSocketsRig(path, HASTY);
        rig.listen(7, 1);
        rig.fillBacklog(7);
        LoopGuest.Connection connection = rig.guest().connect(rig.sockets(), 7);
        assertEquals("hung up", connection.awaitNews());
        assertThrows(IOException.class, () -> connection.readOnce(10));
        assertThrows(IOException.class, () -> connection.writeOnce(new byte[1]));
    }

    @Test
    void aProgramThatLeavesWhileTheGuestWaitsForItIsGivenUp() throws Exception {
        ServerSocketChannel server = rig.listen(7, 1);
        rig.fillBacklog(7);
        LoopGuest.Connection connection = rig.guest().connect(rig.sockets(), 7);
        LoopGuest.Connection closed = rig.guest().connect(rig.sockets(), 7);
        closed.close();
        server.close();
        assertEquals("hung up", connection.awaitNews());
        assertThrows(IOException.class, () -> connection.readOnce(10));
        assertEquals(0, closed.wakeUps(), "a closed stream hears nothing");
    }

    /** Accepts the connection behind the one that {@code fillBacklog} has left. */
    private static SocketChannel acceptBehind(ServerSocketChannel server) throws IOException {
        server.accept().close();
        return server.accept();
    }

    private static String awaitNewsOf(LoopGuest.Connection connection, String wanted) throws Exception {
        String news = connection.awaitNews();
        while (news != null && !news.equals(wanted)) {
            news = connection.awaitNews();
        }
        return news;
    }

    // Data

    @Test
    void muchDataGoesBothWaysAtOnceByTheNotificationsAlone() throws Exception {
        SocketChannel program = rig.connectedProgram();
        LoopGuest.Connection connection = rig.guest().awaitConnection();
        byte[] there = bytes(3_000_001);
        byte[] back = bytes(3_000_002);
        CompletableFuture<byte[]> received = readingAll(program, back.length);
        CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> {
            try {
                ByteBuffer rest = ByteBuffer.wrap(there);
                while (rest.hasRemaining()) {
                    program.write(rest);
                }
                program.shutdownOutput();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        connection.writeAll(back);
        assertArrayEquals(there, connection.readToEnd());
        assertArrayEquals(back, received.get(20, TimeUnit.SECONDS));
        sent.get(20, TimeUnit.SECONDS);
    }

    @Test
    void dataThatTheGuestDoesNotTakeWakesNobody() throws Exception {
        SocketChannel program = rig.connectedProgram();
        LoopGuest.Connection connection = rig.guest().awaitConnection();
        for (int i = 0; i < 100; i++) {
            send(program, "unread");
        }
        LoopGuest.call(rig.loop(), () -> null);
        assertEquals(0, connection.wakeUps());
        assertIdle();
        assertEquals("unread", connection.readOnce(6));
    }

    @Test
    void aProgramThatIsGoneWakesTheDeviceOnceAndLeavesWhatItSent() throws Exception {
        SocketChannel program = rig.connectedProgram();
        LoopGuest.Connection connection = rig.guest().awaitConnection();
        send(program, "last words");
        program.close();
        assertEquals("hung up", connection.awaitNews());
        assertIdle();
        assertEquals(1, connection.wakeUps());
        assertEquals("last words", connection.readOnce(100));
        assertNull(connection.readOnce(100), "the end");
        assertNull(connection.readOnce(100), "again and again");
        assertThrows(IOException.class, () -> connection.writeOnce(new byte[1]));
        assertIdle();
        assertEquals(1, connection.wakeUps());
    }

    @Test
    void aFullSocketWakesTheDeviceOnlyWhenTheProgramReads() throws Exception {
        SocketChannel program = rig.connectedProgram();
        LoopGuest.Connection connection = rig.guest().awaitConnection();
        int taken = fill(connection);
        LoopGuest.call(rig.loop(), () -> null);
        assertEquals(0, connection.wakeUps());
        assertIdle();
        assertEquals(taken, read(program, taken).length());
        assertEquals("writable", connection.awaitNews());
        assertEquals(1, connection.writeOnce(new byte[1]));
    }

    /** The loop takes next to no processor time for a while in which nothing happens. */
    private void assertIdle() throws Exception {
        long thread = LoopGuest.call(rig.loop(), () -> Thread.currentThread().getId());
        CompletableFuture<Void> over = new CompletableFuture<>();
        long before = ManagementFactory.getThreadMXBean().getThreadCpuTime(thread);
        LoopGuest.call(rig.loop(), () -> {
            LoopTimer timer = rig.loop().timer(() -> over.complete(null));
            timer.arm(TimeUnit.MILLISECONDS.toNanos(300));
            return null;
        });
        over.get(20, TimeUnit.SECONDS);
        long used = ManagementFactory.getThreadMXBean().getThreadCpuTime(thread) - before;
        assertTrue(used < TimeUnit.MILLISECONDS.toNanos(20), () -> "the loop used " + used / 1000 + " us of 300 ms");
    }

    // Half close and the end

    @Test
    void eachWayEndsByItself() throws Exception {
        SocketChannel program = rig.connectedProgram();
        LoopGuest.Connection connection = rig.guest().awaitConnection();
        program.shutdownOutput();
        assertEquals(0, connection.readToEnd().length);
        assertEquals(3, connection.writeOnce("yes".getBytes()));
        assertEquals("yes", read(program, 3));
        connection.shutdownOutput();
        assertEquals("", read(program, 1), "the end");
    }

    @Test
    void theProgramFindsTheEndBehindTheGuestsLastByte() throws Exception {
        SocketChannel program = rig.connectedProgram();
        LoopGuest.Connection connection = rig.guest().awaitConnection();
        connection.writeOnce("bye".getBytes());
        connection.shutdownOutput();
        send(program, "and back");
        assertEquals("bye", read(program, 100));
        assertEquals("and back", connection.readOnce(100));
    }

    @Test
    void aGuestThatReceivesNoMoreMakesTheProgramsWritesFail() throws Exception {
        SocketChannel program = rig.connectedProgram();
        rig.guest().awaitConnection().shutdownInput();
        assertThrows(IOException.class, () -> send(program, "x"));
    }

    @Test
    void aClosedStreamLeavesTheProgramWhatWasWritten() throws Exception {
        SocketChannel program = rig.connectedProgram();
        LoopGuest.Connection connection = rig.guest().awaitConnection();
        connection.writeOnce("bye".getBytes());
        connection.close();
        connection.close();
        assertEquals("bye", read(program, 100));
        assertEquals(0, connection.wakeUps());
    }

    @Test
    void hundredsOfConnectionsAreServed() throws Exception {
        SocketChannel[] programs = new SocketChannel[300];
        LoopGuest.Connection[] connections = new LoopGuest.Connection[300];
        for (int i = 0; i < programs.length; i++) {
            programs[i] = rig.connectedProgram();
            connections[i] = rig.guest().awaitConnection();
            assertEquals("", connections[i].readOnce(10));
        }
        for (int i = 0; i < programs.length; i++) {
            send(programs[i], "to " + i);
        }
        for (int i = 0; i < programs.length; i++) {
            assertEquals("readable", connections[i].awaitNews());
            assertEquals("to " + i, connections[i].readOnce(10));
        }
    }

    // The socket's file

    @Test
    void theEndOfTheMachineDisconnectsAllAndRemovesTheFile() throws Exception {
        SocketChannel silent = rig.program(); // first, so that it is accepted before the next one is answered
        SocketChannel program = rig.connectedProgram();
        rig.guest().awaitConnection();
        rig.endMachine();
        assertEquals("", read(program, 1));
        assertEquals("", read(silent, 1));
        assertFalse(Files.exists(path));
    }

    @Test
    void theSocketOfALiveMachineIsRefusedByName() {
        IOException refused = assertThrows(IOException.class, () -> new VsockSocketsRig(path, PATIENT));
        assertTrue(refused.getMessage().contains(path.toString()) && refused.getMessage().contains("another process listens"),
            refused.getMessage());
    }

    @Test
    void thePathMayBeLongerThanAnAddress() throws Exception {
        Path deep = Files.createDirectory(directory.resolve("d".repeat(150)));
        try (VsockSocketsRig far = new VsockSocketsRig(deep.resolve("v.sock"), PATIENT)) {
            assertThrows(IOException.class, () -> far.guest().connect(far.sockets(), 3));
            try (VsockSocketsRig second = new VsockSocketsRig(deep.resolve("v.sock_3"), PATIENT)) {
                LoopGuest.Connection connection = far.guest().connect(far.sockets(), 3);
                connection.writeOnce("CONNECT 9\n".getBytes());
                assertEquals(9, second.guest().awaitConnection().port(), "one machine's guest to another's");
            }
        }
    }
}
