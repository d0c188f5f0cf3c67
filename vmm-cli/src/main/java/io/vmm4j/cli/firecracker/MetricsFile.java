package io.vmm4j.cli.firecracker;

import io.vmm4j.api.control.OsError;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import io.vmm4j.kvm.libc.NativeStruct;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** A file or a FIFO of lines, each written at once and by nobody waited for. Confined to one thread at a time. */
final class MetricsFile implements Closeable {

    private final Fd fd;
    /** What was written last is not the end of a line. */
    private boolean isLineOpen;

    private MetricsFile(Fd fd) {
        this.fd = fd;
    }

    /** Opens, and makes, the file at {@code path}; what it has stays. */
    static MetricsFile open(String path) throws IOException {
        return new MetricsFile(Fd.open(OsError.path(path), Fd.O_RDWR | Fd.O_CREAT | Fd.O_APPEND | Fd.O_NONBLOCK | Fd.O_NOCTTY));
    }

    /**
     * Writes a line, with its end.
     *
     * @throws LinuxException when not all of it was taken
     */
    void write(String line) throws LinuxException {
        byte[] bytes = ((isLineOpen ? "\n" : "") + line).getBytes(StandardCharsets.UTF_8);
        NativeStruct text = NativeStruct.allocate(bytes.length);
        text.bytes().put(0, bytes);
        int done = 0;
        while (done < bytes.length) {
            long taken = fd.write(text.address() + done, bytes.length - done);
            if (taken == Fd.WOULD_BLOCK) {
                isLineOpen = isLineOpen || done > 0;
                throw new LinuxException("write", Errno.EAGAIN);
            }
            done += (int) taken;
        }
        isLineOpen = false;
    }

    @Override
    public void close() {
        fd.close();
    }
}
