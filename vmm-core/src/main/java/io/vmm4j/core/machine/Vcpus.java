package io.vmm4j.core.machine;

import io.vmm4j.core.config.ConfigException;
import io.vmm4j.core.cpu.CpuTopology;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.vcpu.VcpuEvents;
import io.vmm4j.core.vcpu.VcpuThread;
import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.KvmVcpu;
import io.vmm4j.kvm.KvmVm;
import io.vmm4j.kvm.VcpuExitHandler;
import io.vmm4j.kvm.libc.LinuxException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;

/**
 * The vCPUs of a machine and their threads. A vCPU is made when it is first needed. One that is dismissed is parked: its
 * thread ends, and before it is used again it is put back into the state it began in.
 *
 * <p>Thread-safe. No vCPU thread takes this object's lock, so it may be held while waiting for them.
 */
final class Vcpus implements VcpuHotplug.Processors, AutoCloseable {

    private final KvmVm vm;
    private final VcpuSetup setup;
    private final CpuTopology topology;
    private final VcpuExitHandler handler;
    private final VcpuEvents events;
    private final MachineThreads own;
    private final KvmVcpu[] vcpus;
    private final AtomicReferenceArray<VcpuThread> threads;
    private ParkedState initial;
    private boolean isRunning;
    private boolean isPaused;
    private volatile boolean isStopped;

    /**
     * @param topology of all vCPUs there can be
     * @param own      counts the threads
     */
    Vcpus(KvmVm vm, VcpuSetup setup, CpuTopology topology, VcpuExitHandler handler, VcpuEvents events, MachineThreads own) {
        this.vm = vm;
        this.setup = setup;
        this.topology = topology;
        this.handler = handler;
        this.events = events;
        this.own = own;
        this.vcpus = new KvmVcpu[topology.vcpus()];
        this.threads = new AtomicReferenceArray<>(vcpus.length);
    }

    /** Makes vCPU {@code index} and its thread, which is not started. */
    synchronized KvmVcpu create(int index) throws KvmException {
        // There already when what follows has failed before: KVM makes each vCPU once.
        if (vcpus[index] == null) {
            vcpus[index] = vm.createVcpu(topology.apicId(index));
        }
        KvmVcpu vcpu = vcpus[index];
        setup.apply(vcpu, index);
        if (index > 0 && initial == null) {
            initial = ParkedState.of(vcpu);
        }
        makeThread(index);
        return vcpu;
    }

    /**
     * Makes vCPU {@code index} and its thread, which is not started, to become what another was.
     *
     * @see #restore
     */
    synchronized void createFor(int index) throws KvmException {
        vcpus[index] = vm.createVcpu(topology.apicId(index));
        if (index > 0 && initial == null) {
            // For one that is given back and used again.
            setup.apply(vcpus[index], index);
            initial = ParkedState.of(vcpus[index]);
        }
        makeThread(index);
    }

    /** Whose fault it is that KVM refused CPUID, as {@link VcpuSetup#refusal} has it. */
    ConfigException refusal(CpuidRefusedException refused) throws ConfigException, LinuxException {
        return setup.refusal(refused);
    }

    /** Has vCPUs that come from now on be like vCPU 0 of the machine that this one goes on from. */
    synchronized void goOnAs(SavedVcpu first) {
        setup.goOnAs(first.state());
    }

    /** Whether there can be a vCPU {@code index}. */
    boolean canHave(int index) {
        return index < vcpus.length;
    }

    /** Whether they are taken out of the guest for good. */
    synchronized boolean hasEnded() {
        return isStopped;
    }

    /** Those that the guest can use, as they stand still, from the lowest index up. */
    synchronized List<SavedVcpu> save() throws KvmException {
        List<SavedVcpu> saved = new ArrayList<>();
        for (int index = 0; index < vcpus.length; index++) {
            if (isUsed(index)) {
                saved.add(new SavedVcpu(index, vcpus[index].saveState()));
            }
        }
        return saved;
    }

    private boolean isUsed(int index) {
        VcpuThread thread = threads.get(index);
        return thread != null && !thread.isStopRequested();
    }

    /** Whether all of {@code saved} are there to be used. */
    synchronized boolean areUsed(List<SavedVcpu> saved) {
        return saved.stream().allMatch(each -> isUsed(each.index()));
    }

    /** Has all become what {@code saved} say, which {@link #areUsed}; those that are not among them are parked. All stand still. */
    synchronized void restore(List<SavedVcpu> saved) throws KvmException {
        for (SavedVcpu each : saved) {
            vcpus[each.index()].restoreState(each.state());
        }
        for (int index = 1; index < vcpus.length; index++) {
            int other = index;
            if (isUsed(index) && saved.stream().noneMatch(each -> each.index() == other)) {
                dismiss(index);
            }
        }
    }

