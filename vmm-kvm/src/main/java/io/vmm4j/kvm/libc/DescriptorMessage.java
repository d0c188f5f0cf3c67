package io.vmm4j.kvm.libc;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.Optional;

/** One message of bytes with open files, SCM_RIGHTS of unix(7): several to send, one to receive. Not synchronized. */
final class DescriptorMessage {
    private static final int SYS_SENDMSG = 46;
    private static final int SYS_RECVMSG = 47;

    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;

    /* struct msghdr { void *name; socklen_t namelen; struct iovec *iov; size_t iovlen; void *control; size_t controllen; int flags; } */
    static final int MSGHDR_SIZE = 56;
    static final int MSG_IOV = 16;
    static final int MSG_IOVLEN = 24;
    static final int MSG_CONTROL = 32;
    static final int MSG_CONTROLLEN = 40;
    /* struct cmsghdr { size_t cmsg_len; int cmsg_level; int cmsg_type; } and one int, padded to 8 bytes */
    static final int CMSGHDR_SIZE = 16;
    static final int CMSG_LEVEL = 8;
    static final int CMSG_TYPE = 12;
    private static final int CMSG_LEN_OF_ONE = CMSGHDR_SIZE + Integer.BYTES;

    private final NativeStruct header = NativeStruct.allocate(MSGHDR_SIZE);
    private final NativeStruct control;
    private final IoVec vector = new IoVec(1);

    /** @param controlLength bytes of ancillary data; no more than what is meant, or a file that nobody asked for would come, and stay open */
    private DescriptorMessage(ByteBuffer bytes, int controlLength) {
        control = NativeStruct.allocate(controlLength + Long.BYTES - 1 & -Long.BYTES);
        vector.add(bytes);
        header.bytes().putLong(MSG_IOV, vector.address()).putLong(MSG_IOVLEN, 1).putLong(MSG_CONTROL, control.address())
                .putLong(MSG_CONTROLLEN, controlLength);
    }

    /** What the kernel says: bytes sent, or -1. */
    static long send(int socket, ByteBuffer bytes, int... descriptors) {
        int length = CMSGHDR_SIZE + descriptors.length * Integer.BYTES;
        DescriptorMessage message = new DescriptorMessage(bytes, length);
        ByteBuffer c = message.control.bytes();
        c.putLong(0, length).putInt(CMSG_LEVEL, SOL_SOCKET).putInt(CMSG_TYPE, SCM_RIGHTS);
        for (int i = 0; i < descriptors.length; i++) {
            c.putInt(CMSGHDR_SIZE + i * Integer.BYTES, descriptors[i]);
        }
        return message.call(SYS_SENDMSG, socket, bytes, MSG_NOSIGNAL);
    }

    /**
     * What the kernel says: bytes received, or -1. More files than one are the kernel's to close.
     *
     * @param received is given the file, if one came
     */
    static long receive(int socket, ByteBuffer bytes, Fd[] received) {
        DescriptorMessage message = new DescriptorMessage(bytes, CMSG_LEN_OF_ONE);
        long n = message.call(SYS_RECVMSG, socket, bytes, MSG_CMSG_CLOEXEC);
        if (n >= 0) {
            received[0] = message.descriptor().orElse(null);
        }
        return n;
    }

    private Optional<Fd> descriptor() {
        ByteBuffer c = control.bytes();
        boolean isThere = header.bytes().getLong(MSG_CONTROLLEN) >= CMSG_LEN_OF_ONE && c.getLong(0) >= CMSG_LEN_OF_ONE
                && c.getInt(CMSG_LEVEL) == SOL_SOCKET && c.getInt(CMSG_TYPE) == SCM_RIGHTS;
        return isThere ? Optional.of(Fd.of(c.getInt(CMSGHDR_SIZE))) : Optional.empty();
    }

    private long call(int number, int socket, ByteBuffer bytes, int flags) {
        long n;
        do {
            n = LibC.syscall(number, socket, header.address(), flags, 0, 0, 0);
        } while (n < 0 && LibC.errno() == Errno.EINTR);
        Reference.reachabilityFence(this);
        Reference.reachabilityFence(bytes);
        return n;
    }
}
