package io.vmm4j.kvm.libc;

import java.lang.ref.Reference;

/** A {@code struct msghdr} that is used again for each message of bytes in pieces. Confined to one thread at a time. */
final class GatherMessage {
    private static final int SYS_SENDMSG = 46;
    private static final int MSG_NOSIGNAL = 0x4000;

    private final NativeStruct header = NativeStruct.allocate(DescriptorMessage.MSGHDR_SIZE);

    /** What the kernel says: bytes sent, or -1. */
    long send(int socket, IoVec vector) {
        header.bytes().putLong(DescriptorMessage.MSG_IOV, vector.address()).putLong(DescriptorMessage.MSG_IOVLEN, vector.count());
        long n;
        do {
            n = LibC.syscall(SYS_SENDMSG, socket, header.address(), MSG_NOSIGNAL, 0, 0, 0);
        } while (n < 0 && LibC.errno() == Errno.EINTR);
        Reference.reachabilityFence(vector);
        return n;
    }
}
