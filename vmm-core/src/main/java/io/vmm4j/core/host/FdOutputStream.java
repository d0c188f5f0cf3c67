package io.vmm4j.core.host;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.LibC;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.NativeStruct;
import java.io.OutputStream;
import java.lang.ref.Reference;

/**
 * Blocking writes to a descriptor that other processes share. A descriptor that one of them made non-blocking works the
 * same: the flag is theirs, so it is left alone and EAGAIN is waited out.
 *
 * <p>Confined to one thread. Closing does nothing: the descriptor is not ours.
 */
final class FdOutputStream extends OutputStream {
    private static final int SIZE = 4096;
    private static final short POLLOUT = 4;

    private final int fd;
    private byte last = '\n';
    private final NativeStruct data = NativeStruct.allocate(SIZE);
    /* struct pollfd { int fd; short events; short revents; } */
    private final NativeStruct pollfd = NativeStruct.allocate(8);

    FdOutputStream(int fd) {
        this.fd = fd;
        pollfd.bytes().putInt(0, fd).putShort(4, POLLOUT);
    }

    @Override
    public void write(int octet) throws LinuxException {
        write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws LinuxException {
        int done = 0;
        while (done < length) {
            int n = Math.min(length - done, SIZE);
            data.bytes().put(0, bytes, offset + done, n);
            writeOut(n);
            done += n;
            last = bytes[offset + done - 1];
        }
    }

    /** Whether the last line that was written has no end. */
    boolean isInLine() {
        return last != '\n';
    }

    private void writeOut(int length) throws LinuxException {
        int done = 0;
        while (done < length) {
            long n = LibC.write(fd, data.address() + done, length - done);
            if (n >= 0) {
                done += (int) n;
                continue;
            }
            switch (LibC.errno()) {
                case Errno.EINTR -> { }
                case Errno.EAGAIN -> LibC.poll(pollfd, 1, -1);
                default -> throw new LinuxException("write", LibC.errno());
            }
        }
        Reference.reachabilityFence(data);
    }
}
