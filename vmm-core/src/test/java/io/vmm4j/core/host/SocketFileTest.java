package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.libc.UnixSocket;
import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class SocketFileTest {

    @TempDir
    private Path directory;

    private Path path;

    @BeforeEach
    void name() {
        path = directory.resolve("s.sock");
    }

    private static ServerSocketChannel bind(String address) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        return server.bind(UnixDomainSocketAddress.of(address));
    }

    /** Leaves a socket as a killed process does. */
    private static void leaveDeadSocket(Path at) throws IOException {
        bind(at.toString()).close();
    }

    private void assertOnlyTheseAreLeft(String... names) throws IOException {
        try (var files = Files.list(directory)) {
            assertEquals(List.of(names), files.map(file -> file.getFileName().toString()).sorted().toList(), "files in the directory");
        }
    }

    private static boolean isServedAt(Path at) {
        try (UnixSocket client = UnixSocket.open()) {
            client.connect(at); // or there is no room for one more: somebody listens
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private String refusal() {
        String message = assertThrows(IOException.class, () -> SocketFile.listen(path)).getMessage();
        assertTrue(message.startsWith("cannot create the socket " + path + ": ") && !message.contains("\n"), message);
        return message;
    }

    @Test
    void aFileThatAppearsBetweenLookAndCreationIsNotDestroyed() throws Exception {
        IOException refused = assertThrows(IOException.class, () -> SocketFile.listen(path, address -> {
            Files.writeString(path, "precious");
            return bind(address);
        }));
        assertTrue(refused.getMessage().contains("a file that is not a socket is there"), refused.getMessage());
        assertEquals("precious", Files.readString(path));
        assertOnlyTheseAreLeft("s.sock");
    }

    @Test
    void aFileThatTakesADeadSocketsPlaceMeanwhileIsNotDestroyed() throws Exception {
        leaveDeadSocket(path);
        assertThrows(IOException.class, () -> SocketFile.listen(path, address -> {
            Files.delete(path);
            Files.writeString(path, "precious");
            return bind(address);
        }));
        assertEquals("precious", Files.readString(path));
    }

    @Test
    void aSocketThatGoesLiveMeanwhileStays() throws Exception {
        leaveDeadSocket(path);
        List<Closeable> others = new ArrayList<>();
        IOException refused = assertThrows(IOException.class, () -> SocketFile.listen(path, address -> {
            Files.delete(path);
            others.add(bind(path.toString()));
            return bind(address);
        }));
        assertTrue(refused.getMessage().contains("another process listens there"), refused.getMessage());
        assertTrue(isServedAt(path), "the other is reached");
        others.get(0).close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void ofManyThreadsThatListenAtOnceOneWins(boolean isOneLeftDead) throws Exception {
        for (int round = 0; round < 200; round++) {
            Path place = directory.resolve("r" + round);
            if (isOneLeftDead) {
                leaveDeadSocket(place);
            }
            Queue<SocketFile<?>> winners = race(4, place);
            assertEquals(1, winners.size(), "listeners that believe to own one path, round " + round);
            assertTrue(isServedAt(place), "the winner is reached, round " + round);
            winners.remove().close();
            assertFalse(Files.exists(place), "removed at the end, round " + round);
        }
        assertOnlyTheseAreLeft();
    }

    private static Queue<SocketFile<?>> race(int runners, Path place) throws Exception {
        CyclicBarrier start = new CyclicBarrier(runners);
        Queue<SocketFile<?>> winners = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < runners; i++) {
            boolean isNative = i % 2 == 1;
            threads.add(new Thread(() -> {
                try {
                    start.await();
                    winners.add(isNative ? SocketFile.listen(place, address -> UnixSocket.listen(address, 8)) : SocketFile.listen(place));
                } catch (IOException e) {
                    // Lost, which all but one must.
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        return winners;
    }

    @Test
    void ofManyProcessesThatListenAtOnceOneWins() throws Exception {
        int rounds = 40;
        for (int round = 0; round < rounds; round += 2) {
            leaveDeadSocket(directory.resolve("r" + round));
        }
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            processes.add(new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                    System.getProperty("java.class.path"), SocketFileProcess.class.getName(), directory.toString(), Integer.toString(rounds))
                    .redirectError(ProcessBuilder.Redirect.INHERIT).start());
        }
        try {
            for (Process process : processes) {
                assertEquals('r', process.getInputStream().read(), "ready");
            }
            int won = 0;
            for (Process process : processes) {
                process.getOutputStream().write('\n');
                process.getOutputStream().flush();
            }
            for (Process process : processes) {
                won += new java.util.Scanner(process.getInputStream()).nextInt();
            }
            assertEquals(rounds, won, "paths won, one process each");
            for (int round = 0; round < rounds; round++) {
                assertTrue(isServedAt(directory.resolve("r" + round)), "the winner of round " + round + " is reached");
            }
        } finally {
            processes.forEach(Process::destroyForcibly);
        }
    }

    @Test
    void theEndOfOneNeverRemovesWhatAnotherHasMadeThere() throws Exception {
        AtomicBoolean isOver = new AtomicBoolean();
        AtomicInteger lost = new AtomicInteger();
        AtomicInteger kept = new AtomicInteger();
        Thread other = new Thread(() -> {
            while (!isOver.get()) {
                try {
                    Files.deleteIfExists(path);
                    Files.writeString(path, "precious", StandardOpenOption.CREATE_NEW);
                    kept.incrementAndGet();
                    boolean isThere = false;
                    // Another's end may have it in its hand for a moment.
                    for (int look = 0; look < 1_000_000 && !isThere; look++) {
                        isThere = Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS);
                    }
                    lost.addAndGet(isThere ? 0 : 1);
                    Files.deleteIfExists(path);
                } catch (FileAlreadyExistsException | NoSuchFileException e) {
                    continue; // The socket was sooner.
                } catch (IOException e) {
                    lost.incrementAndGet();
                }
            }
        });
        other.start();
        for (int i = 0; i < 3_000; i++) {
            try {
                SocketFile.listen(path).close();
            } catch (IOException e) {
                continue; // The file was sooner.
            }
        }
        isOver.set(true);
        other.join();
        assertTrue(kept.get() > 0, "files made in between");
        assertEquals(0, lost.get(), "of " + kept.get() + " files of another, those destroyed");
    }

    @Test
    void startsAndEndsAtOnePathDisturbNobodysSocket() throws Exception {
        AtomicInteger unreached = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            threads.add(new Thread(() -> {
                for (int round = 0; round < 300; round++) {
                    try (SocketFile<ServerSocketChannel> file = SocketFile.listen(path)) {
                        file.server().configureBlocking(false);
                        SocketChannel reached = isServedAt(path) ? file.server().accept() : null;
                        unreached.addAndGet(reached == null ? 1 : 0);
                        while (reached != null) {
                            reached.close();
                            reached = file.server().accept();
                        }
                    } catch (IOException e) {
                        continue; // Another has it.
                    }
                }
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(0, unreached.get(), "times that a socket was taken from its owner");
        assertOnlyTheseAreLeft();
    }

    @Test
    void whatAKilledProcessLeftOfItsPreparationsIsClearedAway() throws Exception {
        Path left = Files.createDirectory(directory.resolve(".s.sock.vmm"), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        leaveDeadSocket(left.resolve("s"));
        leaveDeadSocket(left.resolve("old"));
        try (SocketFile<?> file = SocketFile.listen(path)) {
            assertTrue(isServedAt(path));
            assertOnlyTheseAreLeft("s.sock");
        }
        assertOnlyTheseAreLeft();
    }

    @Test
    void aDirectoryThatOthersMayEnterIsNotPreparedIn() throws Exception {
        Path trap = Files.createDirectory(directory.resolve(".s.sock.vmm"));
        Files.setPosixFilePermissions(trap, PosixFilePermissions.fromString("rwxrwxrwx"));
        String message = refusal();
        assertTrue(message.contains(trap.toString()), message);
    }

    @Test
    void aDirectoryThatGivesItsGroupOnWorks() throws Exception {
        Files.setAttribute(directory, "unix:mode", 02755);
        try (SocketFile<?> file = SocketFile.listen(path)) {
            assertTrue(isServedAt(path));
        }
        assertOnlyTheseAreLeft();
    }

    @Test
    void aLinkIsNotFollowedToPrepareElsewhere() throws Exception {
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Files.createSymbolicLink(directory.resolve(".s.sock.vmm"), elsewhere);
        assertTrue(refusal().contains(".s.sock.vmm"));
        assertOnlyTheseAreLeft(".s.sock.vmm", "elsewhere");
    }

    @Test
    void aDirectoryThatIsAlreadyThereIsNoPlaceForASocket() throws Exception {
        Files.createDirectory(path);
        assertTrue(refusal().contains("a file that is not a socket is there"));
        path = Path.of("/");
        assertTrue(refusal().contains("a file that is not a socket is there"));
    }

    @Test
    void aFileSystemThatTakesNoFilesIsRefusedInOneLine() throws Exception {
        path = Path.of("/proc/self/vmm.sock");
        refusal();
    }

    @Test
    void pathsAndNamesOfAnyLengthWork() throws Exception {
        for (Path place : List.of(directory.resolve("x".repeat(255)), Files.createDirectories(directory.resolve("d".repeat(120))).resolve("s"))) {
            try (SocketFile<ServerSocketChannel> file = SocketFile.listen(place); UnixSocket client = UnixSocket.open()) {
                assertTrue(client.connect(place), "connected");
                assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(place)));
            }
            assertFalse(Files.exists(place));
        }
    }

    /** With so short a name that its place aside is named after it. */
    private Path placeOf(int length) throws IOException {
        Path deep = Files.createDirectories(directory.resolve("d".repeat(77 - directory.toString().length())));
        return deep.resolve("x".repeat(length - deep.toString().length() - 1));
    }

    @Test
    void pathsOfAllLengthsAboutTheBoundOfAnAddressWork() throws Exception {
        for (int length = 80; length <= 110; length++) {
            Path place = placeOf(length);
            try (SocketFile<ServerSocketChannel> file = SocketFile.listen(place); SocketChannel client = ChannelAddress.connect(place)) {
                assertTrue(client.isConnected(), "connected to " + place);
            }
        }
    }

    @Test
    void pathsOfAllLengthsAboutTheBoundOfAnAddressWorkForSocketsOfTheKernel() throws Exception {
        for (int length = 80; length <= 110; length++) {
            Path place = placeOf(length);
            try (SocketFile<UnixSocket> file = SocketFile.listen(place, address -> UnixSocket.listen(address, 1)); UnixSocket client = UnixSocket.open()) {
                assertTrue(client.connect(place), "connected to " + place);
            }
        }
    }

    @Test
    void aRelativePathMayBeShortWhereItsAbsoluteOneIsLong() throws Exception {
        Path deep = Files.createDirectories(directory.resolve("d".repeat(120)));
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                absoluteClassPath(), SocketFileProcess.class.getName(), "", "1")
                .directory(deep.toFile()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (UnixSocket client = UnixSocket.open()) {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
            assertEquals('r', process.getInputStream().read());
            assertEquals(1, new java.util.Scanner(process.getInputStream()).nextInt());
            assertTrue(client.connect(deep.resolve("r0")));
        } finally {
            process.destroyForcibly();
        }
    }

    private static String absoluteClassPath() {
        return String.join(java.io.File.pathSeparator, java.util.Arrays.stream(System.getProperty("java.class.path").split(java.io.File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().toString()).toList());
    }

    @Test
    void aSecondCloseDoesNothing() throws Exception {
        SocketFile<?> first = SocketFile.listen(path);
        first.close();
        try (SocketFile<?> second = SocketFile.listen(path)) {
            first.close();
            assertTrue(isServedAt(path));
        }
    }
}
