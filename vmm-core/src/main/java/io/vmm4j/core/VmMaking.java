package io.vmm4j.core;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.event.VmEvents;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.host.Shortage;
import io.vmm4j.core.machine.GivenParts;
import io.vmm4j.core.machine.Machine;
import io.vmm4j.core.machine.MachineAssembler;
import io.vmm4j.core.machine.Restart;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** Makes machines, whichever builder they are from. */
final class VmMaking {

    private static final AtomicInteger UNNAMED = new AtomicInteger();

    private VmMaking() {
    }

    /**
     * Has a machine put together.
     *
     * @param name    or {@code null}
     * @param restart what it goes on from, or {@code null} for one that boots
     */
    static Vm make(VmConfig config, GivenParts given, String name, Restart restart) throws ConfigException, IOException {
        Shortage.requireRoomToLoad(config);
        // Who asks for the end need not wait for the machine: that may be this thread, or one that the assembler waits for.
        CompletableFuture<VmExit> end = new CompletableFuture<>();
        MachineThreads own = new MachineThreads(name == null ? "vm-" + UNNAMED.incrementAndGet() : name, name != null);
        VmEvents events = new VmEvents(Clock.systemUTC(), own::nameFor);
        // Reading the images would fail with it.
        boolean interrupted = Thread.interrupted();
        Machine assembled;
        try {
            VmConfig atStart = restart == null ? config : restart.atStart();
            assembled = new MachineAssembler(atStart, given, new MachineReports(end, events), own, restart).assemble();
        } catch (ConfigException e) {
            // Images that could not be read because of the interrupt are no mistake of the configuration.
            if (Thread.currentThread().isInterrupted()) {
                throw (IOException) new InterruptedIOException("interrupted while the machine was put together").initCause(e);
            }
            throw e;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        Vm vm = new Vm(config, assembled, own, events);
        Shortage.loaded();
        end.thenAccept(vm::end);
        return vm;
    }
}
