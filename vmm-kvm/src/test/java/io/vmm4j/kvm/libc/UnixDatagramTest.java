package io.vmm4j.kvm.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixDatagramTest {

    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM_NONBLOCK = 0x802;

    @TempDir
    private Path directory;

    /** A socket at an address as the kernel has it: a path, or with a NUL in front a name. */
    private static Fd bound(String address) {
        NativeStruct sockaddr = NativeStruct.allocate(110);
        byte[] name = address.getBytes(StandardCharsets.UTF_8);
        sockaddr.bytes().putShort(0, (short) AF_UNIX).put(2, name);
        Fd socket = Fd.of(LibC.socket(AF_UNIX, SOCK_DGRAM_NONBLOCK, 0));
        assertEquals(0, LibC.bind(socket.value(), sockaddr, 2 + name.length));
        return socket;
    }

    private static String received(Fd socket) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(256);
        int length = (int) LibC.recv(socket.value(), LibC.address(buffer), buffer.capacity(), 0);
        byte[] bytes = new byte[Math.max(0, length)];
        buffer.get(0, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Test
    void eachSendIsOneDatagram() throws Exception {
        String path = directory.resolve("notify").toString();
        try (Fd socket = bound(path)) {
            UnixDatagram.send(path, "READY=1\nSTATUS=grüße");
            UnixDatagram.send(path, "STOPPING=1");
            assertEquals("READY=1\nSTATUS=grüße", received(socket));
            assertEquals("STOPPING=1", received(socket));
        }
    }

    @Test
    void anAbstractNameEndsWhereTheTextDoes() throws Exception {
        String name = "vmm4j-test-" + ProcessHandle.current().pid();
        try (Fd socket = bound("\0" + name)) {
            UnixDatagram.send("@" + name, "READY=1");
            assertEquals("READY=1", received(socket));
        }
    }

    @Test
    void nobodyThereAndWrongAddressesAreErrors() {
        Path path = directory.resolve("none");
        assertEquals(Errno.ENOENT, assertThrows(LinuxException.class, () -> UnixDatagram.send(path.toString(), "READY=1")).errno());
        assertEquals(Errno.ECONNREFUSED, assertThrows(LinuxException.class, () -> UnixDatagram.send("@vmm4j-nobody", "READY=1")).errno());
        for (String wrong : new String[] {"", "@", "/", "relative", "vsock:2:1234", "/" + "x".repeat(107)}) {
            String message = assertThrows(IllegalArgumentException.class, () -> UnixDatagram.send(wrong, "READY=1")).getMessage();
            assertTrue(message.startsWith("socket address \"" + wrong + "\" is not an absolute path"), message);
        }
    }
}
