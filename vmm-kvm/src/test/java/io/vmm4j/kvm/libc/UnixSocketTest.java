package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class UnixSocketTest {
    private final List<UnixSocket> opened = new ArrayList<>();

    @TempDir
    private Path directory;

    @AfterEach
    void close() {
        opened.forEach(UnixSocket::close);
    }

    private UnixSocket own(UnixSocket socket) {
        opened.add(socket);
        return socket;
    }

    private UnixSocket listen(Path path) throws LinuxException {
        return own(UnixSocket.listen(path.toString(), 8));
    }

    /** Two ends of a connection: the one that asked, then the one that accepted. */
    private UnixSocket[] pair() throws LinuxException {
        Path path = directory.resolve("pair" + opened.size());
        UnixSocket server = listen(path);
        UnixSocket client = own(UnixSocket.open());
        assertTrue(client.connect(path), "connected");
        return new UnixSocket[] {client, own(server.accept())};
    }

    private static ByteBuffer direct(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    private static String text(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.position()];
        buffer.get(0, bytes);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    @Test
    void bytesGoBothWaysAndMoveThePositions() throws Exception {
        UnixSocket[] ends = pair();
        ByteBuffer sent = direct("..question").position(2);
        assertEquals(8, ends[0].send(sent));
        assertEquals(10, sent.position());
        ByteBuffer received = ByteBuffer.allocateDirect(16).position(4);
        assertEquals(8, ends[1].receive(received));
        assertEquals(12, received.position());
        assertEquals("question", text(received).substring(4));
        ends[1].send(direct("answer"));
        assertEquals(6, ends[0].receive(ByteBuffer.allocateDirect(16)));
    }

    @Test
    void aSocketIsReachedByItsOpenFileWhateverHasBecomeOfItsName() throws Exception {
        Path path = directory.resolve("renamed");
        UnixSocket server = listen(path);
        try (Fd file = Fd.open(path, Fd.O_PATH | Fd.O_NOFOLLOW)) {
            Files.delete(path);
            assertTrue(file.stat().isSocket());
            assertTrue(own(UnixSocket.open()).connect(file, path));
            assertTrue(own(server.accept()) != null);
        }
    }

    @Test
    void nothingToReceiveIsNotTheEnd() throws Exception {
        UnixSocket[] ends = pair();
        assertEquals(UnixSocket.WOULD_BLOCK, ends[0].receive(ByteBuffer.allocateDirect(16)));
        ends[1].shutdownOutput();
        assertEquals(0, ends[0].receive(ByteBuffer.allocateDirect(16)), "the end");
        ends[0].send(direct("x"));
        assertEquals(1, ends[1].receive(ByteBuffer.allocateDirect(16)), "the other way goes on");
    }

    @Test
    void whatIsPeekedAtStays() throws Exception {
        UnixSocket[] ends = pair();
        ends[0].send(direct("abc"));
        ByteBuffer seen = ByteBuffer.allocateDirect(16);
        assertEquals(3, ends[1].peek(seen));
        assertEquals(0, seen.position());
        assertEquals('c', seen.get(2));
        ByteBuffer received = ByteBuffer.allocateDirect(16);
        assertEquals(3, ends[1].receive(received));
        assertEquals("abc", text(received));
    }

    @Test
    void aFullSocketTakesNoMoreUntilItIsRead() throws Exception {
        UnixSocket[] ends = pair();
        ByteBuffer large = ByteBuffer.allocateDirect(1 << 20);
        long sent = 0;
        for (int n = ends[0].send(large.clear()); n != UnixSocket.WOULD_BLOCK; n = ends[0].send(large.clear())) {
            sent += n;
        }
        assertTrue(sent > 0, "some bytes fit");
        long received = 0;
        while (received < sent) {
            int n = ends[1].receive(large.clear());
            assertTrue(n > 0, "what was taken comes out");
            received += n;
        }
        assertTrue(ends[0].send(large.clear()) > 0, "there is room again");
    }

    @Test
    void sendingToAnEndThatIsGoneIsAnErrorAndNoSignal() throws Exception {
        UnixSocket[] ends = pair();
        ends[1].close();
        LinuxException gone = assertThrows(LinuxException.class, () -> ends[0].send(direct("x")));
        assertEquals(32, gone.errno(), "EPIPE");
        assertEquals(0, ends[0].receive(ByteBuffer.allocateDirect(16)), "the end");
    }

    @Test
    void anEndThatReceivesNoMoreMakesTheOthersSendsFail() throws Exception {
        UnixSocket[] ends = pair();
        ends[1].shutdownInput();
        assertEquals(32, assertThrows(LinuxException.class, () -> ends[0].send(direct("x"))).errno(), "EPIPE");
        assertEquals(1, ends[1].send(direct("x")));
    }

    @Test
    void unreadBytesAtTheEndAreAReset() throws Exception {
        UnixSocket[] ends = pair();
        ends[0].send(direct("never read"));
        ends[1].close();
        LinuxException reset = assertThrows(LinuxException.class, () -> ends[0].receive(ByteBuffer.allocateDirect(16)));
        assertEquals(104, reset.errno(), "ECONNRESET");
        assertTrue(reset.getMessage().contains("ECONNRESET"), reset.getMessage());
    }

    @Test
    void aFullBacklogIsToldFromNobodyListening() throws Exception {
        Path path = directory.resolve("full");
        UnixSocket server = own(UnixSocket.listen(path.toString(), 1));
        int connected = 0;
        while (own(UnixSocket.open()).connect(path)) {
            connected++;
            assertTrue(connected < 100, "the backlog has an end");
        }
        UnixSocket late = opened.get(opened.size() - 1);
        own(server.accept());
        assertTrue(late.connect(path), "there is room for the late one now");
        server.close();
        LinuxException refused = assertThrows(LinuxException.class, () -> own(UnixSocket.open()).connect(path));
        assertEquals(111, refused.errno(), "ECONNREFUSED");
        LinuxException missing = assertThrows(LinuxException.class,
            () -> own(UnixSocket.open()).connect(directory.resolve("none")));
        assertEquals(2, missing.errno(), "ENOENT");
    }

    @Test
    void acceptFindsNobodyWithoutWaiting() throws Exception {
        assertNull(listen(directory.resolve("idle")).accept());
    }

    @Test
    void aPathTooLongForAnAddressIsReachedNevertheless() throws Exception {
        Path deep = Files.createDirectory(directory.resolve("d".repeat(120)));
        Path path = deep.resolve("socket");
        UnixSocket server;
        try (Fd at = Fd.open(deep, Fd.O_RDONLY | Fd.O_DIRECTORY)) {
            server = listen(Path.of("/proc/self/fd/" + at.value() + "/socket"));
        }
        assertTrue(own(UnixSocket.open()).connect(path), "connected");
        assertFalse(own(server.accept()).fd() < 0);
        assertThrows(IllegalArgumentException.class, () -> UnixSocket.listen(path.toString(), 8));
        assertThrows(IllegalArgumentException.class, () -> UnixSocket.listen("", 8));
    }

    @Test
    void anAddressOfExactly107BytesFits() throws Exception {
        int left = UnixSocket.MAX_ADDRESS - directory.toString().length() - 1;
        Path path = directory.resolve("s".repeat(left));
        listen(path);
        assertTrue(own(UnixSocket.open()).connect(path));
        assertThrows(IllegalArgumentException.class, () -> UnixSocket.listen(path + "s", 8));
    }

    @Test
    void anOpenFileGoesWithTheBytes() throws Exception {
        UnixSocket[] ends = pair();
        try (MemFd file = MemFd.create("sent", 4096, 0)) {
            ByteBuffer sent = direct("[0]");
            assertEquals(3, ends[0].send(sent, file.fd()));
            assertEquals(3, sent.position());
            ByteBuffer target = ByteBuffer.allocateDirect(16);
            UnixSocket.Received received = ends[1].receiveWithDescriptor(target);
            assertEquals(3, received.count());
            assertEquals("[0]", text(target));
            try (Fd fd = received.descriptor().orElseThrow()) {
                assertTrue(fd.value() != file.fd().value() && fd.stat().isSameFile(file.fd().stat()));
                assertEquals(1, LibC.fcntl(fd.value(), 1, 0), "F_GETFD must say FD_CLOEXEC");
            }
        }
    }

    @Test
    void bytesWithoutAFileAreReceivedAlike() throws Exception {
        UnixSocket[] ends = pair();
        assertEquals(UnixSocket.WOULD_BLOCK, ends[1].receiveWithDescriptor(ByteBuffer.allocateDirect(16)).count());
        ends[0].send(direct("x"));
        UnixSocket.Received received = ends[1].receiveWithDescriptor(ByteBuffer.allocateDirect(16));
        assertEquals(1, received.count());
        assertTrue(received.descriptor().isEmpty());
        ends[0].close();
        assertEquals(0, ends[1].receiveWithDescriptor(ByteBuffer.allocateDirect(16)).count(), "the end");
    }

    private static long descriptors() throws Exception {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    @Test
    void ofSeveralOpenFilesTheFirstIsReceivedAndTheOthersStayOutside() throws Exception {
        UnixSocket[] ends = pair();
        try (MemFd first = MemFd.create("first", 4096, 0); MemFd other = MemFd.create("other", 8192, 0)) {
            assertEquals(1, ends[0].send(direct("x"), first.fd().value(), other.fd().value(), other.fd().value()));
            long before = descriptors();
            UnixSocket.Received received = ends[1].receiveWithDescriptor(ByteBuffer.allocateDirect(16));
            try (Fd file = received.descriptor().orElseThrow()) {
                assertEquals(4096, file.stat().size());
                assertEquals(before + 1, descriptors());
            }
        }
        assertThrows(IllegalArgumentException.class, () -> ends[0].send(direct("x"), new int[0]));
        assertThrows(IllegalArgumentException.class, () -> ends[0].send(direct("x"), new int[254]));
    }
}
