package io.vmm4j.core.control;

import io.vmm4j.core.VmExit;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * What clients of a {@link ControlServer} can ask of a machine; {@link MachineControl} is that of a {@link io.vmm4j.core.Vm}. All but
 * {@link #resizeVcpus} may be left out: a client that asks for it is refused.
 *
 * <p>Called on threads of the server: what waits ({@link #pause}, {@link #resume}, {@link #resizeVcpus}, {@link #actions}) one after the other on one of
 * them, the rest on another. What is thrown is the client's answer: {@link IllegalArgumentException} and {@link IllegalStateException}
 * refuse it.
 */
@FunctionalInterface
public interface ControlTarget {

    /** As {@link io.vmm4j.core.Vm#resizeVcpus(int)}. */
    CompletableFuture<Void> resizeVcpus(int count);

    /** What there is to say about it; waits for nothing. */
    default MachineInfo info() {
        throw notHere("information");
    }

    /** Has the guest stand still; does nothing when it does. */
    default void pause() {
        throw notHere("a pause");
    }

    /** Has the guest go on; does nothing when it runs. */
    default void resume() {
        throw notHere("a pause");
    }

    /**
     * Presses the power button, and stops the machine when the guest is not off in time.
     *
     * @return how it has ended
     */
    default CompletableFuture<VmExit> stop(Duration atMost) {
        throw notHere("a power button");
    }

    /** Stops the machine at once; returns how it has ended. */
    default CompletableFuture<VmExit> kill() {
        throw notHere("an end");
    }

    /** Says how large the terminal is that the virtio console's client has. */
    default void resizeConsole(int columns, int rows) {
        throw notHere("a console");
    }

    /** What the machine has done, as the text of a JSON object in one line. */
    default String stats() {
        throw notHere("a count of what it does");
    }

    /** What the machine has done, in Prometheus' text format. */
    default String prometheus() {
        throw notHere("a count of what it does");
    }

    /**
     * Has {@code lines} told what happens, each the text of a JSON object in one line, on a thread that it may keep.
     *
     * @param end called behind the last
     * @return ends that when closed
     */
    default AutoCloseable listen(Consumer<String> lines, Runnable end) {
        throw notHere("news");
    }

    /**
     * Has the machine saved, which goes on meanwhile as the order says.
     *
     * @param progress told what comes of it, on a thread that it may keep
     * @return has it given up when closed, if that is still possible
     */
    default AutoCloseable snapshot(SnapshotOrder order, SnapshotProgress progress) {
        throw notHere("a snapshot");
    }

    /** Further actions, by their names, for the server to know from its start. */
    default Map<String, ControlAction> actions() {
        return Map.of();
    }

    /** What a thread of the server is called that does such work. */
    default String nameFor(String work) {
        return work;
    }

    private static IllegalStateException notHere(String what) {
        return new IllegalStateException("this machine has no " + what.replaceFirst("^an? ", "") + " to be had by its socket");
    }
}
