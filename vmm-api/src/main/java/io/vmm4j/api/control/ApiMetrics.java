package io.vmm4j.api.control;

import io.vmm4j.api.request.MetricsBody;
import io.vmm4j.core.Vm;
import java.io.IOException;

/** What is counted, and where it is written. Thread-safe. */
public interface ApiMetrics {

    /** Adds 1 to a counter such as {@code put_api_requests.drive_count}, by the metrics' group and field. */
    void count(String group, String field);

    /** Notes how long something took, such as {@code latencies_us.pause_vm}, in microseconds. */
    void store(String group, String field, long value);

    /**
     * Opens the file that metrics are written to.
     *
     * @throws IOException when it cannot be opened; a {@link io.vmm4j.kvm.libc.LinuxException} where the host says why
     */
    void open(MetricsBody config) throws IOException;

    /**
     * Looks whether {@link #open} could open the file, which is made where it is not there.
     *
     * @throws IOException as {@link #open}
     */
    void check(MetricsBody config) throws IOException;

    /** {@code vm} has just started: what it counts counts too. On the thread that started it. */
    default void started(Vm vm) {
        // Whoever counts requests only has no use for it.
    }

    /**
     * Writes what there is, if there is a file for it.
     *
     * @throws IOException when the file does not take it
     */
    void flush() throws IOException;
}
