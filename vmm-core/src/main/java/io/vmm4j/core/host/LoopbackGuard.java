package io.vmm4j.core.host;

import java.nio.ByteBuffer;

/**
 * Keeps a guest's frames from the host's loopback where passt carries them: a passt of 2023, as Debian 12 has it, connects to whatever address a
 * packet is for, and the host's kernel takes 127.0.0.0/8, 0.0.0.0/8, ::1, :: and IPv4 addresses in IPv6 (::ffff:0:0/96) for itself. No guest's own
 * kernel sends there; a hostile one may.
 */
final class LoopbackGuard implements StreamBackend.Guard {

    private static final int ETHERTYPE = 12;
    private static final int IP = 14;
    private static final int IPV4 = 0x0800;
    private static final int IPV6 = 0x86DD;
    private static final int IPV4_DESTINATION = IP + 16;
    private static final int IPV6_DESTINATION = IP + 24;
    private static final int LOOPBACK_NET = 127;
    private static final int MAPPED = 0xFFFF;

    @Override
    public boolean passes(ByteBuffer head) {
        if (head.remaining() < IP) {
            return true;
        }
        int start = head.position();
        return switch (Short.toUnsignedInt(head.getShort(start + ETHERTYPE))) {
            case IPV4 -> head.remaining() < IPV4_DESTINATION + Integer.BYTES || !isOwn4(head.getInt(start + IPV4_DESTINATION));
            case IPV6 -> head.remaining() < IPV6_DESTINATION + 2 * Long.BYTES
                    || !isOwn6(head.getLong(start + IPV6_DESTINATION), head.getLong(start + IPV6_DESTINATION + Long.BYTES));
            default -> true;
        };
    }

    private static boolean isOwn4(int address) {
        int net = address >>> 24;
        return net == LOOPBACK_NET || net == 0;
    }

    private static boolean isOwn6(long high, long low) {
        return high == 0 && (low == 0 || low == 1 || low >>> Integer.SIZE == MAPPED);
    }
}
