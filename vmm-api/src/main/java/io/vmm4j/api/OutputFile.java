package io.vmm4j.api;

import io.vmm4j.api.control.OsError;
import io.vmm4j.kvm.libc.Fd;
import java.io.IOException;

/** The file of a log or of metrics. */
final class OutputFile {

    private OutputFile() {
    }

    /** Opens, and makes, a file or a FIFO, which may be without a reader. */
    static Fd open(String path) throws IOException {
        return Fd.open(OsError.path(path), Fd.O_RDWR | Fd.O_CREAT | Fd.O_NONBLOCK);
    }
}
