package io.vmm4j.core.machine;

import io.vmm4j.core.cpu.CpuTopology;
import io.vmm4j.core.vcpu.VcpuEvents;
import io.vmm4j.core.vcpu.VcpuThread;
import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.KvmVcpu;
import io.vmm4j.kvm.KvmVm;
import io.vmm4j.kvm.VcpuExitHandler;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
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
    private final KvmVcpu[] vcpus;
    private final AtomicReferenceArray<VcpuThread> threads;
    private ParkedState initial;
    private boolean isRunning;
    private boolean isPaused;
    private boolean isStopped;

    /** @param topology of all vCPUs there can be */
    Vcpus(KvmVm vm, VcpuSetup setup, CpuTopology topology, VcpuExitHandler handler, VcpuEvents events) {
        this.vm = vm;
        this.setup = setup;
        this.topology = topology;
        this.handler = handler;
        this.events = events;
        this.vcpus = new KvmVcpu[topology.vcpus()];
        this.threads = new AtomicReferenceArray<>(vcpus.length);
    }

    /** Makes vCPU {@code index} and its thread, which waits for {@link #start}. */
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
        threads.set(index, new VcpuThread(index, vcpu, handler, events));
        return vcpu;
    }

    /** Lets all vCPUs run that were made. */
    synchronized void start() {
        if (!isStopped) {
            isRunning = true;
            all().forEach(VcpuThread::start);
        }
    }

    /**
     * Lets a vCPU run that does not: it waits for INIT and SIPI, as after power-on.
     *
     * @throws IllegalStateException when the machine does not run, or the host has no thread for the vCPU
     */
    @Override
    public synchronized void bring(int index) throws KvmException {
        if (isStopped || !isRunning) {
            throw new IllegalStateException("the machine does not run");
        }
        VcpuThread parked = threads.get(index);
        if (parked == null) {
            create(index);
        } else {
            parked.requestStop();
            parked.join();
            initial.restore(vcpus[index]);
            setup.resetMsrs(vcpus[index]);
            threads.set(index, new VcpuThread(index, vcpus[index], handler, events));
        }
        VcpuThread thread = threads.get(index);
        if (isPaused) {
            thread.requestPause();
        }
        thread.start();
    }

    /** Parks a vCPU; does not wait and takes no lock, so also for vCPU threads. */
    @Override
    public void dismiss(int index) {
        threads.get(index).requestStop();
    }

    /** Takes all vCPUs out of the guest until {@link #resume}, and waits until they are. */
    synchronized void pause() {
        if (isRunning && !isStopped) {
            isPaused = true;
            all().forEach(VcpuThread::requestPause);
            all().forEach(VcpuThread::awaitPaused);
        }
    }

    /** Lets paused vCPUs go on. */
    synchronized void resume() {
        isPaused = false;
        all().forEach(VcpuThread::resume);
    }

    /** Takes all vCPUs out of the guest for good and ends their threads. Not from a vCPU thread. */
    synchronized void stop() {
        isStopped = true;
        if (isRunning) {
            all().forEach(VcpuThread::requestStop);
            all().forEach(VcpuThread::join);
        }
    }

    private List<VcpuThread> all() {
        return IntStream.range(0, threads.length()).mapToObj(threads::get).filter(Objects::nonNull).toList();
    }

    /** Gives the vCPUs back to KVM; after {@link #stop}, or when they never ran. */
    @Override
    public synchronized void close() {
        Deque<AutoCloseable> made = new ArrayDeque<>();
        for (KvmVcpu vcpu : vcpus) {
            if (vcpu != null) {
                made.push(vcpu);
            }
        }
        Machine.closeAll(made);
    }
}
