package io.vmm4j.core.machine;

import io.vmm4j.core.host.EpollEventLoop;
import io.vmm4j.devices.state.State;
import io.vmm4j.devices.state.StateException;
import io.vmm4j.devices.state.Stateful;
import io.vmm4j.devices.virtio.mmio.VirtioMmioTransport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;

/**
 * Which parts of a machine have guest-visible state, each by its name, in the order in which they are brought back. Thread-safe; what saves and
 * restores is for one at a time, with the guest standing still.
 */
final class SavedParts {

    /** @param loop what the part is called on */
    private record Part(String name, Object device, EpollEventLoop loop) {

        /** Why it cannot be saved. */
        Optional<String> refusal() {
            boolean isSaved = device instanceof VirtioMmioTransport transport ? transport.whyNotSaved().isEmpty() : found().isPresent();
            return isSaved ? Optional.empty() : Optional.of(name);
        }

        private Optional<Stateful> found() {
            if (device instanceof GivenBusDevice given) {
                return given.stateful();
            }
            return device instanceof Stateful saved ? Optional.of(saved) : Optional.empty();
        }

        Stateful stateful() {
            return found().orElseThrow();
        }
    }

    /** What is done with the parts of a loop, there. */
    private interface Work {
        void on(Part part) throws StateException;
    }

    /** Guarded by this. */
    private final List<Part> parts = new ArrayList<>();
    /** Guarded by this. */
    private final Map<String, DriveDisk> drives = new LinkedHashMap<>();

    /**
     * A part that is there from now on.
     *
     * @param device one that has no state to save keeps its machine from being saved
     * @param loop   what it is called on
     */
    synchronized void add(String name, Object device, EpollEventLoop loop) {
        parts.add(new Part(name, device, loop));
    }

    /** A part that is not there any more. */
    synchronized void remove(Object device) {
        parts.removeIf(part -> part.device == device);
    }

    /** A drive's disk, by its id. */
    synchronized void addDrive(String id, DriveDisk disk) {
        drives.put(id, disk);
    }

    /** A drive that is not there any more. */
    synchronized void removeDrive(String id) {
        drives.remove(id);
    }

    /** The disks of all drives, by id. */
    synchronized Map<String, DriveDisk> drives() {
        return Map.copyOf(drives);
    }

    private synchronized List<Part> all() {
        return List.copyOf(parts);
    }

    /** The names of those that cannot be saved. */
    List<String> refusals() {
        return all().stream().flatMap(part -> part.refusal().stream()).toList();
    }

    /** Their names. */
    Set<String> names() {
        Set<String> names = new TreeSet<>();
        all().forEach(part -> names.add(part.name));
        return names;
    }

    /** The states of all, by name. The loops stand still. */
    Map<String, State> save() throws IOException {
        Map<String, State> states = new LinkedHashMap<>();
        try {
            onLoops(part -> states.put(part.name, part.stateful().saveState()));
        } catch (StateException e) {
            throw new IllegalStateException("nothing is refused here", e);
        }
        return states;
    }

    /** Has all become what {@code states} say. The loops stand still, or do not run yet. */
    void restore(Map<String, State> states) throws StateException, IOException {
        onLoops(part -> restore(part, states));
    }

    private static void restore(Part part, Map<String, State> states) throws StateException {
        State state = states.get(part.name);
        if (state == null) {
            throw new StateException(part.name + " is not in it");
        }
        try {
            part.stateful().restoreState(state);
        } catch (StateException e) {
            throw e.in(part.name);
        }
    }

    /** Makes good what may have been lost on the way; all of the machine is back. */
    void afterRestore() throws IOException {
        try {
            onLoops(part -> part.stateful().afterRestore());
        } catch (StateException e) {
            throw new IllegalStateException("nothing is refused here", e);
        }
    }

    private void onLoops(Work work) throws StateException, IOException {
        Map<EpollEventLoop, List<Part>> byLoop = new LinkedHashMap<>();
        all().forEach(part -> byLoop.computeIfAbsent(part.loop, loop -> new ArrayList<>()).add(part));
        for (Map.Entry<EpollEventLoop, List<Part>> each : byLoop.entrySet()) {
            if (each.getKey().isStarted()) {
                onLoop(each.getKey(), each.getValue(), work);
            } else {
                for (Part part : each.getValue()) {
                    work.on(part);
                }
            }
        }
    }

    private static void onLoop(EpollEventLoop loop, List<Part> some, Work work) throws StateException, IOException {
        CompletableFuture<Void> done = new CompletableFuture<>();
        try {
            loop.executeCommand(() -> carryOut(some, work, done));
            done.join();
        } catch (RejectedExecutionException e) {
            throw new IOException("the machine has ended", e);
        } catch (CompletionException e) {
            if (e.getCause() instanceof StateException refused) {
                throw refused;
            }
            throw e.getCause() instanceof RuntimeException bug ? bug : new IllegalStateException(e.getCause());
        }
    }

    private static void carryOut(List<Part> some, Work work, CompletableFuture<Void> done) {
        try {
            for (Part part : some) {
                work.on(part);
            }
            done.complete(null);
        } catch (StateException | RuntimeException | Error e) {
            done.completeExceptionally(e);
        }
    }
}
