package io.vmm4j.core.vcpu;

import io.vmm4j.core.VmExit;
import io.vmm4j.core.VmExitReason;
import io.vmm4j.core.host.Threads;
import io.vmm4j.core.host.Worker;
import io.vmm4j.kvm.KvmException;
import io.vmm4j.kvm.KvmVcpu;
import io.vmm4j.kvm.VcpuExit;
import io.vmm4j.kvm.VcpuExitHandler;
import io.vmm4j.kvm.libc.Errno;
import io.vmm4j.kvm.libc.ThreadSignal;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The platform thread of one vCPU: {@code KVM_RUN} until told to stop. Nothing is allocated on an exit.
 *
 * <p>{@link #requestStop} and {@link #requestPause} come from any thread. They raise a flag that the loop reads before each
 * run, then {@code kvm_run.immediate_exit}, then a signal: whichever side of the check the vCPU is on, it comes out.
 */
public final class VcpuThread {

    private static final Logger LOG = LoggerFactory.getLogger(VcpuThread.class);

    private final int index;
    private final KvmVcpu vcpu;
    private final VcpuExitHandler handler;
    private final VcpuEvents events;
    private final Worker worker;
    private final Object pausing = new Object();
    private volatile boolean stopRequested;
    private volatile boolean pauseRequested;
    private volatile ThreadSignal.Target signalTarget;
    /** Out of the guest, until resumed or for good; guarded by {@link #pausing}. */
    private boolean isOut;
    /** Confined to the thread. */
    private boolean hasRun;

    /**
     * @param index   of the vCPU, from 0, by which people know it: its APIC id is another where a topology leaves gaps
     * @param vcpu    set up and ready to run; closed by its owner after {@link #join}
     * @param handler serves port and memory-mapped I/O
     * @param events  hears why the vCPU stopped, unless it was asked to
     */
    public VcpuThread(int index, KvmVcpu vcpu, VcpuExitHandler handler, VcpuEvents events) {
        this.index = index;
        this.vcpu = vcpu;
        this.handler = handler;
        this.events = events;
        this.worker = new Worker(Worker.Kind.VCPU, "vcpu-" + index, this::run);
    }

    /** The vCPU's thread, for those who count it. */
    public Worker worker() {
        return worker;
    }

    /**
     * Starts the thread.
     *
     * @throws IOException when the host has none to give
     */
    public void start() throws IOException {
        try {
            worker.start();
        } catch (IOException e) {
            markOut(); // a pause does not wait for it
            throw e;
        }
    }

    /** Asks the vCPU to leave the guest for good; does not wait. */
    public void requestStop() {
        stopRequested = true;
        kick();
        synchronized (pausing) {
            pausing.notifyAll();
        }
    }

    /** Asks the vCPU to leave the guest until {@link #resume}; does not wait. */
    public void requestPause() {
        pauseRequested = true;
        // One that is yet to start looks before it runs; to call it out of its first run would cost the start that run.
        if (worker.isStarted()) {
            kick();
        }
    }

    /**
     * Waits {@code millis} at most until the vCPU is out of the guest; an interrupt of the caller is kept for later. After
     * {@link #start}.
     *
     * @return whether it is
     */
    public boolean awaitPaused(long millis) {
        return Threads.awaitUninterruptibly(pausing, () -> isOut, TimeUnit.MILLISECONDS.toNanos(millis));
    }

    /** Lets a paused vCPU go on. */
    public void resume() {
        synchronized (pausing) {
            pauseRequested = false;
            pausing.notifyAll();
        }
    }

    private void kick() {
        vcpu.requestExit();
        ThreadSignal.Target target = signalTarget;
        if (target != null) {
            target.kick();
        }
    }

    /** Whether the vCPU was asked to leave the guest for good. */
    public boolean isStopRequested() {
        return stopRequested;
    }

    /** Waits for the end of its work. Not from a vCPU thread. */
    public void join() {
        worker.join();
    }

    /** As {@link #join}, for {@code millis} at most; returns whether it has ended, or never began. */
    public boolean joinWithin(long millis) {
        return worker.joinWithin(millis);
    }

    private void run() {
        try {
            // Published before the flags are read: a request that missed the target is seen by the loop's first check.
            signalTarget = ThreadSignal.current();
            loop();
        } catch (KvmException e) {
            // Told before it is logged, here and below: the machine's end does not depend on the log.
            events.end(new VmExit(VmExitReason.HOST_ERROR, "vCPU " + index + ": " + e.getMessage(), e));
            LOG.error("vCPU {} cannot run", index, e);
        } catch (Throwable e) {
            events.end(new VmExit(VmExitReason.BUG, "vCPU " + index + ": internal error: " + e, e));
            LOG.error("vCPU {} met a fault of the monitor", index, e);
        } finally {
            // The thread is another's from here on.
            signalTarget = null;
            markOut();
        }
    }

    private void loop() throws KvmException {
        while (!stopRequested) {
            if (pauseRequested) {
                stayOutWhilePaused();
                continue;
            }
            hasRun = true;
            VcpuExit exit = vcpu.run(handler);
            switch (exit) {
                case HANDLED, INTERRUPTED -> { }
                default -> {
                    events.end(VcpuExits.describe(index, vcpu, exit));
                    return;
                }
            }
        }
    }

    private void markOut() {
        synchronized (pausing) {
            isOut = true;
            pausing.notifyAll();
        }
    }

    private void stayOutWhilePaused() throws KvmException {
        vcpu.finishAccess(handler); // its registers are whole then
        markOut();
        synchronized (pausing) {
            while (pauseRequested && !stopRequested) {
                try {
                    pausing.wait();
                } catch (InterruptedException e) {
                    LOG.debug("vCPU {} was interrupted while paused, and stays so", index);
                }
            }
            isOut = false;
        }
        if (!stopRequested && hasRun) {
            excuseAbsence();
        }
    }

    /** Has the guest's watchdogs overlook the time that has gone by. */
    private void excuseAbsence() throws KvmException {
        try {
            vcpu.kvmclockCtrl();
        } catch (KvmException e) {
            // A guest without kvmclock, or one that has not got there yet, has nothing to be told by.
            if (e.errno() != Errno.EINVAL) {
                throw e;
            }
        }
    }
}
