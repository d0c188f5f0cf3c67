package io.vmm4j.kvm.libc;

/** Gives network interfaces of this network namespace an address, netdevice(7). */
public final class InterfaceAddress {
    private static final int AF_INET = 2;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final long SIOCGIFFLAGS = 0x8913;
    private static final long SIOCSIFFLAGS = 0x8914;
    private static final long SIOCSIFADDR = 0x8916;
    private static final long SIOCSIFNETMASK = 0x891C;
    /* struct ifreq { char ifr_name[16]; union { struct sockaddr_in ifr_addr; short ifr_flags; ... }; }, 40 bytes */
    private static final int IFREQ_SIZE = 40;
    private static final int IFR_FLAGS = 16;
    private static final int IFR_FAMILY = 16;
    private static final int IFR_IPV4 = 20;

    private InterfaceAddress() {
    }

    /**
     * Gives interface {@code name} its IPv4 address and takes it up.
     *
     * @param address      in the order of its digits: 0x0A000001 is 10.0.0.1
     * @param prefixLength bits of its network, 1 to 32
     */
    public static void set(String name, int address, int prefixLength) throws LinuxException {
        int number = LibC.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (number < 0) {
            throw new LinuxException("socket(AF_INET)", LibC.errno());
        }
        try (Fd socket = Fd.of(number)) {
            setAddress(socket, SIOCSIFADDR, "SIOCSIFADDR", name, address);
            setAddress(socket, SIOCSIFNETMASK, "SIOCSIFNETMASK", name, -1 << Integer.SIZE - prefixLength);
            NativeStruct flags = request(name);
            call(socket, SIOCGIFFLAGS, "SIOCGIFFLAGS", name, flags);
            flags.bytes().putShort(IFR_FLAGS, (short) (flags.bytes().getShort(IFR_FLAGS) | NetInterface.IFF_UP));
            call(socket, SIOCSIFFLAGS, "SIOCSIFFLAGS", name, flags);
        }
    }

    private static void setAddress(Fd socket, long request, String call, String name, int address) throws LinuxException {
        NativeStruct struct = request(name);
        struct.bytes().putShort(IFR_FAMILY, (short) AF_INET).putInt(IFR_IPV4, Integer.reverseBytes(address));
        call(socket, request, call, name, struct);
    }

    private static NativeStruct request(String name) {
        NativeStruct request = NativeStruct.allocate(IFREQ_SIZE);
        request.bytes().put(0, NativeStruct.encode(name));
        return request;
    }

    private static void call(Fd socket, long request, String call, String name, NativeStruct struct) throws LinuxException {
        if (LibC.ioctl(socket.value(), request, struct) < 0) {
            throw new LinuxException("ioctl(" + call + ", " + name + ")", LibC.errno());
        }
    }
}
