package io.vmm4j.core;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.config.DriveConfig;
import io.vmm4j.core.config.NetworkInterfaceConfig;
import io.vmm4j.core.config.VmConfig;
import io.vmm4j.core.control.BalloonControl;
import io.vmm4j.core.control.DriveControl;
import io.vmm4j.core.control.EntropyControl;
import io.vmm4j.core.control.NetworkControl;
import io.vmm4j.core.control.ShareControl;
import io.vmm4j.core.event.VmEvent;
import io.vmm4j.core.event.VmEvents;
import io.vmm4j.core.event.VmListener;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.machine.Machine;
import io.vmm4j.core.metrics.VmMetrics;
import io.vmm4j.core.snapshot.MachineSnapshot;
import io.vmm4j.core.snapshot.SnapshotException;
import java.io.IOException;
import java.time.Duration;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A virtual machine, from {@link VmBuilder#build()} to its end. Any number live in one JVM; the failure of one does not
 * touch another. All methods may be called from any thread, but for those that wait ({@link #await()}, {@link #close},
 * {@link #pause}, {@link #resume}, and the {@code get} and {@code join} of the futures given here): what the machine calls on
 * its own threads, as a console or a device that was brought along, would wait for itself there; they throw an
 * {@link IllegalStateException}, and {@link #stop} is to be called instead. What follows one of the futures may wait.
 *
 * <pre>{@code
 * try (Vm vm = VmBuilder.create().kernel(kernel).rootfs(image).vcpus(2).memoryMib(512).build()) {
 *     vm.start();
 *     VmExit exit = vm.await();
 * }
 * }</pre>
 */
public final class Vm implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Vm.class);

    /** How long a guest may take to change its vCPUs when nothing is said. */
    public static final Duration VCPU_RESIZE_TIME = Duration.ofSeconds(10);
    /** How long the vCPUs and devices may take to come to a stand when nothing is said. */
    public static final Duration PAUSE_TIME = Duration.ofSeconds(5);

    private static final String CLOSED = "the machine was closed";

    private final VmConfig config;
    private final Machine machine;
    private final AtomicReference<VmState> state = new AtomicReference<>(VmState.CREATED);
    private final MachineThreads own;
    private final VmEvents events;
    private final EndWatch ended;
    private final Standstill standstill;
    private final Snapshots snapshots;
    private final GuestActions actions;

    Vm(VmConfig config, Machine machine, MachineThreads own, VmEvents events) {
        this.config = config;
        this.machine = machine;
        this.own = own;
        this.events = events;
        this.ended = new EndWatch(own);
        this.standstill = new Standstill(machine, own, state, this::entered);
        this.snapshots = new Snapshots(machine, own, standstill, this::end);
        this.actions = new GuestActions(machine, own, state::get, events);
    }

    /** What it is called: the name it was given by {@link VmBuilder#name}, else one that this JVM has made up. */
    public String name() {
        return own.machine();
    }

    /** What the machine was built from. */
    public VmConfig config() {
        return config;
    }

    /** Where the machine is in its life. */
    public VmState state() {
        return state.get();
    }

    /**
     * Lets the guest run. Does nothing when the machine's end has come before, by a key on its console for one: {@link #await}
     * tells of it.
     *
     * @throws IllegalStateException when it was started before
     */
    public void start() {
        if (!standstill.start()) {
            return;
        }
        LOG.info("{}guest started: {} vCPUs, {} MiB", own.prefix(), config.machineConfig().vcpuCount(), config.machineConfig().memSizeMib());
    }

    /**
     * As {@link #start}, but the guest stands still from the beginning, until {@link #resume}: a machine from a snapshot goes on then, and may be
     * changed, or frozen once more, before.
     *
     * @throws PauseException        when a device does not come to a stand; the machine is as before
     * @throws IllegalStateException when it was started before, or has ended; on a thread of the machine's own
     */
    public void startPaused() {
        standstill.startPaused(PAUSE_TIME);
        LOG.info("{}guest is there, paused", own.prefix());
    }

    /** The drive {@code id}, of the configuration or added since; throws {@link java.util.NoSuchElementException} when there is none. */
    public DriveControl drive(String id) {
        return machine.controls().drive(id);
    }

    /** The share with the tag {@code tag}; throws {@link java.util.NoSuchElementException} when there is none. */
    public ShareControl share(String tag) {
        return machine.controls().share(tag);
    }

    /**
     * The network interface called {@code id}, of the configuration or added since: its limits, its link, its counters.
     *
     * @throws java.util.NoSuchElementException when there is none
     */
    public NetworkControl networkInterface(String id) {
        return machine.controls().network(id);
    }

    /** The entropy device; throws {@link java.util.NoSuchElementException} when the machine has none. */
    public EntropyControl entropy() {
        return machine.controls().entropy();
    }

    /** The memory balloon; throws {@link java.util.NoSuchElementException} when the machine has none. */
    public BalloonControl balloon() {
        return machine.controls().balloon();
    }

    /** The host's side of the vsock device; throws {@link java.util.NoSuchElementException} when the machine has none. */
    public HostVsock vsock() {
        return HostVsock.of(config.vsock());
    }

    /**
     * Has {@code listener} told of what happens to the machine from now on, on a thread of its own; {@link VmEvent.Ended} comes last.
     *
     * @return ends that when closed
     * @throws IllegalStateException when the host has no thread for it
     */
    public AutoCloseable addListener(VmListener listener) {
        return events.add(listener);
    }

    /** Not told when another state has come meanwhile, which is told then. */
    private void entered(VmState now) {
        if (state.get() == now) {
            events.tell(time -> new VmEvent.StateChanged(time, now));
        }
    }

    /** What the machine has done since it was built; also after its end. */
    public VmMetrics metrics() {
        return machine.metrics();
    }

    /** {@link #pause(Duration)} within {@link #PAUSE_TIME}. */
    public void pause() {
        pause(PAUSE_TIME);
    }

    /**
     * Has the guest stand still, if it does not: when this returns, no vCPU runs and no device touches the guest's memory, its host file
     * or its tap. What was in work has been ended; what comes meanwhile waits. A thread of a device's or a console's that was brought along is
     * its own matter. Devices may be changed still. Time goes on; a guest with kvmclock is told, once resumed, not to take the pause for a lockup.
     *
     * @param within how long that may take: a drive's request in work, such as a flush, has to come to its end
     * @throws PauseException        when it takes longer; the guest runs on as if nothing had been asked
     * @throws IllegalStateException when the machine does not run; on a thread of the machine's own
     */
    public void pause(Duration within) {
        standstill.pause(within);
    }

    /**
     * Lets a paused guest go on, and does nothing to one that runs; waits for a pause that is under way.
     *
     * @throws IllegalStateException when the machine has not been started, or has ended; on a thread of the machine's own
     */
    public void resume() {
        standstill.resume();
    }

    /** {@link #snapshot(Duration)} within {@link #PAUSE_TIME}. */
    public MachineSnapshot snapshot() throws SnapshotException, IOException {
        return snapshot(PAUSE_TIME);
    }

    /**
     * All of the machine as it is, for any number of others to go on from, see {@link MachineSnapshot}. One that runs stands still meanwhile and goes on
     * afterwards. The first takes time in proportion to the memory that the guest has used, each further one to what has been written since.
     *
     * @param within how long it may take to come to a stand
     * @return to be closed
     * @throws SnapshotException     naming what cannot be saved, such as a device that was brought along and has no state to give
     * @throws IOException           when the host refuses, memory for one; the machine goes on
     * @throws PauseException        when it does not come to a stand; the guest runs on
     * @throws IllegalStateException when the machine has not been started, or has ended; on a thread of the machine's own
     */
    public MachineSnapshot snapshot(Duration within) throws SnapshotException, IOException {
        return snapshots.take(within);
    }

    /**
     * Puts the machine back to {@code snapshot}, from which it came or which is the last that was taken of it, without anything being made anew: what the
     * guest and its devices have written since is undone, in time in proportion to that. One that runs stands still meanwhile and goes on from
     * there. Its generation id is another then.
     *
     * @return pages of memory put back
     * @throws SnapshotException     when that cannot be, naming what is in the way, such as a change of devices that is under way; the machine goes on as
     *     it is
     * @throws IOException           when the host refuses on the way; the machine ends, {@link VmExitReason#HOST_ERROR}
     * @throws PauseException        when it does not come to a stand; the guest runs on
     * @throws IllegalStateException when the machine has not been started, or has ended; on a thread of the machine's own
     */
    public int resetTo(MachineSnapshot snapshot) throws SnapshotException, IOException {
        return snapshots.resetTo(snapshot, PAUSE_TIME);
    }

    /**
     * What is known of a panic of the guest's kernel; empty when nothing is. It has a word in the message of the
     * {@linkplain VmExit end}, and is its {@linkplain VmExitReason#GUEST_PANIC reason} when the kernel itself said so.
     */
    public Optional<GuestPanic> guestPanic() {
        return machine.guestPanic();
    }

    /** vCPUs that the guest has: those it began with, those it has confirmed since, without those it has given back. */
    public int vcpuCount() {
        return machine.vcpuCount();
    }

    /** {@link #resizeVcpus(int, Duration)} within {@link #VCPU_RESIZE_TIME}. */
    public CompletableFuture<Void> resizeVcpus(int count) {
        return resizeVcpus(count, VCPU_RESIZE_TIME);
    }

    /**
     * Has the guest go over to {@code count} vCPUs, by ACPI hot-plug. They come from the lowest number up and go from the
     * highest down; vCPU 0 stays. Whether new ones are put to use at once is the guest's choice
     * ({@code echo 1 >/sys/devices/system/cpu/cpu1/online}, or a udev rule).
     *
     * @param count  1 to the configuration's {@code max_vcpu_count}
     * @param within how long the guest may take to answer; what it has not noticed by then is withdrawn
     * @return completes when the guest has the new number; with an {@link io.vmm4j.core.control.VcpuResizeException} that
     *     says why not, after which another change may be tried
     * @throws IllegalArgumentException when {@code count} is out of range
     * @throws IllegalStateException    when the machine does not run
     */
    public CompletableFuture<Void> resizeVcpus(int count, Duration within) {
        return actions.resizeVcpus(count, within);
    }

    /** Adds and removes devices while the guest runs, within times of the caller's choice. */
    public DeviceChanges devices() {
        return new DeviceChanges(machine, own, state::get);
    }

    /** {@link DeviceChanges#addDrive} within {@link DeviceChanges#TIME}. */
    public CompletableFuture<Void> addDrive(DriveConfig drive) throws ConfigException {
        return devices().addDrive(drive, DeviceChanges.TIME);
    }

    /** {@link DeviceChanges#removeDrive} within {@link DeviceChanges#TIME}. */
    public CompletableFuture<Void> removeDrive(String id) {
        return devices().removeDrive(id, DeviceChanges.TIME);
    }

    /** {@link DeviceChanges#addNetworkInterface} within {@link DeviceChanges#TIME}. */
    public CompletableFuture<Void> addNetworkInterface(NetworkInterfaceConfig network) throws ConfigException {
        return devices().addNetworkInterface(network, DeviceChanges.TIME);
    }

    /** {@link DeviceChanges#removeNetworkInterface} within {@link DeviceChanges#TIME}. */
    public CompletableFuture<Void> removeNetworkInterface(String id) {
        return devices().removeNetworkInterface(id, DeviceChanges.TIME);
    }

    /**
     * Gives the guest a new VM generation id, which says that it goes on in a copy of the machine it was: guests then do
     * without what must not be used twice, such as the state of a random number generator. One that is paused gets it when it is resumed.
     *
     * @throws IllegalStateException when the machine has ended, or is about to
     * @throws IOException           when the host has no random bytes
     */
    public void renewGenerationId() throws IOException {
        actions.renewGenerationId();
    }

    /** {@link #shutdown(Duration, Duration)} with the same time for both. */
    public CompletableFuture<VmExit> shutdown(Duration atMost) {
        return shutdown(atMost, atMost);
    }

    /**
     * Presses the power button, and stops the machine if the guest does not power off.
     *
     * @param noticeWithin how long the guest may take to notice the button: one whose kernel has no ACPI, or hangs, or has
     *     only begun to boot, does not
     * @param atMost       how long it may take to power off
     * @return the machine's end, as {@link #exit} gives it; {@link VmExitReason#POWEROFF} when the guest has obeyed
     */
    public CompletableFuture<VmExit> shutdown(Duration noticeWithin, Duration atMost) {
        if (state.get().compareTo(VmState.STOPPING) >= 0) {
            return exit();
        }
        LOG.info("{}power button pressed", own.prefix());
        new PowerOff(this, machine).ask(noticeWithin, atMost);
        return exit();
    }

    /**
     * Presses and releases Ctrl, Alt and Delete on the guest's keyboard, upon which most guests reboot in order. One that is
     * to power off gets the power button: {@link #shutdown(Duration)}.
     *
     * @return false, and nothing is typed, when the guest has switched its keyboard off, or has not read four presses before
     * @throws IllegalStateException when the machine does not run
     */
    public boolean sendCtrlAltDel() {
        return actions.sendCtrlAltDel();
    }

    /** Asks for the machine's end at once, as pulling the plug does; {@link #await} tells when it has come. */
    public void stop(String why) {
        end(new VmExit(VmExitReason.STOPPED, why));
    }

    /** Waits for the machine's end; throws {@link IllegalStateException} on a thread of the machine's own. */
    public VmExit await() throws InterruptedException {
        return ended.await();
    }

    /**
     * Waits for the machine's end, {@code atMost} so long; empty when it has not come by then.
     *
     * @throws IllegalStateException on a thread of the machine's own
     */
    public Optional<VmExit> await(Duration atMost) throws InterruptedException {
        try {
            return Optional.of(ended.get(TimeUnit.NANOSECONDS.convert(atMost), TimeUnit.NANOSECONDS));
        } catch (TimeoutException e) {
            return Optional.empty();
        }
    }

    /** Completes with the machine's end, after all that it held has been given back. */
    public CompletableFuture<VmExit> exit() {
        return ended.future();
    }

    /**
     * Closes machines as {@link #close} closes each, all at once: they wait together for what the kernel has each of them wait for.
     *
     * @throws IllegalStateException on a thread that is one of the machines' own; all are stopped then, as by {@link #stop}
     */
    public static void closeAll(Collection<Vm> machines) {
        machines.forEach(vm -> vm.stop(CLOSED));
        machines.forEach(vm -> vm.ended.join());
    }

    /**
     * Stops the machine if need be and waits until all that it held has been given back. A second call does nothing. Where a
     * device or a console that was brought along keeps a thread of the machine, the log says which and where it is, and this
     * waits on.
     *
     * @throws IllegalStateException on a thread of the machine's own; the machine is stopped then, as by {@link #stop}
     */
    @Override
    public void close() {
        stop(CLOSED);
        ended.join();
    }

    /** The first call decides how the machine ended; called from vCPU, loop and control threads. */
    void end(VmExit exit) {
        VmState before = state.getAndUpdate(now -> now.compareTo(VmState.STOPPING) < 0 ? VmState.STOPPING : now);
        if (before.compareTo(VmState.STOPPING) >= 0) {
            return;
        }
        entered(VmState.STOPPING);
        machine.helpers().end(new TearDown(machine, own, state, events, ended, machine.judge(exit)));
    }
}
