package io.vmm4j.kvm.libc;

import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;

/** Datagrams to a Unix socket, unix(7), such as the one by which systemd is told things. Thread-safe. */
public final class UnixDatagram {

    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int MSG_NOSIGNAL = 0x4000;
    /* struct sockaddr_un { sa_family_t sun_family; char sun_path[108]; } */
    private static final int SUN_PATH = 2;
    private static final int SUN_PATH_SIZE = 108;

    private UnixDatagram() {
    }

    /**
     * Sends one datagram and does not wait for room.
     *
     * @param address the socket's file, an absolute path; or {@code @} and a name of the abstract kind. At most 107 bytes
     * @param text    the datagram, sent as UTF-8
     * @throws IllegalArgumentException when {@code address} is none of that
     * @throws LinuxException when nobody has it (ENOENT, ECONNREFUSED), it is no datagram socket (EPROTOTYPE), or it has no room (EAGAIN)
     */
    public static void send(String address, String text) throws LinuxException {
        byte[] name = encode(address);
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        NativeStruct datagram = NativeStruct.allocate(bytes.length);
        datagram.bytes().put(0, bytes);
        NativeStruct sockaddr = NativeStruct.allocate(SUN_PATH + SUN_PATH_SIZE);
        sockaddr.bytes().putShort(0, (short) AF_UNIX).put(SUN_PATH, name);
        if (name[0] == '@') {
            sockaddr.bytes().put(SUN_PATH, (byte) 0);
        }
        int fd = LibC.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        check("socket(AF_UNIX)", fd);
        try (Fd socket = Fd.of(fd)) {
            // The length counts: it is the end of an abstract name.
            check("connect(" + address + ")", LibC.connect(socket.value(), sockaddr, SUN_PATH + name.length));
            check("send(" + address + ")", LibC.send(socket.value(), datagram.address(), bytes.length, MSG_NOSIGNAL));
        } finally {
            Reference.reachabilityFence(datagram);
        }
    }

    private static byte[] encode(String address) {
        byte[] name = NativeStruct.encode(address);
        if (name.length < 2 || name.length >= SUN_PATH_SIZE || name[0] != '/' && name[0] != '@') {
            throw new IllegalArgumentException("socket address \"" + address + "\" is not an absolute path, or @ and a name, of 2 to "
                    + (SUN_PATH_SIZE - 1) + " bytes");
        }
        return name;
    }

    private static void check(String call, long result) throws LinuxException {
        if (result < 0) {
            throw new LinuxException(call, LibC.errno());
        }
    }
}
