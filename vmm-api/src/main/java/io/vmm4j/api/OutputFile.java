package io.vmm4j.api;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.Fd;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** The file of a log or of metrics. */
final class OutputFile {

    private OutputFile() {
    }

    /** Opens, and makes, a file or a FIFO, which may be without a reader. */
    static Fd open(String path) throws IOException {
        try {
            return Fd.open(Path.of(path), Fd.O_RDWR | Fd.O_CREAT | Fd.O_NONBLOCK);
        } catch (InvalidPathException e) {
            throw new LinuxException("open(" + path + ")", Errno.EINVAL);
        }
    }
}
