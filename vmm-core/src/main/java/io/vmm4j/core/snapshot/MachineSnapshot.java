package io.vmm4j.core.snapshot;

import io.vmm4j.core.VmRestore;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.machine.FrozenMachine;
import io.vmm4j.core.memory.FrozenRun;

/**
 * A machine as it was at a moment, memory, vCPUs, clocks and devices: {@link io.vmm4j.core.Vm#snapshot()} takes one, and any number of machines go on
 * from it, at once, each with what it writes to itself. Thread-safe.
 *
 * <pre>{@code
 * try (MachineSnapshot snapshot = vm.snapshot();
 *         Vm fork = snapshot.restore().vsock(socket).build()) {
 *     fork.start();
 * }
 * }</pre>
 *
 * <p>It has the machine's memory, as far as the guest had used it, in memory of its own. Closed, it lets go of that; machines that came from it keep what
 * they need.
 */
public final class MachineSnapshot implements AutoCloseable {

    private final String machine;
    private final FrozenMachine frozen;
    private boolean isClosed;

    private MachineSnapshot(String machine, FrozenMachine frozen) {
        this.machine = machine;
        this.frozen = frozen;
    }

    /**
     * For machines: the type is no part of the API.
     *
     * @param machine the machine's name
     * @param frozen  held by the caller, who gives that hold away
     */
    @SuppressWarnings("exports")
    public static MachineSnapshot of(String machine, FrozenMachine frozen) {
        return new MachineSnapshot(machine, frozen);
    }

    /** What the machine was called. */
    public String machine() {
        return machine;
    }

    /** What the machine was, with what had been added to it. */
    public VmConfig config() {
        return frozen.state().config();
    }

    /** Bytes of memory that it has of the guest's, without what was zero. */
    public long usedBytes() {
        return frozen.memory().runs().stream().mapToLong(FrozenRun::length).sum();
    }

    /**
     * What makes a machine that goes on from here. While it is used this stays open.
     *
     * @throws IllegalStateException when this is closed
     */
    public synchronized VmRestore restore() {
        requireOpen();
        return new VmRestore(frozen);
    }

    /** For machines: the type is no part of the API. */
    @SuppressWarnings("exports")
    public synchronized FrozenMachine frozen() {
        requireOpen();
        return frozen;
    }

    private void requireOpen() {
        if (isClosed) {
            throw new IllegalStateException("the snapshot of " + machine + " is closed");
        }
    }

    /** Lets go of it; a second call does nothing. */
    @Override
    public synchronized void close() {
        if (!isClosed) {
            isClosed = true;
            frozen.release();
        }
    }
}
