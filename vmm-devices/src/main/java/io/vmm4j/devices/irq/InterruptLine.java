package io.vmm4j.devices.irq;

/**
 * One interrupt input of the machine's interrupt controller, edge triggered.
 *
 * <p>Thread-safe: devices call it from vCPU threads, event loops and I/O threads alike. Extra edges are harmless.
 */
@FunctionalInterface
public interface InterruptLine {

    /** Raises one edge. Never blocks and never throws. */
    void trigger();
}
