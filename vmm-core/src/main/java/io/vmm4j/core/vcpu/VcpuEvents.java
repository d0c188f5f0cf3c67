package io.vmm4j.core.vcpu;

import io.vmm4j.core.VmExit;

/** What vCPUs, event loops and consoles report to their machine. Called on any thread; returns at once. */
@FunctionalInterface
public interface VcpuEvents {

    /** The machine has to end; the first report of a machine counts. */
    void end(VmExit exit);
}
