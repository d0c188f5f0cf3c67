package io.vmm4j.core.machine;

import io.vmm4j.core.acpi.AcpiEvent;
import io.vmm4j.core.acpi.AcpiEventDevice;
import io.vmm4j.core.acpi.AcpiPorts;
import io.vmm4j.core.acpi.CpuController;
import io.vmm4j.core.config.MachineConfig;
import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.core.host.IrqfdLine;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.host.StandbyThread;
import io.vmm4j.devices.bus.BusBuilder;
import io.vmm4j.devices.memory.GuestMemory;
import io.vmm4j.kvm.KvmVm;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** By what the host speaks to a guest's ACPI code: events, processors that come and go, and the generation id. */
final class AcpiDevices implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(AcpiDevices.class);

    private final IrqfdLine line;
    private final AcpiEventDevice events;
    private final StandbyThread changes;
    private final VcpuHotplug hotplug;
    private final GenerationId generation;
    /** Whether nothing may change in the guest's memory; guarded by this, as below. */
    private boolean isStill;
    /** Completes when the guest has noticed what is to be done once it may; or null. */
    private CompletableFuture<Void> later;

    private AcpiDevices(IrqfdLine line, EpollEventLoop loop, MachineConfig config, GuestMemory memory, MachineThreads own)
            throws IOException {
        this.line = line;
        events = new AcpiEventDevice(line, loop);
        generation = new GenerationId(memory);
        // Last, as it has to be ended. There is nothing to wait for where the number cannot change.
        changes = config.maxVcpuCount() > 1 ? StandbyThread.start(own.nameFor("vm-vcpus")) : null;
        hotplug = new VcpuHotplug(config.maxVcpuCount(), config.vcpuCount(), events, changes == null ? Runnable::run : changes);
    }

    /** Adds the registers to {@code ports}, and what has state to {@code saved}. */
    static AcpiDevices create(KvmVm vm, BusBuilder ports, SavedParts saved, EpollEventLoop loop, MachineConfig config, GuestMemory memory,
            MachineThreads own) throws IOException {
        IrqfdLine line = new IrqfdLine(vm, AcpiPorts.EVENTS_GSI);
        try {
            AcpiDevices devices = new AcpiDevices(line, loop, config, memory, own);
            ports.add("ACPI events", AcpiPorts.EVENTS, AcpiEventDevice.LENGTH, devices.events);
            ports.add("ACPI processors", AcpiPorts.CPUS, CpuController.LENGTH, devices.hotplug.controller());
            saved.add("ACPI events", devices.events, loop);
            saved.add("ACPI processors", devices.hotplug.controller(), loop);
            return devices;
        } catch (IOException | RuntimeException | Error e) {
            line.close();
            throw e;
        }
    }

    /** By what the guest hears of events. */
    AcpiEventDevice events() {
        return events;
    }

    /** Changes the number of vCPUs. */
    VcpuHotplug hotplug() {
        return hotplug;
    }

    /** Gives a guest that has not run its first generation id. */
    void beginGeneration() throws IOException {
        generation.renew();
    }

    /** Presses the power button; completes when the guest has noticed, which is not to say that it obeys. */
    CompletableFuture<Void> pressPowerButton() {
        return events.raise(AcpiEvent.POWER_BUTTON);
    }

    /** The guest stands still from now on: its memory stays as it is. */
    synchronized void standStill() {
        isStill = true;
    }

    /** The guest is about to go on; it finds what was asked for meanwhile. */
    synchronized void goOn() {
        isStill = false;
        if (later == null) {
            return;
        }
        CompletableFuture<Void> asked = later;
        later = null;
        try {
            renewGenerationNow().thenRun(() -> asked.complete(null));
        } catch (IOException | IllegalStateException e) {
            LOG.warn("the guest has no new generation id: {}", e.getMessage());
            asked.completeExceptionally(e);
        }
    }

    /** As {@link #renewGenerationNow}, once the guest does not stand still. */
    synchronized CompletableFuture<Void> renewGeneration() throws IOException {
        if (!isStill) {
            return renewGenerationNow();
        }
        if (later == null) {
            later = new CompletableFuture<>();
        }
        return later.copy();
    }

    /**
     * Has the guest find that it goes on in another machine than before; completes when it has noticed.
     *
     * @throws IllegalStateException when the machine has ended
     */
    CompletableFuture<Void> renewGenerationNow() throws IOException {
        generation.renew();
        try {
            return events.raise(AcpiEvent.GENERATION);
        } catch (RejectedExecutionException e) {
            throw new IllegalStateException("a machine that has ended is not told of its generation id", e);
        }
    }

    /** Lets go of the guest's memory and gives back the interrupt line; no vCPU or loop runs any more. */
    @Override
    public void close() {
        if (changes != null) {
            changes.close();
        }
        generation.close();
        line.close();
    }
}
