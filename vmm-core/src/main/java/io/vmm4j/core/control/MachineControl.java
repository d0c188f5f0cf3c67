package io.vmm4j.core.control;

import io.vmm4j.core.Vm;
import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmState;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.event.EventJson;
import io.vmm4j.core.event.VmEvent;
import io.vmm4j.core.metrics.PrometheusText;
import io.vmm4j.core.snapshot.MachineSnapshot;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A {@link Vm} for the clients of a {@link ControlServer}. It can be there before its machine is, so that a name is taken before
 * anything is made: until {@link #attach} all but {@link #info} is refused. Thread-safe.
 *
 * <pre>{@code
 * try (Vm vm = builder.build(); ControlServer control = ControlServer.open(path, MachineControl.of(vm))) {
 *     vm.start();
 *     vm.await();
 * }
 * }</pre>
 */
public final class MachineControl implements ControlTarget {

    /** The part of the time to power off in which a guest has to notice the power button. */
    private static final int NOTICE_PART = 8;

    /** Where a console's client says how large its terminal is. */
    @FunctionalInterface
    public interface Window {
        /** As {@link io.vmm4j.core.console.SerialPort#resize}. */
        void resize(int columns, int rows);
    }

    /**
     * What is known of a machine before it is made.
     *
     * @param name    what it is called
     * @param config  what it is to be
     * @param console the Unix socket that its console is on, as an absolute path, or {@code null}
     * @param window  of that console, or {@code null} when it has none
     * @param log     the log file as an absolute path, or {@code null}
     */
    public record Plan(String name, VmConfig config, String console, Window window, String log) {
    }

    private final String threads;
    private final long madeNanos = System.nanoTime();
    private final Map<String, ControlAction> others = new ConcurrentHashMap<>();
    private final SnapshotWork snapshots = new SnapshotWork();
    private volatile Plan plan;
    private volatile Vm vm;

    /** @param plan of a machine that is yet to be made, under the name that it has there */
    public MachineControl(Plan plan) {
        this(plan, plan.name() + "/");
    }

    private MachineControl(Plan plan, String threads) {
        this.threads = threads;
        this.plan = plan;
    }

    /** For a machine that is there, with its console where nobody of another process can reach it. */
    public static MachineControl of(Vm vm) {
        MachineControl control = new MachineControl(new Plan(vm.name(), vm.config(), null, null, null), "");
        control.attach(vm);
        return control;
    }

    /** More is known by now. */
    public void plan(Plan now) {
        plan = now;
    }

    /** From now on it is {@code machine} that is controlled. */
    public void attach(Vm machine) {
        vm = machine;
    }

    /** The machine came from {@code snapshot}, which stays open until it has ended: a diff to it is made of what has been written since. */
    public void cameFrom(MachineSnapshot snapshot) {
        snapshots.cameFrom(snapshot);
    }

    /**
     * Has a snapshot that is being saved given up, and waits until nothing is left of it; no further one is saved. Once the machine has ended, and before
     * its server is closed, which tells that, and before the snapshot that it came from is.
     */
    public void endSnapshots() {
        snapshots.close();
    }

    /** Has clients ask for {@code actions} too, by their names; before the server is open. */
    public void offer(Map<String, ControlAction> actions) {
        others.putAll(actions);
    }

    /**
     * The machine that is controlled.
     *
     * @throws IllegalStateException when it is not there yet
     */
    public Vm machine() {
        Vm machine = vm;
        if (machine == null) {
            throw new IllegalStateException("the machine is being put together");
        }
        return machine;
    }

    @Override
    public Map<String, ControlAction> actions() {
        return Map.copyOf(others);
    }

    @Override
    public String nameFor(String work) {
        return threads + work;
    }

    @Override
    public CompletableFuture<Void> resizeVcpus(int count) {
        return machine().resizeVcpus(count);
    }

    @Override
    public MachineInfo info() {
        Plan known = plan;
        Vm machine = vm;
        VmConfig config = known.config();
        String state = machine == null ? "starting" : machine.state().name().toLowerCase(Locale.ROOT);
        return new MachineInfo(known.name(), ProcessHandle.current().pid(), state,
                machine == null ? config.machineConfig().vcpuCount() : machine.vcpuCount(), config.machineConfig().maxVcpuCount(),
                config.machineConfig().memSizeMib(), TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - madeNanos), config.bootSource().kernelImagePath(),
                known.console(), known.window() != null, known.log());
    }

    @Override
    public void pause() {
        machine().pause();
    }

    @Override
    public void resume() {
        machine().resume();
    }

    /** {@inheritDoc} A guest that stands still goes on, as it would notice nothing. */
    @Override
    public CompletableFuture<VmExit> stop(Duration atMost) {
        Vm machine = machine();
        if (machine.state() == VmState.PAUSED) {
            machine.resume();
        }
        return machine.shutdown(atMost.dividedBy(NOTICE_PART), atMost);
    }

    @Override
    public CompletableFuture<VmExit> kill() {
        machine().stop("its end was asked for by its control socket");
        return machine().exit();
    }

    @Override
    public String stats() {
        return RecordJson.of(machine().metrics()).toString();
    }

    @Override
    public String prometheus() {
        Vm machine = machine();
        return PrometheusText.of(machine.name(), machine.metrics());
    }

    @Override
    public AutoCloseable listen(Consumer<String> lines, Runnable end) {
        return machine().addListener(event -> {
            lines.accept(EventJson.line(event));
            if (event instanceof VmEvent.Ended) {
                end.run();
            }
        });
    }

    @Override
    public AutoCloseable snapshot(SnapshotOrder order, SnapshotProgress progress) {
        return snapshots.begin(machine(), order, nameFor("snapshot"), progress);
    }

    @Override
    public void resizeConsole(int columns, int rows) {
        Window window = plan.window();
        if (window == null) {
            throw new IllegalStateException("the machine has no console with a window on a socket");
        }
        window.resize(columns, rows);
    }
}
