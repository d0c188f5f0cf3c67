package io.vmm4j.core.cpu;

import java.util.Objects;

/**
 * What the guest's CPUs are to be like, beyond what KVM supports on this host.
 *
 * @param topology         of the machine
 * @param tscDeadlineTimer whether KVM has KVM_CAP_TSC_DEADLINE_TIMER, which the supported leaves leave out; with it a guest
 *     needs no other timer to find out the local APIC's speed
 * @param vpmuLevel        performance counters: 0 none, 1 cycles and instructions, 2 all that KVM has
 * @param mwait            whether MONITOR and MWAIT run in the guest without an exit
 */
public record GuestCpu(CpuTopology topology, boolean tscDeadlineTimer, int vpmuLevel, boolean mwait) {

    /** A CPU without performance counters and MWAIT. */
    public static GuestCpu of(CpuTopology topology, boolean tscDeadlineTimer) {
        return new GuestCpu(topology, tscDeadlineTimer, 0, false);
    }

    @Override
    public int hashCode() {
        return Objects.hash(topology, tscDeadlineTimer, vpmuLevel, mwait);
    }
}
