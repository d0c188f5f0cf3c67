package io.vmm4j.cli.log;

import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * Lines for a file, a FIFO, which may be without a reader, or standard output. Lines that are not taken at once are dropped and counted.
 * Thread-safe.
 */
public final class LineFile implements AutoCloseable {

    private static final int STDOUT = 1;

    private final LineWriter writer;

    private LineFile(LogDestination destination) {
        writer = new LineWriter(destination);
    }

    /** This process's standard output. */
    public static LineFile standardOutput() throws IOException {
        return new LineFile(LogDestinations.ofDescriptor(STDOUT));
    }

    /**
     * The file at {@code path}, which is made where it is not there; what it has stays.
     *
     * @throws IOException when it cannot be opened; a {@link LinuxException} where the host says why
     */
    public static LineFile append(String path) throws IOException {
        try {
            return new LineFile(LogDestinations.append(Path.of(path)));
        } catch (InvalidPathException e) {
            if (path.indexOf('\0') >= 0) {
                throw new IOException("file name contained an unexpected NUL byte", e);
            }
            throw new LinuxException("open(" + path + ")", Errno.EINVAL);
        }
    }

    /** Writes lines, all with their ends. */
    public void write(String lines) {
        synchronized (writer) {
            writer.add(lines);
            writer.flush();
        }
    }

    /** How many lines were dropped. */
    public long missing() {
        return writer.missing();
    }

    @Override
    public void close() {
        writer.close();
    }
}
