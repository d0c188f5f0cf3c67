package io.vmm4j.core.vcpu;

import io.vmm4j.core.VmExit;

/** What a vCPU thread reports to its machine. Called on vCPU threads; returns at once. */
@FunctionalInterface
public interface VcpuEvents {

    /** The machine has to end; the first report of a machine counts. */
    void end(VmExit exit);
}
