package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SocketConsoleTest {
    private final RecordingPort port = new RecordingPort();
    private Path path;
    private SocketConsole console;

    @TempDir
    private Path directory;

    @BeforeEach
    void name() {
        path = directory.resolve("console.sock");
        console = new SocketConsole(path);
    }

    @AfterEach
    void close() {
        console.close();
    }

    private SocketChannel connect() throws IOException {
        return SocketChannel.open(UnixDomainSocketAddress.of(path));
    }

    private static void send(SocketChannel client, String text) throws IOException {
        client.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    /** Reads until {@code count} bytes came, or the end. */
    private static String read(SocketChannel client, int count) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(count);
        int n = 0;
        while (buffer.hasRemaining() && n >= 0) {
            n = client.read(buffer);
        }
        return new String(buffer.array(), 0, buffer.position(), StandardCharsets.ISO_8859_1);
    }

    private static String readUntil(SocketChannel client, String end) throws IOException {
        StringBuilder text = new StringBuilder();
        while (text.length() < end.length() || text.indexOf(end, text.length() - end.length()) < 0) {
            String octet = read(client, 1);
            assertEquals(1, octet.length(), () -> "the output ended before " + end);
            text.append(octet);
        }
        return text.toString();
    }

    private static String readToEnd(SocketChannel client) throws IOException {
        return read(client, 4096);
    }

    private void print(String text) throws InterruptedException {
        for (int i = 0; i < text.length(); i++) {
            while (!console.output().hasRoom()) {
                assertTrue(port.awaitReady(), "the port hears of room");
            }
            console.output().write(text.charAt(i));
        }
    }

    private String refusal() {
        IOException refused = assertThrows(IOException.class, () -> console.attach(port));
        assertTrue(refused.getMessage().contains(path.toString()), "the message names the path");
        assertFalse(refused.getMessage().contains("\n"), "one line");
        return refused.getMessage();
    }

    @Test
    void aClientTalksToTheGuest() throws Exception {
        console.attach(port);
        try (SocketChannel client = connect()) {
            send(client, "\u0001xls\n");
            assertEquals("\u0001xls\n", port.awaitText(5), "all bytes pass, escapes too");
            assertFalse(port.isStopAsked(), "end asked for");
            print("# ");
            assertEquals("# ", read(client, 2), "output at once");
        }
    }

    @Test
    void onlyTheOwnerMayConnect() throws Exception {
        console.attach(port);
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)), "mode");
        try (var files = Files.list(directory)) {
            assertEquals(1, files.count(), "nothing but the socket is left in the directory");
        }
    }

    @Test
    void theFirstClientGetsWhatWasPrintedBefore() throws Exception {
        console.attach(port);
        print("Linux version 6.1\r\nlogin: ");
        try (SocketChannel client = connect()) {
            assertEquals("Linux version 6.1\r\nlogin: ", read(client, 26), "output of before, without any new");
        }
    }

    @Test
    void ofLongOutputTheEndIsKept() throws Exception {
        console.attach(port);
        print("old".repeat(ClientOutput.KEPT));
        // All but a buffer's worth of this has gone to where it is kept, and that is as much as is kept.
        print("n".repeat(ClientOutput.KEPT + OutputBuffer.CAPACITY));
        print("end");
        try (SocketChannel client = connect()) {
            String text = readUntil(client, "end");
            assertFalse(text.contains("old"), "the oldest is forgotten");
            assertTrue(text.length() <= ClientOutput.KEPT + OutputBuffer.CAPACITY + 3, "no more than was kept came");
        }
    }

    @Test
    void aClientThatLeavesDisturbsNobodyAndTheNextGoesOn() throws Exception {
        console.attach(port);
        try (SocketChannel client = connect()) {
            print("one");
            assertEquals("one", read(client, 3), "output");
            print("two");
            assertEquals("two", read(client, 3), "output");
            send(client, "a");
            port.await(1);
        }
        print("three");
        try (SocketChannel client = connect()) {
            readUntil(client, "three");
            send(client, "b");
            assertEquals("ab", port.awaitText(2), "input of both");
        }
    }

    @Test
    void aClientThatOnlyLookedInLeavesTheOutputForTheNext() throws Exception {
        console.attach(port);
        print("login: ");
        connect().close();
        try (SocketChannel client = connect()) {
            assertEquals("login: ", read(client, 7), "output of before");
        }
    }

    @Test
    void whatAClientHasSeenIsNotRepeatedToTheNext() throws Exception {
        console.attach(port);
        // More than the buffer holds, so some of it has gone to where it is kept.
        print("before ".repeat(OutputBuffer.CAPACITY / 4));
        try (SocketChannel client = connect()) {
            print("while ");
            readUntil(client, "while ");
        }
        try (SocketChannel client = connect()) {
            print("after");
            String text = readUntil(client, "after");
            assertFalse(text.contains("before"), () -> "the next client got: " + text);
        }
    }

    @Test
    void aSecondClientIsToldSoAndTheFirstGoesOn() throws Exception {
        console.attach(port);
        try (SocketChannel first = connect()) {
            print("a");
            assertEquals("a", read(first, 1), "output");
            try (SocketChannel second = connect()) {
                assertEquals("vmm: another client is connected to this console\r\n", readToEnd(second), "refusal");
            }
            print("b");
            assertEquals("b", read(first, 1), "output goes on");
            send(first, "c");
            assertEquals("c", port.awaitText(1), "input goes on");
        }
    }

    @Test
    void aClientThatEndedItsInputGetsOutputUntilAnotherComes() throws Exception {
        console.attach(port);
        try (SocketChannel first = connect()) {
            send(first, "reboot\n");
            first.shutdownOutput();
            assertEquals("reboot\n", port.awaitText(7), "input");
            print("going down");
            assertEquals("going down", read(first, 10), "output after the end of input");
            try (SocketChannel second = connect()) {
                assertEquals("", readToEnd(first), "the first is let go");
                print("up");
                String text = read(second, 2);
                assertEquals("up", text.substring(text.length() - 2), "the second has its place");
            }
        }
    }

    @Test
    void clientsCostNoNewThread() throws Exception {
        console.attach(port);
        Set<Thread> before = consoleThreads();
        for (int i = 1; i <= 3; i++) {
            try (SocketChannel client = connect()) {
                send(client, "x");
                assertEquals(i, port.await(i).length, "input");
                print("y");
                readUntil(client, "y");
                assertEquals(before, consoleThreads(), "the host may have no thread to give when a client comes");
            }
        }
    }

    private static Set<Thread> consoleThreads() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith("console-")).collect(Collectors.toSet());
    }

    @Test
    void aClientThatTakesNothingAndSendsOnKeepsTheNextFromNothing() throws Exception {
        console.attach(port);
        try (SocketChannel first = connect()) {
            send(first, "one");
            assertEquals("one", port.awaitText(3), "input");
            first.shutdownInput();
            // The first of these finds out.
            print("a");
            try (SocketChannel second = connect()) {
                print("b");
                readUntil(second, "b");
                send(second, "two");
                assertEquals("onetwo", port.awaitText(6), "input of the next");
            }
        }
    }

    @Test
    void aFullClientThatReadsAgainGetsAllInOrder() throws Exception {
        console.attach(port);
        try (SocketChannel client = connect()) {
            String text = "0123456789abcdef".repeat(40_000);
            Thread guest = new Thread(() -> {
                try {
                    print(text);
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            guest.start();
            assertEquals(text, read(client, text.length()), "every byte, in order");
            guest.join();
        }
    }

    @Test
    void aSocketLeftByADeadProcessIsReplaced() throws Exception {
        try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(UnixDomainSocketAddress.of(path));
        }
        assertTrue(Files.exists(path), "the file of a dead process");
        console.attach(port);
        try (SocketChannel client = connect()) {
            send(client, "x");
            assertEquals("x", port.awaitText(1), "input");
        }
    }

    @Test
    void aSocketInUseIsRefused() throws Exception {
        try (ServerSocketChannel live = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            live.bind(UnixDomainSocketAddress.of(path));
            assertTrue(refusal().contains("another process listens there"), "why");
            console.close();
            assertTrue(Files.exists(path), "the other process's socket stays");
        }
    }

    @Test
    void aFileThatIsNoSocketIsRefusedAndLeftAlone() throws Exception {
        Files.writeString(path, "precious");
        assertTrue(refusal().contains("not a socket"), "why");
        assertEquals("precious", Files.readString(path), "its content");
    }

    @Test
    void aLinkIsRefusedEvenToASocket() throws Exception {
        Files.createSymbolicLink(path, directory.resolve("elsewhere"));
        assertTrue(refusal().contains("not a socket"), "why");
    }

    @Test
    void aMissingDirectoryIsNamedAsTheReason() {
        path = directory.resolve("missing").resolve("console.sock");
        console = new SocketConsole(path);
        assertTrue(refusal().contains("its directory does not exist"), "why");
    }

    @Test
    void aPathAsLongAsAClientCanNameWorks() throws Exception {
        path = directory.resolve("x".repeat(106 - directory.toString().length() - 1));
        console = new SocketConsole(path);
        console.attach(port);
        try (SocketChannel client = connect()) {
            send(client, "x");
            assertEquals("x", port.awaitText(1), "input");
        }
    }

    @Test
    void closeDeliversTheLastOutputAndRemovesTheFile() throws Exception {
        console.attach(port);
        try (SocketChannel client = connect()) {
            print("# ");
            assertEquals("# ", read(client, 2), "the client is served");
            print("Power down\r\n");
            console.close();
            assertEquals("Power down\r\n", readToEnd(client), "the guest's last words, then the end");
        }
        assertFalse(Files.exists(path), "the file is gone");
        console.close();
    }

    @Test
    void closeLeavesAFileThatReplacedItsOwn() throws Exception {
        console.attach(port);
        Files.delete(path);
        Files.writeString(path, "someone else's");
        console.close();
        assertEquals("someone else's", Files.readString(path), "its content");
    }

    @Test
    void aStuckClientDoesNotHoldTheEnd() throws Exception {
        console.attach(port);
        try (SocketChannel client = connect()) {
            // More than a socket's buffers and the console's together: the bound lets the guest go.
            print("x".repeat(1 << 20));
            console.close();
            assertFalse(Files.exists(path), "closed in order");
        }
    }

    @Test
    void aClientMayLeaveWhileTheGuestReadsNothing() throws Exception {
        port.holdBack();
        console.attach(port);
        try (SocketChannel client = connect()) {
            send(client, "x".repeat(100_000));
        }
        try (SocketChannel next = connect()) {
            print("here");
            assertEquals("here", read(next, 4), "the next client has its place");
        }
        port.allow(100_000);
        assertEquals(100_000, port.await(100_000).length, "what was sent before still reaches the guest");
    }
}
