package io.vmm4j.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.NativeStruct;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The program as a service of who listens at NOTIFY_SOCKET, as systemd does, with guests of a few bytes. */
@Tag("kvm")
@Timeout(240)
class ServiceTest {

    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int PATIENCE_MILLIS = 120_000;

    @TempDir
    Path directory;

    /** A datagram socket at an address as the kernel has it. */
    private static Fd listen(String address) {
        byte[] name = address.getBytes(StandardCharsets.UTF_8);
        NativeStruct sockaddr = NativeStruct.allocate(2 + name.length);
        sockaddr.bytes().putShort(0, (short) AF_UNIX).put(2, name);
        Fd socket = Fd.of(LibC.socket(AF_UNIX, SOCK_DGRAM, 0));
        assertEquals(0, LibC.bind(socket.value(), sockaddr, 2 + name.length));
        return socket;
    }

    /** The next datagram, which may take a while; "" where there is none. */
    private static String next(Fd socket) throws IOException {
        socket.poll(Fd.POLLIN, PATIENCE_MILLIS);
        return received(socket);
    }

    /** A datagram that is there already; "" where there is none. */
    private static String received(Fd socket) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(512);
        byte[] bytes = new byte[(int) Math.max(0, LibC.recv(socket.value(), LibC.address(buffer), buffer.capacity(), MSG_DONTWAIT))];
        buffer.get(0, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private Process start(String address, TinyKernel kernel, String... more) throws IOException {
        List<String> words = TinyProgram.words(directory, kernel, more);
        words.addAll(1, List.of("NOTIFY_SOCKET=" + address));
        return new ProcessBuilder(words).directory(directory.toFile()).redirectErrorStream(true).redirectOutput(directory.resolve("out").toFile()).start();
    }

    @Test
    void itIsToldWhenTheGuestRunsAndWhenTheMachineHasEnded() throws Exception {
        String address = directory.resolve("notify").toString();
        try (Fd socket = listen(address)) {
            Process process = start(address, new TinyKernel().echoUntil('q').reset());
            assertEquals("READY=1\nSTATUS=the guest runs", next(socket));
            assertTrue(process.isAlive());
            process.getOutputStream().write('q');
            process.getOutputStream().flush();
            assertEquals("STOPPING=1\nSTATUS=the guest asked for a reset (keyboard controller)", next(socket));
            assertEquals(0, process.waitFor());
            assertEquals("", received(socket));
        }
    }

    @Test
    void anAbstractAddressIsAsGood() throws Exception {
        String name = "vmm4j-service-" + ProcessHandle.current().pid();
        try (Fd socket = listen("\0" + name)) {
            Process process = start("@" + name, new TinyKernel().reset());
            assertEquals("READY=1\nSTATUS=the guest runs", next(socket));
            assertEquals(0, process.waitFor());
            assertTrue(next(socket).startsWith("STOPPING=1\n"));
        }
    }

    @Test
    void aMachineThatDoesNotStartIsNeverReady() throws Exception {
        String address = directory.resolve("notify").toString();
        try (Fd socket = listen(address)) {
            assertEquals(2, start(address, new TinyKernel().reset(), "--vcpu", "0").waitFor());
            assertEquals("", received(socket));
        }
    }

    @Test
    void anAddressThatIsNoneCostsALineOfTheLog() throws Exception {
        for (String address : List.of("relative", "vsock:2:1", directory.resolve("none").toString())) {
            assertEquals(0, start(address, new TinyKernel().reset(), "--log-file", "log").waitFor(), address);
            assertEquals("", Files.readString(directory.resolve("out")), address);
            String log = Files.readString(directory.resolve("log"));
            assertTrue(log.contains("WARN") && log.contains("the service manager was not told (NOTIFY_SOCKET): "), log);
            assertTrue(log.contains(address), log);
        }
    }
}
