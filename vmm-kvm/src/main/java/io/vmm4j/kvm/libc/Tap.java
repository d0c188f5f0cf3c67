package io.vmm4j.kvm.libc;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * One queue of a tap network interface, with a virtio-net header before each frame (IFF_VNET_HDR). Non-blocking: where
 * nothing can be moved, calls return {@link Fd#WOULD_BLOCK}. One read or write moves one whole frame.
 */
public final class Tap implements AutoCloseable {
    /** The guest takes frames without a checksum. */
    public static final int TUN_F_CSUM = 1;
    /** The guest takes unsegmented TCP over IPv4. */
    public static final int TUN_F_TSO4 = 2;
    /** The guest takes unsegmented TCP over IPv6. */
    public static final int TUN_F_TSO6 = 4;
    /** The guest takes unsegmented TCP with ECN marks. */
    public static final int TUN_F_TSO_ECN = 8;
    /** The guest takes unsegmented UDP over IPv4. Linux 6.2. */
    public static final int TUN_F_USO4 = 0x20;
    /** The guest takes unsegmented UDP over IPv6. Linux 6.2. */
    public static final int TUN_F_USO6 = 0x40;

    private static final Path DEVICE = Path.of("/dev/net/tun");
    private static final long TUNSETIFF = 0x400454caL;
    private static final long TUNSETOFFLOAD = 0x400454d0L;
    private static final long TUNSETVNETHDRSZ = 0x400454d8L;
    private static final long TUNSETQUEUE = 0x400454d9L;
    private static final int IFF_TAP = 0x0002;
    private static final int IFF_MULTI_QUEUE = 0x0100;
    private static final int IFF_ATTACH_QUEUE = 0x0200;
    private static final int IFF_DETACH_QUEUE = 0x0400;
    private static final int IFF_NO_PI = 0x1000;
    private static final int IFF_VNET_HDR = 0x4000;
    /* struct ifreq { char ifr_name[16]; union { short ifr_flags; ... }; }, 40 bytes */
    private static final int IFREQ_SIZE = 40;
    private static final int IFR_FLAGS = 16;
    private static final int IFNAMSIZ = 16;

    private final Fd fd;
    private final String name;

    private Tap(Fd fd, String name) {
        this.fd = fd;
        this.name = name;
    }

    /**
     * Attaches to an interface, which the kernel makes, until this is closed, when it does not exist and the caller may
     * make one: see {@link NetInterface#find} for whether it does.
     *
     * @param name 1 to 15 bytes; {@code tap%d} lets the kernel number it
     * @param multiQueue whether the interface has several queues; each further call with the same name gives one more
     */
    public static Tap open(String name, boolean multiQueue) throws LinuxException {
        byte[] encoded = name.getBytes(StandardCharsets.UTF_8);
        if (encoded.length == 0 || encoded.length >= IFNAMSIZ) {
            throw new IllegalArgumentException("interface name \"" + name + "\" is not 1 to 15 bytes long");
        }
        Fd fd = Fd.open(DEVICE, Fd.O_RDWR | Fd.O_NONBLOCK);
        NativeStruct request = NativeStruct.allocate(IFREQ_SIZE);
        int flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (multiQueue ? IFF_MULTI_QUEUE : 0);
        request.bytes().put(0, encoded).putShort(IFR_FLAGS, (short) flags);
        if (LibC.ioctl(fd.value(), TUNSETIFF, request) < 0) {
            int errno = LibC.errno();
            fd.close();
            throw new LinuxException("ioctl(TUNSETIFF, " + name + ")", errno, hint(errno, name, multiQueue));
        }
        byte[] actual = new byte[IFNAMSIZ];
        request.bytes().get(0, actual);
        return new Tap(fd, new String(actual, StandardCharsets.UTF_8).split("\0", 2)[0]);
    }

    private static String hint(int errno, String name, boolean multiQueue) {
        String make = "ip tuntap add " + name + " mode tap" + (multiQueue ? " multi_queue" : "");
        return switch (errno) {
            case Errno.EPERM -> exists(name)
                    ? "it belongs to another user or group: make it anew with `" + make + " user $USER`"
                    : "make it first, as root: `" + make + " user $USER`";
            case Errno.EBUSY -> "another program is attached to it";
            case Errno.EINVAL -> multiQueue
                    ? "it is no tap interface with several queues: make it anew with `" + make + "`"
                    : "it is no tap interface with one queue: make it anew with `" + make + "`";
            default -> "";
        };
    }

    private static boolean exists(String name) {
        try {
            return NetInterface.find(name).isPresent();
        } catch (LinuxException e) {
            return false;
        }
    }

    /** The interface's name as the kernel has it. */
    public String name() {
        return name;
    }

    /** Says which unfinished frames the reader accepts: TUN_F bits, 0 for none. */
    public void setOffload(int flags) throws LinuxException {
        if (LibC.ioctl(fd.value(), TUNSETOFFLOAD, flags) < 0) {
            throw new LinuxException("ioctl(TUNSETOFFLOAD)", LibC.errno());
        }
    }

    /** Sets the length in bytes of the header before each frame: 10, or 12 with mergeable buffers and virtio 1. */
    public void setVnetHeaderSize(int bytes) throws LinuxException {
        NativeStruct size = NativeStruct.allocate(Integer.BYTES);
        size.bytes().putInt(0, bytes);
        if (LibC.ioctl(fd.value(), TUNSETVNETHDRSZ, size) < 0) {
            throw new LinuxException("ioctl(TUNSETVNETHDRSZ)", LibC.errno());
        }
    }

    /**
     * Takes this queue of several into or out of use: frames come in on attached queues only. New queues are attached.
     */
    public void setAttached(boolean attached) throws LinuxException {
        NativeStruct request = NativeStruct.allocate(IFREQ_SIZE);
        request.bytes().putShort(IFR_FLAGS, (short) (attached ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE));
        if (LibC.ioctl(fd.value(), TUNSETQUEUE, request) < 0) {
            throw new LinuxException("ioctl(TUNSETQUEUE)", LibC.errno());
        }
    }

    /** Receives one frame with its header into the pieces; what does not fit is lost. */
    public long readv(IoVec vector) throws LinuxException {
        return fd.readv(vector);
    }

    /** Sends one frame with its header. */
    public long writev(IoVec vector) throws LinuxException {
        return fd.writev(vector);
    }

    /** The descriptor's number, for {@link Epoll}; -1 once closed. */
    public int fd() {
        return fd.value();
    }

    @Override
    public void close() {
        fd.close();
    }
}
