package io.vmm4j.cli.firecracker;

import io.vmm4j.cli.log.LineFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Supplier;

/** Standard output, opened for lines when the first is there: what opens it is still being loaded when the program begins. Thread-safe. */
final class StandardOutput implements Supplier<LineFile> {

    private LineFile file;

    @Override
    public synchronized LineFile get() {
        if (file == null) {
            try {
                file = LineFile.standardOutput();
            } catch (IOException e) {
                throw new UncheckedIOException("standard output cannot be had", e);
            }
        }
        return file;
    }
}
