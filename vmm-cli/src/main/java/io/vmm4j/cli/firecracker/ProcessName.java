package io.vmm4j.cli.firecracker;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.slf4j.LoggerFactory;

/** What this process is called, by which whoever drives Firecracker knows it again: it would be Java's name. */
final class ProcessName {

    private static final String COMM = "/proc/self/comm";

    private ProcessName() {
    }

    /**
     * Names the process; where that cannot be done it keeps its name.
     *
     * @param name up to 15 bytes of ASCII
     */
    static void set(String name) {
        try (FileOutputStream comm = new FileOutputStream(COMM)) {
            comm.write(name.getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            LoggerFactory.getLogger(ProcessName.class).debug("the process keeps its name: {}", e.getMessage());
        }
    }
}