    private void makeThread(int index) {
        VcpuThread thread = new VcpuThread(index, vcpus[index], handler, events);
        own.add(thread.thread(), MachineThreads.Role.GUEST);
        threads.set(index, thread);
    }

    /**
     * Starts the threads of all vCPUs that were made; they stay out of the guest until {@link #start}.
     *
     * @throws IOException when the host has none for one
     */
    synchronized void park() throws IOException {
        for (VcpuThread thread : all()) {
            thread.requestPause();
            thread.start();
        }
    }

    /** Lets all vCPUs run that were made and parked. */
    synchronized void start() {
        if (!isStopped) {
            isRunning = true;
            all().forEach(VcpuThread::resume);
        }
    }

    /** As {@link #start}, but they stay out of the guest until {@link #resume}. */
    synchronized void startPaused() {
        if (!isStopped) {
            isRunning = true;
            isPaused = true;
        }
    }

    /**
     * Lets a vCPU run that does not: it waits for INIT and SIPI, as after power-on.
     *
     * @throws IllegalStateException when the machine does not run
     * @throws IOException           when the host refuses, such as a thread for the vCPU
     */
    @Override
    public synchronized void bring(int index) throws IOException {
        requireRunning();
        VcpuThread parked = threads.get(index);
        if (parked == null) {
            create(index);
        } else {
            parked.requestStop();
            parked.join();
            initial.restore(vcpus[index]);
            setup.resetMsrs(vcpus[index]);
            makeThread(index);
        }
        VcpuThread thread = threads.get(index);
        if (isPaused) {
            thread.requestPause();
        }
        requireRunning(); // the end does not wait for this object's lock
        thread.start();
    }

    private void requireRunning() {
        if (isStopped || !isRunning) {
            throw new IllegalStateException("the machine does not run");
        }
    }

    /** Parks a vCPU, if there is one; does not wait and takes no lock, so also for vCPU threads. */
    @Override
    public void dismiss(int index) {
        VcpuThread thread = threads.get(index);
        if (thread != null) {
            thread.requestStop();
        }
    }

    /**
     * Takes all vCPUs out of the guest until {@link #resume}, and waits {@code nanos} at most until they are. One that is brought
     * meanwhile does not get there.
     *
     * @return empty when all are; else which is not
     */
    Optional<String> pause(long nanos) {
        long end = System.nanoTime() + nanos;
        List<VcpuThread> running;
        synchronized (this) {
            if (!isRunning || isStopped) {
                return Optional.empty();
            }
            isPaused = true;
            running = all();
            running.forEach(VcpuThread::requestPause);
        }
        return running.stream().filter(thread -> !thread.awaitPaused(TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())))
                .findFirst().map(thread -> "the thread " + thread.thread().getName() + " is still at work");
    }

    /** Lets paused vCPUs go on. */
    synchronized void resume() {
        isPaused = false;
        all().forEach(VcpuThread::resume);
    }

    /**
     * Takes all vCPUs out of the guest for good and waits so long for the end of their threads. Not from a vCPU thread. May be
     * called again when that was not long enough.
     *
     * @return whether all have ended
     */
    boolean stopWithin(long millis) {
        isStopped = true;
        // At first without the lock: who holds it may wait for one of the vCPUs.
        if (!joinAll(millis)) {
            return false;
        }
        synchronized (this) {
            return joinAll(millis); // one that was brought meanwhile
        }
    }

    private boolean joinAll(long millis) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        List<VcpuThread> made = all();
        made.forEach(VcpuThread::requestStop);
        boolean ended = true;
        for (VcpuThread thread : made) {
            ended &= thread.joinWithin(TimeUnit.NANOSECONDS.toMillis(Math.max(0, end - System.nanoTime())));
        }
        return ended;
    }

    private List<VcpuThread> all() {
        return IntStream.range(0, threads.length()).mapToObj(threads::get).filter(Objects::nonNull).toList();
    }

    /** Ends the threads, if {@link #stopWithin} has not, and gives the vCPUs back to KVM. */
    @Override
    public void close() {
        while (!stopWithin(Long.MAX_VALUE)) {
            continue;
        }
        giveBack();
    }

    private synchronized void giveBack() {
        Deque<AutoCloseable> made = new ArrayDeque<>();
        for (KvmVcpu vcpu : vcpus) {
            if (vcpu != null) {
                made.push(vcpu);
            }
        }
        Machine.closeAll(made);
    }
}
