package io.vmm4j.core;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.host.GuardedFuture;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.machine.Machine;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Drives and network interfaces that come to a guest while it runs, and go again, by ACPI; stock kernels need nothing for it.
 * There are places for as many at a time as {@code machine-config.spare_devices} says. One change at a time: another meanwhile
 * is refused. Thread-safe.
 *
 * <p>Futures complete with a {@link io.vmm4j.core.control.DeviceChangeException} when the guest has not done as it was asked;
 * its message says why, and another change may be tried after that.
 */
public final class DeviceChanges {

    /** How long a guest may take when nothing is said. */
    public static final Duration TIME = Duration.ofSeconds(10);

    private final Machine machine;
    private final MachineThreads own;
    private final Supplier<VmState> state;

    DeviceChanges(Machine machine, MachineThreads own, Supplier<VmState> state) {
        this.machine = machine;
        this.own = own;
        this.state = state;
    }

    /**
     * Gives the guest a drive. Its image is opened on the caller's thread.
     *
     * @param drive  not the root device
     * @param within how long the guest may take until a driver uses the drive, and as long again to forget it where none does
     * @return completes when a driver uses it; exceptionally when none does, and then nothing of it is left to the guest, or with
     *     an {@link java.io.IOException} when the host refuses
     * @throws ConfigException       when it cannot be one of this machine's, or its image not a drive's
     * @throws IllegalStateException when the machine does not run
     */
    public CompletableFuture<Void> addDrive(DriveConfig drive, Duration within) throws ConfigException {
        Objects.requireNonNull(drive, "drive");
        requireRunning();
        return guarded(machine.addDrive(drive, within));
    }

    /**
     * Takes a drive from the guest that {@link #addDrive} has given it. The guest's kernel does not ask whether it is in use:
     * unmount it first.
     *
     * @param within how long the guest may take to give it back
     * @return completes when its image is closed; exceptionally when the guest has not given it back: it goes on then, and is
     *     taken when the guest gives it back after all
     * @throws java.util.NoSuchElementException when there is none called so
     * @throws IllegalArgumentException         when it has been there since the machine's start
     * @throws IllegalStateException            when the machine does not run
     */
    public CompletableFuture<Void> removeDrive(String id, Duration within) {
        Objects.requireNonNull(id, "id");
        requireRunning();
        return guarded(machine.removeDrive(id, within));
    }

    /** As {@link #addDrive}, for a network interface. */
    public CompletableFuture<Void> addNetworkInterface(NetworkInterfaceConfig network, Duration within) throws ConfigException {
        Objects.requireNonNull(network, "network");
        requireRunning();
        return guarded(machine.addNetworkInterface(network, within));
    }

    /** As {@link #removeDrive}, for a network interface. */
    public CompletableFuture<Void> removeNetworkInterface(String id, Duration within) {
        Objects.requireNonNull(id, "id");
        requireRunning();
        return guarded(machine.removeNetworkInterface(id, within));
    }

    private void requireRunning() {
        VmState now = state.get();
        if (now != VmState.RUNNING) {
            throw new IllegalStateException(own.prefix() + "a machine that is " + now.word() + " cannot change its devices");
        }
    }

    private CompletableFuture<Void> guarded(CompletableFuture<Void> change) {
        return GuardedFuture.of(change, () -> own.requireNotGuest("waiting for a change of the devices"));
    }
}
