package io.vmm4j.kvm.libc;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What the kernel tells of a network interface (rtnetlink(7), RTM_GETLINK), of the caller's network namespace: /sys may
 * show another one.
 *
 * @param name       as the kernel has it, which is another than asked for when that was an alternative name
 * @param index      tells it from a later interface of the same name
 * @param flags      IFF_ flags: {@link #IFF_UP} and others
 * @param mtu        largest packet, in bytes
 * @param kind       what made it, such as {@code tun} for tun and tap interfaces or {@code bridge}; empty for hardware
 * @param tunType    {@link #TUN} or {@link #TAP} of the kind {@code tun}, else 0
 * @param multiQueue whether it is a tun or tap interface of several queues
 * @param queues     programs' queues on it now, in use or not; known of interfaces of several queues only, else 0
 */
public record NetInterface(String name, int index, int flags, int mtu, String kind, int tunType, boolean multiQueue, int queues) {
    /** Flag of an interface that is up. */
    public static final int IFF_UP = 1;
    /** Flag of a loopback interface. */
    public static final int IFF_LOOPBACK = 8;
    /** {@link #tunType} of a tun interface, which has no Ethernet header. */
    public static final int TUN = 1;
    /** {@link #tunType} of a tap interface. */
    public static final int TAP = 2;

    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int NETLINK_ROUTE = 0;
    private static final int RTM_NEWLINK = 16;
    private static final int RTM_GETLINK = 18;
    private static final int NLMSG_ERROR = 2;
    private static final int NLM_F_REQUEST = 1;
    private static final int RTEXT_FILTER_SKIP_STATS = 8;
    private static final int IFLA_IFNAME = 3;
    private static final int IFLA_MTU = 4;
    private static final int IFLA_LINKINFO = 18;
    private static final int IFLA_EXT_MASK = 29;
    private static final int IFLA_INFO_KIND = 1;
    private static final int IFLA_INFO_DATA = 2;
    private static final int IFLA_TUN_TYPE = 3;
    private static final int IFLA_TUN_MULTI_QUEUE = 7;
    private static final int IFLA_TUN_NUM_QUEUES = 8;
    private static final int IFLA_TUN_NUM_DISABLED_QUEUES = 9;
    private static final int IFNAMSIZ = 16;
    /** Far more than the answer, which has some 1.5 KiB. */
    private static final int ANSWER_SIZE = 1 << 15;

    /* struct nlmsghdr { u32 nlmsg_len; u16 nlmsg_type; u16 nlmsg_flags; u32 nlmsg_seq; u32 nlmsg_pid; } */
    private static final int NLMSGHDR_SIZE = 16;
    private static final int NLMSG_TYPE = 4;
    private static final int NLMSG_FLAGS = 6;
    /* struct ifinfomsg { u8 ifi_family; u8 pad; u16 ifi_type; s32 ifi_index; u32 ifi_flags; u32 ifi_change; } */
    private static final int IFINFOMSG_SIZE = 16;
    private static final int IFI_INDEX = 4;
    private static final int IFI_FLAGS = 8;
    /* struct rtattr { u16 rta_len; u16 rta_type; } and its payload, each aligned to 4 bytes */
    private static final int RTATTR_SIZE = 4;
    private static final int RTA_TYPE_MASK = 0x3FFF;

    /**
     * Looks an interface up.
     *
     * @param name 1 to 15 bytes, else nothing has it
     * @return empty when there is none of that name in this network namespace
     * @throws LinuxException when the kernel cannot be asked
     */
    public static Optional<NetInterface> find(String name) throws LinuxException {
        byte[] encoded = name.getBytes(StandardCharsets.UTF_8);
        if (encoded.length == 0 || encoded.length >= IFNAMSIZ) {
            return Optional.empty();
        }
        int number = LibC.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        if (number < 0) {
            throw new LinuxException("socket(AF_NETLINK)", LibC.errno(), "whether interface " + name + " is a tap cannot be told");
        }
        try (Fd socket = Fd.of(number)) {
            NativeStruct request = request(encoded);
            socket.write(request.address(), request.bytes().capacity());
            NativeStruct answer = NativeStruct.allocate(ANSWER_SIZE);
            int length = (int) socket.read(answer.address(), ANSWER_SIZE);
            return parse(answer.bytes(), length, name);
        }
    }

    private static NativeStruct request(byte[] name) {
        int nameAttribute = RTATTR_SIZE + IFNAMSIZ;
        int length = NLMSGHDR_SIZE + IFINFOMSG_SIZE + nameAttribute + RTATTR_SIZE + Integer.BYTES;
        NativeStruct request = NativeStruct.allocate(length);
        ByteBuffer bytes = request.bytes();
        bytes.putInt(0, length).putShort(NLMSG_TYPE, (short) RTM_GETLINK).putShort(NLMSG_FLAGS, (short) NLM_F_REQUEST);
        int at = NLMSGHDR_SIZE + IFINFOMSG_SIZE;
        bytes.putShort(at, (short) (RTATTR_SIZE + name.length + 1)).putShort(at + 2, (short) IFLA_IFNAME).put(at + RTATTR_SIZE, name);
        int padded = at + RTATTR_SIZE + align(name.length + 1);
        bytes.putShort(padded, (short) (RTATTR_SIZE + Integer.BYTES)).putShort(padded + 2, (short) IFLA_EXT_MASK);
        bytes.putInt(padded + RTATTR_SIZE, RTEXT_FILTER_SKIP_STATS);
        bytes.putInt(0, padded + RTATTR_SIZE + Integer.BYTES);
        return request;
    }

    private static Optional<NetInterface> parse(ByteBuffer answer, int length, String name) throws LinuxException {
        int type = length < NLMSGHDR_SIZE + IFINFOMSG_SIZE ? 0 : answer.getShort(NLMSG_TYPE);
        if (type == NLMSG_ERROR) {
            int errno = -answer.getInt(NLMSGHDR_SIZE);
            if (errno == Errno.ENODEV) {
                return Optional.empty();
            }
            throw new LinuxException("RTM_GETLINK(" + name + ")", errno);
        }
        if (type != RTM_NEWLINK) {
            throw new LinuxException("RTM_GETLINK(" + name + ")", Errno.EIO, "an answer of another kind");
        }
        int end = Math.min(length, answer.getInt(0));
        int attributes = NLMSGHDR_SIZE + IFINFOMSG_SIZE;
        ByteBuffer info = attribute(answer, attributes, end, IFLA_LINKINFO);
        ByteBuffer tun = attribute(info, 0, info.limit(), IFLA_INFO_DATA);
        String kind = text(attribute(info, 0, info.limit(), IFLA_INFO_KIND));
        boolean isTun = kind.equals("tun");
        return Optional.of(new NetInterface(text(attribute(answer, attributes, end, IFLA_IFNAME)),
                answer.getInt(NLMSGHDR_SIZE + IFI_INDEX), answer.getInt(NLMSGHDR_SIZE + IFI_FLAGS),
                number(attribute(answer, attributes, end, IFLA_MTU)), kind, isTun ? number(tun, IFLA_TUN_TYPE) : 0,
                isTun && number(tun, IFLA_TUN_MULTI_QUEUE) != 0,
                isTun ? number(tun, IFLA_TUN_NUM_QUEUES) + number(tun, IFLA_TUN_NUM_DISABLED_QUEUES) : 0));
    }

    /** The payload of the first attribute of {@code type} between {@code from} and {@code end}; empty when there is none. */
    private static ByteBuffer attribute(ByteBuffer bytes, int from, int end, int type) {
        int at = from;
        while (at + RTATTR_SIZE <= end) {
            int length = Short.toUnsignedInt(bytes.getShort(at));
            if (length < RTATTR_SIZE || at + length > end) {
                break;
            }
            if ((bytes.getShort(at + 2) & RTA_TYPE_MASK) == type) {
                return bytes.slice(at + RTATTR_SIZE, length - RTATTR_SIZE).order(bytes.order());
            }
            at += align(length);
        }
        return bytes.slice(0, 0).order(bytes.order());
    }

    private static int number(ByteBuffer attributes, int type) {
        return number(attribute(attributes, 0, attributes.limit(), type));
    }

    private static int number(ByteBuffer payload) {
        return payload.limit() >= Integer.BYTES ? payload.getInt(0) : payload.limit() > 0 ? Byte.toUnsignedInt(payload.get(0)) : 0;
    }

    private static String text(ByteBuffer payload) {
        return StandardCharsets.UTF_8.decode(payload).toString().split("\0", 2)[0];
    }

    private static int align(int length) {
        return length + 3 & -4;
    }

    /** True of a tap interface, whoever made it. */
    public boolean isTap() {
        return tunType == TAP;
    }

    /** True while it is up. */
    public boolean isUp() {
        return (flags & IFF_UP) != 0;
    }
}
